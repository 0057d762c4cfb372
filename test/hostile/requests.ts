import * as fc from 'fast-check';
import { STRANGE_VALUES } from './messages.js';

/** A request of any shape, unsigned. */
export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PURGE'];
const SEGMENTS = [
  ['apps', 'app-id', 'events', 'batch_events', 'channels', 'connections', 'users', 'up', 'app'],
  ['health', 'live', 'ready', 'terminate_connections', 'app-key', 'hostile', 'presence-hostile'],
  ['', '.', '..', '%2e%2e', '%2f', '%00', '%zz', '%', '%ff', ';', ':', '*', '~', '@', '-'],
  ['__proto__', 'constructor', '%F0%9F%8E%89', 'x'.repeat(300), 'x'.repeat(3_000), '{}', '\\'],
  ['revurb-routes', 'no-such-call', 'apps-', 'Apps', '_', '0', '1e9'],
].flat();
const KNOWN_PATHS = [
  [
    '/apps/app-id/events',
    '/apps/app-id/batch_events',
    '/apps/app-id/channels',
    '/apps/none/events',
  ],
  ['/apps/app-id/channels/hostile', '/apps/app-id/channels/presence-hostile/users', '/', '//', '*'],
  ['/apps/app-id/connections', '/apps/app-id/users/ann/terminate_connections', '/apps', '/apps/'],
  ['/users/ann/terminate_connections', '/app/app-key', '/app/', '/app', '/metrics', '/favicon.ico'],
].flat();
const PARAMETERS = [
  ['auth_key', 'auth_signature', 'auth_timestamp', 'auth_version', 'body_md5', 'info', 'info[]'],
  ['filter_by_prefix', '__proto__', 'constructor[prototype]', 'protocol', '', '[]', 'a[0][b]'],
].flat();
const VALUES = [
  ['app-key', '1.0', '0', '-1', '9'.repeat(30), 'NaN', '%zz', '%00', '+', '&', '=', '#', ''],
  ['0'.repeat(64), 'g'.repeat(64), 'ä'.repeat(32), 'user_count', 'subscription_count,cache', ','],
].flat();
const HEADERS = [
  ['Content-Type', 'Accept', 'Origin', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Idempotency-Key'],
  ['Cookie', 'Authorization', 'Range', 'If-None-Match', 'TE', 'Access-Control-Request-Method'],
  ['Content-Encoding', 'X-HTTP-Method-Override', 'Forwarded', 'Sec-WebSocket-Key', 'X-A'],
].flat();
const HEADER_VALUES = [
  [
    'application/json',
    'text/weird',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '',
  ],
  ['gzip', 'application/json; charset=utf-16', '*/*', 'null', 'http://evil.test', '127.0.0.1', ','],
  ['a'.repeat(1_000), '\t', '"', 'bytes=0-0', '%s%n', 'DELETE', 'proto=https', '\x80\xff', '{}'],
].flat();

const path = fc.oneof(
  fc.constantFrom(...KNOWN_PATHS),
  fc
    .array(fc.constantFrom(...SEGMENTS), { maxLength: 6 })
    .map((segments) => `/${segments.join('/')}`),
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...PARAMETERS), fc.constantFrom(...VALUES)), { maxLength: 5 })
  .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));

export const hostileRequest: fc.Arbitrary<HostileRequest> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.tuple(path, query).map(([at, asked]) => (asked === '' ? at : `${at}?${ascii(asked)}`)),
  headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), fc.constantFrom(...HEADER_VALUES)), {
    maxLength: 6,
  }),
  body: fc.oneof(
    fc.constant(Buffer.alloc(0)),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
  ),
});

/** The bytes of a request; the server hangs up after it. */
export function bytesOf({ method, path: target, headers, body }: HostileRequest): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body.length > 0 ? [`Content-Length: ${body.length}`] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function ascii(text: string): string {
  return text.replace(/[^!-~]/g, (character) => encodeURIComponent(character));
}

/** One field of an event that is not what it should be. */
export interface SpoiltField {
  readonly field: string;
  readonly value: unknown;
}

const FIELDS = ['name', 'data', 'channel', 'channels', 'socket_id', 'info', 'idempotency_key'];
const EXTRA_FIELDS = ['__proto__', 'constructor', 'prototype', 'toString', 'then', 'length', ''];

/** A backend may well publish there. */
function isForWitness(value: unknown): boolean {
  return typeof value === 'string' && value.includes('witness');
}

const fieldValue = fc.oneof(
  fc.constantFrom(undefined, ...STRANGE_VALUES.filter((value) => !isForWitness(value))),
  fc.constantFrom<unknown>(
    'x'.repeat(10_000),
    'x'.repeat(10_001),
    'ü'.repeat(5_001),
    '1.2',
    '1.2.3',
  ),
  fc.constantFrom<unknown>(
    ['hostile'],
    ['hostile', 'hostile'],
    ['hostile', 7],
    [[]],
    [''],
    ['b ad'],
  ),
  fc.constantFrom<unknown>(names(100), names(101), 'user_count', 'user_count,nonsense,,', '1\n.2'),
  fc.jsonValue({ maxDepth: 3 }),
);

export const spoiltField: fc.Arbitrary<SpoiltField> = fc.record({
  field: fc.constantFrom(...FIELDS, ...FIELDS, ...EXTRA_FIELDS),
  value: fieldValue,
});

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `hostile-${i}`);
}

/** An event with that field. An own property, whatever its name. */
export function eventWith({ field, value }: SpoiltField, event: object): object {
  const property = { value, enumerable: true, configurable: true, writable: true };
  return Object.defineProperty({ ...event }, field, property);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isAbsent = (value: unknown): value is null | undefined =>
  value === undefined || value === null;
const isChannel = (value: unknown): boolean =>
  isText(value) &&
  (/^[-a-zA-Z0-9_=@,.;]{1,200}$/.test(value) ||
    /^#server-to-user-[-a-zA-Z0-9_=@,.;]{1,128}$/.test(value));

/**
 * The status the contract has for an event with one spoilt field; all others are right, and the
 * event names its channels by `channels`, or in a batch by `channel`.
 */
export function expectedStatus({ field, value }: SpoiltField, isInBatch: boolean): number {
  switch (field) {
    case 'name':
      return isText(value) && value !== '' && value.length <= 200 ? 200 : 400;
    case 'data': {
      if (value === undefined) return 400;
      const data = isText(value) ? value : JSON.stringify(value);
      return Buffer.byteLength(data) > 10_000 ? 413 : 200;
    }
    case 'channel':
      if (isInBatch) return isChannel(value) ? 200 : 400;
      return isAbsent(value) || isText(value) ? 200 : 400;
    case 'channels':
      if (isInBatch) return 200;
      return Array.isArray(value) &&
        value.length > 0 &&
        value.length <= 100 &&
        value.every(isChannel)
        ? 200
        : 400;
    case 'socket_id':
      return isAbsent(value) || (isText(value) && /^\d+\.\d+$/.test(value)) ? 200 : 400;
    case 'info':
      return isAbsent(value) || isText(value) ? 200 : 400;
    case 'idempotency_key':
      if (isInBatch) return 200;
      return isAbsent(value) || (isText(value) && value !== '' && value.length <= 255) ? 200 : 400;
    default:
      return 200;
  }
}
