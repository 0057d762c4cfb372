/**
 * The controllers stand below this path, which no host has a route at. Nobody calls it: requests are
 * sent there once their real path, with the prefix of the server, was understood.
 */
export const ROUTE_ROOT = 'revurb-routes';

/** A call of the API. */
interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** Parts of the path; those that start with a colon stand for any. */
  readonly parts: readonly string[];
  /** With a colon before the name of each variable part. */
  readonly path: string;
  /** What the framework routes by: a path without variable parts, whose length it may limit. */
  readonly target: string;
}

const route = (method: ApiRoute['method'], path: string): ApiRoute => ({
  method,
  path,
  parts: path.slice(1).split('/'),
  target: `/${ROUTE_ROOT}${path.replace(/:[^/]+/g, '-')}`,
});

const ROUTES: readonly ApiRoute[] = [
  route('POST', '/apps/:appId/events'),
  route('POST', '/apps/:appId/batch_events'),
  route('GET', '/apps/:appId/channels'),
  route('GET', '/apps/:appId/channels/:channel'),
  route('GET', '/apps/:appId/channels/:channel/users'),
  route('GET', '/apps/:appId/connections'),
  route('POST', '/apps/:appId/users/:userId/terminate_connections'),
  route('GET', '/apps/:appId/webhooks/failed'),
  route('POST', '/apps/:appId/webhooks/retry'),
  // As the Python library calls it.
  route('POST', '/users/:userId/terminate_connections'),
  route('GET', '/up'),
  route('GET', '/health/live'),
  route('GET', '/health/ready'),
];

const OURS =
  /^\/(?:app\/[^/]+\/?$|users\/[^/]*\/terminate_connections\/?$|up\/?$|health\/(?:live|ready)\/?$)/;

/** Whether a path, without the prefix of the server, is one the server answers for. */
export function isOurs(path: string): boolean {
  return path.startsWith('/apps/') || OURS.test(path);
}

/** Paths that clients, backends and load balancers ask for. */
const SERVED = /^\/(?:apps?|users|up|health)(?:\/|$)/;

/** Whether the server needs a path itself, or one that it lies below: nothing else may be put there. */
export function isServed(path: string): boolean {
  return SERVED.test(path);
}

/** Where requests go that are no call of the API. */
export const FALLBACK_PATH = 'no-such-call';

/** The call that a path stands for, whatever the method. */
export function findRoute(segments: readonly string[]): ApiRoute | undefined {
  return ROUTES.find(({ parts }) => matches(parts, segments));
}

/** What a request is counted under. */
export function routeNameOf(segments: readonly string[]): string {
  return findRoute(segments)?.path ?? 'none';
}

/** The path that the framework routes a request by. */
export function routedPath(segments: readonly string[], method: string | undefined): string {
  const asked = method === 'HEAD' ? 'GET' : method;
  const found = findRoute(segments);
  return found !== undefined && found.method === asked
    ? found.target
    : `/${ROUTE_ROOT}/${FALLBACK_PATH}`;
}

function matches(parts: readonly string[], segments: readonly string[]): boolean {
  if (parts.length !== segments.length) return false;
  return parts.every((part, i) => part.startsWith(':') || part === segments[i]);
}

/** The URL without the scheme and host that a client may put in front as if to a proxy (RFC 9112, section 3.2.2). */
export function originFormOf(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
}
