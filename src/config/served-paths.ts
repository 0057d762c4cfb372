import type { EnvironmentVariables } from './environment-variables.js';

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
