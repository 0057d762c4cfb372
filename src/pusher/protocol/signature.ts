import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** Hex HMAC-SHA256, the only signature of the protocol. */
export function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
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
  if (rawQuery === '') return parameters;
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).replace(/\[\d*\]$/, '');
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const former = parameters.get(name);
    parameters.set(name, former === undefined ? value : `${former},${value}`);
  }
  return parameters;
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
  const pairs: string[] = [];
  for (const [name, value] of parameters) {
    if (name !== 'auth_signature') pairs.push(`${name.toLowerCase()}=${value}`);
  }
  return `${method}\n${path}\n${pairs.sort(byName).join('&')}`;
}

function byName(a: string, b: string): number {
  const nameA = a.slice(0, a.indexOf('='));
  const nameB = b.slice(0, b.indexOf('='));
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
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
