import { createHmac } from 'node:crypto';
import type { ApplicationKey } from '../applications/application.js';
import type { WaitingEvent } from '../scaling/webhook-queue.js';

/**
 * What no custom header may be: said by the protocol, or by the connection. CGI, PHP and WSGI cannot tell
 * `X_Pusher_Key` from `X-Pusher-Key`.
 */
const RESERVED =
  /^(?:x[-_]pusher[-_].*|content[-_]type|content[-_]length|transfer-encoding|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect)$/i;

/** Pusher's library for Python refuses what is older than five minutes. */
const MAX_AGE_MS = 240_000;

/**
 * The body of a delivery. `time_ms` is when the last of its events happened, but at most four minutes
 * ago: whatever was late would be refused, else.
 */
export function bodyOf(events: readonly WaitingEvent[], nowMs: number): string {
  const oldestMs = nowMs - MAX_AGE_MS;
  const timeMs = events.reduce((latest, { atMs }) => Math.max(latest, atMs), oldestMs);
  return `{"time_ms":${timeMs},"events":[${events.map(({ event }) => event).join()}]}`;
}

/**
 * The headers of a delivery, name and value by turns: signed by a key, with those of the endpoint that
 * are not reserved.
 */
export function headersOf(
  body: string,
  { key, secret }: ApplicationKey,
  custom: Readonly<Record<string, string>>,
): string[] {
  const headers = Object.entries(custom).filter(([name]) => !RESERVED.test(name));
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  headers.push(['Content-Type', 'application/json']);
  headers.push(['X-Pusher-Key', key], ['X-Pusher-Signature', signature]);
  return headers.flat();
}
