import { apiPath, directoryOf } from './address.js';
import { ApiFailure, failureOf } from './api-failure.js';

/** What a request brings along. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

let csrf = '';
let whenSignedOut: () => void = () => undefined;
let renewProof: () => Promise<void> = () => Promise.resolve();

/** Sets what proves to the server that a request is of this page. */
export function setCsrf(value: string): void {
  csrf = value;
}

/** Who is told when the server no longer knows the session. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener;
}

/**
 * Who is asked for another proof when the server does not take the one there is, as the session may have
 * been renewed in another tab. The listener sets it, if there is another.
 */
export function onProofRefused(listener: () => Promise<void>): void {
  renewProof = listener;
}

function addressOf(path: readonly string[], query: ApiRequest['query']): string {
  const address = apiPath(directoryOf(location.pathname), ...path);
  const search = new URLSearchParams(query).toString();
  return search === '' ? address : `${address}?${search}`;
}

/** Asks the server. Rejects with an {@link ApiFailure}, also when it cannot be reached. */
export async function ask<Answer>(
  path: readonly string[],
  request: ApiRequest = {},
): Promise<Answer> {
  const { method = 'GET' } = request;
  const proof = csrf;
  const first = await send(path, request);
  const isProofRefused = first.status === 403 && method !== 'GET';
  if (isProofRefused) {
    await renewProof();
  }
  // It may as well be another request that has renewed it.
  const response = isProofRefused && csrf !== proof ? await send(path, request) : first;
  const text = await response.text();
  if (response.ok) {
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }
  const isSignIn = path[0] === 'session' && method === 'POST';
  if (response.status === 401 && !isSignIn) {
    whenSignedOut();
  }
  throw failureOf(response.status, text, response.headers.get('Retry-After'));
}

async function send(
  path: readonly string[],
  { method = 'GET', body, query, signal }: ApiRequest,
): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json' });
  if (body !== undefined) {
    headers.set('Content-Type', 'application/json');
  }
  if (method !== 'GET') {
    headers.set('X-Revurb-CSRF', csrf);
  }
  return fetch(addressOf(path, query), {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    body: body === undefined ? null : JSON.stringify(body),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted === true ? error : new ApiFailure(0, 'The server cannot be reached.');
  });
}
