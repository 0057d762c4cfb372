import type { Application } from './applications/application.js';
import type { InspectorConfiguration, ServerConfiguration } from './config/server-configuration.js';
import {
  clientOptionsOf,
  localEndpoint,
  publicEndpoint,
  urlOf,
  type Endpoint,
} from './endpoint.js';

/** What the start of a server is announced with. */
export interface Announcement {
  readonly webSocketUrl: string;
  readonly httpUrl: string;
  readonly applications: readonly { readonly id: string; readonly key: string }[];
  readonly scaling: string;
  /** Where the inspector is; with the token, if that was made up for this start. Absent when it is off. */
  readonly inspectorUrl?: string;
  /** What the inspector would need to be on, where it is off only because of the address. */
  readonly inspectorNeeds?: string;
  /** Processes that share the port; absent when it is one. */
  readonly workers?: number;
}

/** Puts together what may be said aloud: never a secret that somebody has given. */
export function announcementOf(
  { scaling, inspector }: ServerConfiguration,
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
    ...inspectorOf(inspector, httpUrl),
    ...(workers > 1 && { workers }),
  };
}

function inspectorOf(
  { enabled, path, password, token, isTokenGenerated, isOffForAddress }: InspectorConfiguration,
  httpUrl: string,
): Pick<Announcement, 'inspectorUrl' | 'inspectorNeeds'> {
  if (enabled) {
    return { inspectorUrl: `${httpUrl}${path}/${isTokenGenerated ? `#token=${token}` : ''}` };
  }
  if (!isOffForAddress) return {};
  const hasSecret = password !== undefined || token !== undefined;
  const secret = hasSecret ? '' : ' and REVERB_INSPECTOR_PASSWORD';
  return { inspectorNeeds: `REVERB_INSPECTOR_ENABLED=true${secret}` };
}

/** Where a server is found. */
export interface Endpoints {
  /** By everybody. */
  readonly public: Endpoint;
  /** On its own machine. */
  readonly local: Endpoint;
}

/** Where a server that took this port is found. */
export function endpointsOf(configuration: ServerConfiguration, port: number): Endpoints {
  return {
    public: { ...publicEndpoint(configuration), port },
    local: { ...localEndpoint(configuration), port },
  };
}

const MAX_LISTED_APPLICATIONS = 10;

/** The announcement for a terminal, with a snippet to try. */
export function bannerOf(
  announcement: Announcement,
  endpoints: Endpoints,
  version: string,
): string {
  const { webSocketUrl, httpUrl, applications, scaling, workers } = announcement;
  const { inspectorUrl, inspectorNeeds } = announcement;
  const inspector = inspectorUrl ?? (inspectorNeeds && `off, needs ${inspectorNeeds}`);
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
    ...(inspector === undefined ? [] : [`  Inspector     ${inspector}`]),
    ...(workers === undefined ? [] : [`  Workers       ${workers}`]),
    '',
    ...snippetOf(applications[0]?.key, endpoints),
    '',
  ].join('\n');
}

function snippetOf(key: string | undefined, endpoints: Endpoints): string[] {
  if (key === undefined) return [];
  const options = [...clientOptionsOf(endpoints.public), "cluster: ''"].join(', ');
  return [
    '  Try it: connect with pusher-js,',
    '',
    `    new Pusher('${key}', { ${options} })`,
    "      .subscribe('hello').bind('greeting', console.log);",
    '',
    '  and publish from another terminal:',
    '',
    `    npx revurb events:trigger --url '${urlOf(endpoints.local)}' hello greeting '{"text":"Hello"}'`,
  ];
}
