import { withDefaults } from '../with-defaults.js';

/** Token of the {@link MetricsOptions}, complete. */
export const METRICS_OPTIONS = Symbol('METRICS_OPTIONS');

/** The page that Prometheus reads. It tells much of what goes on: keep it private. */
export interface MetricsOptions {
  readonly enabled: boolean;
  /** Of the page alone, 0 for any free one; null: the port of the server, below its path. */
  readonly port: number | null;
  /** The address that a port of its own is bound to. */
  readonly host: string;
  /** With a leading and without a trailing slash. */
  readonly path: string;
  /** Bearer token a scraper has to send; without one the page is open to all who reach it. */
  readonly token?: string | undefined;
}

/** The options of a server that is told nothing. */
export const DEFAULT_METRICS_OPTIONS: MetricsOptions = Object.freeze({
  enabled: false,
  port: null,
  host: '127.0.0.1',
  path: '/metrics',
});

/**
 * Completes options with the defaults; what is undefined counts as not given.
 * @throws RangeError when the path is not of the form `/metrics`, or the token is empty
 */
export function completeMetricsOptions(options: Partial<MetricsOptions>): MetricsOptions {
  const complete = withDefaults(DEFAULT_METRICS_OPTIONS, options);
  if (!/^(\/[^/?#]+)+$/.test(complete.path)) {
    const given = JSON.stringify(complete.path);
    throw new RangeError(`The path of the metrics page must be like "/metrics", not ${given}.`);
  }
  if (complete.token === '') {
    throw new RangeError('The token of the metrics page is empty. Leave it out for an open page.');
  }
  return complete;
}
