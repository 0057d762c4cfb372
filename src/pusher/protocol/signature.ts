import { hash, timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from './hmac.js';

/** Hex HMAC-SHA256, the only signature of the protocol. */
export function sign(secret: string, text: string): string {
  return hmacSha256(secret, text);
}

const HEX_SHA256 = /^[0-9a-fA-F]{64}$/;

/* Reused for every comparison, which is done before anything else can happen. */
const given = Buffer.alloc(64);
const expected = Buffer.alloc(64);

/** Compares a signature in constant time, in either hex case. Never throws, whatever it is given. */
export function isSignatureOf(signature: string, secret: string, text: string): boolean {
  if (!HEX_SHA256.test(signature)) return false;
  given.write(signature.toLowerCase(), 'latin1');
  expected.write(sign(secret, text), 'latin1');
  return timingSafeEqual(given, expected);
}

/** The text a backend signs so that a connection may join a private or presence channel. */
export function channelStringToSign(
  socketId: string,
  channel: string,
  channelData: string | undefined,
): string {
  return channelData === undefined
    ? `${socketId}:${channel}`
    : `${socketId}:${channel}:${channelData}`;
}

/** The text a backend signs so that a connection may sign in. */
export function userStringToSign(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`;
}

/** Splits `key:signature`, at the first colon as keys have none. */
export function splitAuth(auth: string): { key: string; signature: string } | undefined {
  const colon = auth.indexOf(':');
  return colon < 1 ? undefined : { key: auth.slice(0, colon), signature: auth.slice(colon + 1) };
}

/** A query parameter as it came, decoded. A parameter given several times, or as `name[]`, is joined with commas. */
export type QueryParameters = ReadonlyMap<string, string>;

/** Reads a raw query string. Malformed escapes are kept as they are: the signature decides. */
export function parseQuery(rawQuery: string): Map<string, string> {
  const parameters = new Map<string, string>();
  // Most queries hold nothing but plain names and values.
  const isPlain = !SPECIAL.test(rawQuery);
  for (let start = 0; start < rawQuery.length;) {
    const and = rawQuery.indexOf('&', start);
    const end = and < 0 ? rawQuery.length : and;
    if (end > start) addPair(parameters, rawQuery.slice(start, end), isPlain);
    start = end + 1;
  }
  return parameters;
}

/** What is not taken as it stands: escapes, and brackets of arrays. */
const SPECIAL = /[%+[]/;

function addPair(parameters: Map<string, string>, pair: string, isPlain: boolean): void {
  const equals = pair.indexOf('=');
  let name = equals < 0 ? pair : pair.slice(0, equals);
  let value = equals < 0 ? '' : pair.slice(equals + 1);
  if (!isPlain) {
    name = decode(name).replace(/\[\d*\]$/, '');
    value = decode(value);
  }
  const former = parameters.get(name);
  parameters.set(name, former === undefined ? value : `${former},${value}`);
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/**
 * The text a backend signs for an API request: method, path, and all parameters but the signature,
 * names in lower case and sorted, values decoded.
 */
export function requestStringToSign(
  method: string,
  path: string,
  parameters: QueryParameters,
): string {
  const pairs: (readonly [name: string, value: string])[] = [];
  let isSorted = true;
  let last = '';
  for (const [name, value] of parameters) {
    if (name === 'auth_signature') continue;
    const lowerName = name.toLowerCase();
    if (lowerName < last) isSorted = false;
    pairs.push([lowerName, value]);
    last = lowerName;
  }
  if (!isSorted) pairs.sort(byName);
  let text = `${method}\n${path}\n`;
  for (let i = 0; i < pairs.length; i++) {
    const [name, value] = pairs[i]!;
    text += i === 0 ? `${name}=${value}` : `&${name}=${value}`;
  }
  return text;
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Hex MD5 of a request body, the `body_md5` of the API. */
export function md5(body: Buffer | string): string {
  return hash('md5', body);
}

/** An API request to be signed. */
export interface UnsignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly key: string;
  readonly secret: string;
  /** Seconds since 1970. */
  readonly timestampSeconds: number;
}

/** The query string of a signed API request. */
export function signRequest(request: UnsignedRequest): string {
  const parameters = new Map(Object.entries(request.query ?? {}));
  parameters.set('auth_key', request.key);
  parameters.set('auth_timestamp', String(request.timestampSeconds));
  parameters.set('auth_version', '1.0');
  if (request.body) parameters.set('body_md5', md5(request.body));
  const signature = sign(
    request.secret,
    requestStringToSign(request.method, request.path, parameters),
  );
  return new URLSearchParams([...parameters, ['auth_signature', signature]]).toString();
}
