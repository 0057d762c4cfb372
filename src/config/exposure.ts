import ipaddr from 'ipaddr.js';
import type { EnvironmentVariables } from './environment-variables.js';

/** Whether NODE_ENV says that this is no place to be lenient. */
export function isProduction({ NODE_ENV }: EnvironmentVariables): boolean {
  return NODE_ENV.toLowerCase() === 'production';
}

/** Whether only this machine reaches what is bound to a host. A name other than `localhost` is none. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}
