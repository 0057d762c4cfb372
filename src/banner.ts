import type { Application } from './applications/application.js';
import type { ServerConfiguration } from './config/server-configuration.js';
import { clientOptionsOf, publicEndpoint, urlOf, type Endpoint } from './endpoint.js';

/** What the start of a server is announced with. */
export interface Announcement {
  readonly webSocketUrl: string;
  readonly httpUrl: string;
  readonly applications: readonly { readonly id: string; readonly key: string }[];
  readonly scaling: string;
  /** Processes that share the port; absent when it is one. */
  readonly workers?: number;
}

/** Puts together what may be said aloud: never a secret. */
export function announcementOf(
  { scaling }: ServerConfiguration,
  applications: readonly Application[],
  endpoint: Endpoint,
  workers: number,
): Announcement {
  const httpUrl = urlOf(endpoint);
  return {
    webSocketUrl: httpUrl.replace('http', 'ws'),
    httpUrl,
    applications: applications.map(({ id, keys }) => ({ id, key: keys[0]!.key })),
    scaling: scaling.enabled ? `on, ${scaling.driver} (${scaling.prefix})` : 'off, one node',
    ...(workers > 1 && { workers }),
  };
}

/** Where a server that took this port is found. */
export function endpointOf(configuration: ServerConfiguration, port: number): Endpoint {
  return { ...publicEndpoint(configuration), port };
}

const MAX_LISTED_APPLICATIONS = 10;

/** The announcement for a terminal, with a snippet to try. */
export function bannerOf(announcement: Announcement, endpoint: Endpoint, version: string): string {
  const { webSocketUrl, httpUrl, applications, scaling, workers } = announcement;
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
    ...(workers === undefined ? [] : [`  Workers       ${workers}`]),
    '',
    ...snippetOf(applications[0]?.key, endpoint),
    '',
  ].join('\n');
}

function snippetOf(key: string | undefined, endpoint: Endpoint): string[] {
  if (key === undefined) return [];
  const options = [...clientOptionsOf(endpoint), "cluster: ''"].join(', ');
  return [
    '  Try it: connect with pusher-js,',
    '',
    `    new Pusher('${key}', { ${options} })`,
    "      .subscribe('hello').bind('greeting', console.log);",
    '',
    '  and publish from another terminal:',
    '',
    `    npx revurb events:trigger hello greeting '{"text":"Hello"}'`,
  ];
}
