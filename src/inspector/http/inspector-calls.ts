/** What the page can ask for. */
export type CallName =
  | 'watches'
  | 'applications'
  | 'nodes'
  | 'charts'
  | 'channels'
  | 'channel'
  | 'connections'
  | 'connection'
  | 'webhooks'
  | 'retryWebhooks'
  | 'publish'
  | 'disconnect'
  | 'unsubscribe'
  | 'forgetCachedEvent';

/** A call, see `contract.ts`. */
export interface Call {
  readonly name: CallName;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly parts: readonly string[];
}

const call = (name: CallName, method: Call['method'], path: string): Call => ({
  name,
  method,
  parts: path.split('/'),
});

const CALLS: readonly Call[] = [
  call('watches', 'PUT', 'watches'),
  call('applications', 'GET', 'applications'),
  call('nodes', 'GET', 'nodes'),
  call('charts', 'GET', 'charts'),
  call('channels', 'GET', 'apps/:/channels'),
  call('channel', 'GET', 'apps/:/channels/:'),
  call('connections', 'GET', 'apps/:/connections'),
  call('connection', 'GET', 'apps/:/connections/:'),
  call('webhooks', 'GET', 'apps/:/webhooks'),
  call('retryWebhooks', 'POST', 'apps/:/webhooks/retry'),
  call('publish', 'POST', 'apps/:/events'),
  call('disconnect', 'POST', 'apps/:/disconnect'),
  call('unsubscribe', 'POST', 'apps/:/unsubscribe'),
  call('forgetCachedEvent', 'POST', 'apps/:/forget-cached-event'),
];

/** The call that a path stands for, and its variable parts, decoded. */
export function findCall(path: string): { call: Call; parameters: string[] } | undefined {
  const segments = path.split('/');
  for (const candidate of CALLS) {
    const { parts } = candidate;
    if (parts.length !== segments.length) continue;
    if (!parts.every((part, i) => part === ':' || part === segments[i])) continue;
    const parameters = segments.filter((_, i) => parts[i] === ':').map(decode);
    return { call: candidate, parameters };
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
