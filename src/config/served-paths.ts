import type { EnvironmentVariables } from './environment-variables.js';

/** Paths that clients, backends and load balancers ask for. */
const SERVED = /^\/(?:apps?|users|up|health)(?:\/|$)/;

/** Whether the server needs a path itself, or one that it lies below. */
export function isServed(path: string): boolean {
  return SERVED.test(path);
}

/** The port of the metrics page, null when it is that of the server. Two free ports are two. */
export function metricsPortOf(variables: EnvironmentVariables): number | null {
  const { REVERB_METRICS_PORT: port, REVERB_SERVER_PORT: serverPort } = variables;
  const isSame = port === undefined || (port === serverPort && port !== 0);
  return isSame ? null : port;
}

/** Whether one of two paths is the other, or lies below it. */
export function isNested(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
