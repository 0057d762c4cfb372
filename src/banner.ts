import type { Application } from './applications/application.js';
import type { ServerConfiguration } from './config/server-configuration.js';

/** What the start of a server is announced with. */
export interface Announcement {
  readonly webSocketUrl: string;
  readonly httpUrl: string;
  readonly applications: readonly { readonly id: string; readonly key: string }[];
  readonly scaling: string;
}

/** Puts together what may be said aloud: never a secret. */
export function announcementOf(
  { listen, pusher, scaling }: ServerConfiguration,
  applications: readonly Application[],
  port: number,
): Announcement {
  const host = listen.hostname ?? (isAnyAddress(listen.host) ? 'localhost' : listen.host);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}${pusher.path}`;
  return {
    webSocketUrl: `${listen.tls ? 'wss' : 'ws'}://${authority}`,
    httpUrl: `${listen.tls ? 'https' : 'http'}://${authority}`,
    applications: applications.map(({ id, keys }) => ({ id, key: keys[0]!.key })),
    scaling: scaling.enabled ? `on, ${scaling.driver} (${scaling.prefix})` : 'off, one node',
  };
}

const MAX_LISTED_APPLICATIONS = 10;

/** The announcement for a terminal, with a snippet to try. */
export function bannerOf(announcement: Announcement, version: string): string {
  const { webSocketUrl, httpUrl, applications, scaling } = announcement;
  const listed = applications
    .slice(0, MAX_LISTED_APPLICATIONS)
    .map(({ id, key }) => `${id} (key ${key})`);
  const more = applications.length - listed.length;
  if (more > 0) listed.push(`and ${more} more`);
  return [
    '',
    `  Revurb ${version}`,
    '',
    `  WebSocket     ${webSocketUrl}`,
    `  HTTP API      ${httpUrl}`,
    `  Applications  ${listed.join(', ') || 'none yet'}`,
    `  Scaling       ${scaling}`,
    '',
    ...snippetOf(announcement),
    '',
  ].join('\n');
}

function snippetOf({ webSocketUrl, applications: [first] }: Announcement): string[] {
  if (first === undefined) return [];
  const { protocol, hostname, port, pathname } = new URL(webSocketUrl);
  const options = [
    `wsHost: '${hostname}'`,
    `wsPort: ${port}`,
    `wssPort: ${port}`,
    ...(pathname === '/' ? [] : [`wsPath: '${pathname}'`]),
    `forceTLS: ${protocol === 'wss:'}`,
    "enabledTransports: ['ws', 'wss']",
    "cluster: ''",
  ];
  return [
    '  Try it: connect with pusher-js,',
    '',
    `    new Pusher('${first.key}', { ${options.join(', ')} })`,
    "      .subscribe('hello').bind('greeting', console.log);",
    '',
    '  and publish from another terminal:',
    '',
    `    npx revurb events:trigger hello greeting '{"text":"Hello"}'`,
  ];
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
