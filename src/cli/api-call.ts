import { signRequest } from '../pusher/protocol/signature.js';

/** An application of a server, as its HTTP API knows it. */
export interface ApiTarget {
  /** Of the server, with its path prefix and without a trailing slash. */
  readonly url: string;
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
}

/** A call of the HTTP API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST';
  /** Below `/apps/{id}/`. */
  readonly path: string;
  /** What becomes JSON. */
  readonly body?: object;
}

/** What the server said. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

/** Makes a call, signed. Rejects when there is no answer. */
export async function callApi(
  { url, appId, key, secret }: ApiTarget,
  { method, path: call, body }: ApiCall,
  nowMs = Date.now(),
): Promise<Answer> {
  const path = `/apps/${encodeURIComponent(appId)}/${call}`;
  const json = body && JSON.stringify(body);
  // Signed without the prefix: right as well when a proxy takes it away.
  const timestampSeconds = Math.floor(nowMs / 1000);
  const query = signRequest({ method, path, body: json, key, secret, timestampSeconds });
  const response = await fetch(`${url}${path}?${query}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: json,
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
