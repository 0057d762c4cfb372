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
      'How late the process is with what is due, on average over a second.',
      [],
      () => [[lag.ms / 1000]],
    ),
  ];
}
