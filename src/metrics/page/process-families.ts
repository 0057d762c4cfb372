import { packageVersion } from '../../package-version.js';
import type { EventLoopLag } from '../event-loop-lag.js';
import { gauge, type MetricFamily } from './metric-family.js';

/** The process, but for what Prometheus knows of every process. */
export function processFamilies(lag: EventLoopLag): readonly MetricFamily[] {
  return [
    gauge(
      'revurb_build_info',
      'The version that runs; always 1.',
      ['version', 'node_version'],
      () => [[1, packageVersion(), process.version]],
    ),
    gauge(
      'revurb_event_loop_lag_seconds',
      'The longest that anything due had to wait, over the last one to two seconds.',
      [],
      () => [[lag.ms / 1000]],
    ),
  ];
}
