import { signRequest } from '../pusher/protocol/signature.js';

/** An event to be published over the HTTP API. */
export interface Publication {
  /** Of the server, with its path prefix and without a trailing slash. */
  readonly url: string;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  readonly channel: string;
  readonly event: string;
  /** JSON. */
  readonly data: string;
  /** The connection that shall not receive it. */
  readonly socketId?: string;
}

/** What the server said. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

/** Publishes, signed. Rejects when there is no answer. */
export async function publish(publication: Publication, nowMs = Date.now()): Promise<Answer> {
  const { url, appId, key, secret, channel, event, data, socketId } = publication;
  const path = `/apps/${encodeURIComponent(appId)}/events`;
  const body = JSON.stringify({ name: event, channels: [channel], data, socket_id: socketId });
  // Signed without the prefix: right as well when a proxy takes it away.
  const timestampSeconds = Math.floor(nowMs / 1000);
  const query = signRequest({ method: 'POST', path, body, key, secret, timestampSeconds });
  const response = await fetch(`${url}${path}?${query}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, body: await response.text() };
}

/** Why there was no answer, in words. `fetch` hides the reason in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} seconds`;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  if (cause?.code === 'ECONNREFUSED') return 'the connection was refused; is the server running?';
  return cause?.message || cause?.code || error.message;
}
