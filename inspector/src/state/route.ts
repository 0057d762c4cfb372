/** What can be looked at. */
export type ViewName =
  'tail' | 'channels' | 'connections' | 'nodes' | 'webhooks' | 'publish' | 'charts';

/** Where the reader is: a view, and what of it. */
export interface Route {
  readonly view: ViewName;
  /** The application and the channel or socket whose page it is. */
  readonly of?: { readonly appId: string; readonly name: string };
}

/** All views, in the order in which they are offered. */
export const VIEWS: readonly { readonly view: ViewName; readonly title: string }[] = [
  { view: 'tail', title: 'Tail' },
  { view: 'channels', title: 'Channels' },
  { view: 'connections', title: 'Connections' },
  { view: 'nodes', title: 'Nodes' },
  { view: 'webhooks', title: 'Webhooks' },
  { view: 'publish', title: 'Publish' },
  { view: 'charts', title: 'Charts' },
];

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Reads the hash of an address; what it does not know is the tail. */
export function parseRoute(hash: string): Route {
  const [view, appId, name] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decoded);
  const known = VIEWS.find((candidate) => candidate.view === view);
  if (known === undefined) {
    return { view: 'tail' };
  }
  return appId && name ? { view: known.view, of: { appId, name } } : { view: known.view };
}

/** The hash of a route, for links. */
export function hashOf({ view, of }: Route): string {
  return of === undefined
    ? `#/${view}`
    : `#/${view}/${encodeURIComponent(of.appId)}/${encodeURIComponent(of.name)}`;
}

/** The token of a sign-in link, `#token=…`. */
export function tokenOf(hash: string): string | undefined {
  const token = /^#token=(.+)$/.exec(hash)?.[1];
  return token === undefined ? undefined : decoded(token);
}
