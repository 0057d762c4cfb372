import type { ServerConfiguration } from '../config/server-configuration.js';

/** Where a client on this machine, or one that knows the public name, reaches the server. */
export interface Endpoint {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Empty, or with a leading and without a trailing slash. */
  readonly path: string;
}

/** An address that means "all of them" is not one to connect to. */
const REACHABLE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Where a server of this configuration answers on this machine. */
export function localEndpoint({ listen, pusher }: ServerConfiguration): Endpoint {
  const address = REACHABLE.get(listen.host) ?? listen.host;
  return {
    scheme: listen.tls ? 'https' : 'http',
    // A certificate is for a name.
    host: listen.tls ? (listen.hostname ?? address) : address,
    port: listen.port,
    path: pusher.path,
  };
}

/** Where the rest of the world finds it, as far as the configuration tells. */
export function publicEndpoint(configuration: ServerConfiguration): Endpoint {
  const { host: address, ...endpoint } = localEndpoint(configuration);
  const host = configuration.listen.hostname ?? address;
  return { ...endpoint, host: host === '127.0.0.1' ? 'localhost' : host };
}

/** The endpoint as a URL, without a trailing slash. */
export function urlOf({ scheme, host, port, path }: Endpoint): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
