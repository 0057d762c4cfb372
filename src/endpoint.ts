import type { ServerConfiguration } from './config/server-configuration.js';

/** Where a client on this machine, or one that knows the public name, reaches the server. */
export interface Endpoint {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Empty, or with a leading and without a trailing slash. */
  readonly path: string;
}

/** Addresses that mean "all of them" are none to connect to. */
const LOOPBACK_OF: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Where a server of this configuration answers on this machine. */
export function localEndpoint({ listen, pusher }: ServerConfiguration): Endpoint {
  const address = LOOPBACK_OF.get(listen.host) ?? listen.host;
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
  const { host, hostname } = configuration.listen;
  const address = LOOPBACK_OF.has(host) ? 'localhost' : host;
  return { ...localEndpoint(configuration), host: hostname ?? address };
}

/** The options of pusher-js and Laravel Echo to connect to it, as lines of JavaScript without commas. */
export function clientOptionsOf({ scheme, host, port, path }: Endpoint): readonly string[] {
  return [
    `wsHost: '${authorityOf(host)}'`,
    `wsPort: ${port}`,
    `wssPort: ${port}`,
    ...(path === '' ? [] : [`wsPath: '${path}'`]),
    `forceTLS: ${scheme === 'https'}`,
    "enabledTransports: ['ws', 'wss']",
  ];
}

/** The endpoint as a URL, without a trailing slash. */
export function urlOf({ scheme, host, port, path }: Endpoint): string {
  return `${scheme}://${authorityOf(host)}:${port}${path}`;
}

/** A host as it stands in a URL. */
function authorityOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
