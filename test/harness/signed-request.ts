import { createHash, createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { DEFAULT_TIMEOUT_MS, registerForClose } from './eventually.js';

/** Whatever JSON holds; tests look into it without ceremony. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** The key and secret of an application. */
export interface Credentials {
  key: string;
  secret: string;
}

/** Where the HTTP API of one application lives; `httpUrl` may end in the configured prefix. */
export interface ApiTarget extends Credentials {
  httpUrl: string;
  appId: string;
}

/** `{key}:{hex HMAC-SHA256(secret, stringToSign)}`, the `auth` of the WebSocket protocol. */
export function authSignature(key: string, secret: string, stringToSign: string): string {
  return `${key}:${hmac(secret, stringToSign)}`;
}

/** What an auth endpoint answers for a private channel or, with `channelData`, a presence one. */
export function channelAuth(
  { key, secret }: Credentials,
  socketId: string,
  channel: string,
  channelData?: string,
): { auth: string; channel_data?: string } {
  const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  const auth = authSignature(key, secret, signed);
  return channelData === undefined ? { auth } : { auth, channel_data: channelData };
}

/** What a user-authentication endpoint answers for `pusher:signin`. */
export function userAuth(
  { key, secret }: Credentials,
  socketId: string,
  userData: string,
): { auth: string; user_data: string } {
  return {
    auth: authSignature(key, secret, `${socketId}::user::${userData}`),
    user_data: userData,
  };
}

/** A query value; arrays are signed joined with commas and sent as `arrayStyle` says. */
export type QueryValue = string | number | boolean | readonly (string | number)[];

/** Every way to get a signature wrong. Without any of these the request is signed correctly. */
export interface Tamper {
  /** Sent as `auth_key` (and signed). */
  key?: string;
  /** Signs with another secret. */
  secret?: string;
  /** Sent as `auth_version` (and signed). */
  version?: string;
  /** Sent as `auth_timestamp` (and signed), for what is no number; else use `timestampSeconds`. */
  timestamp?: string;
  /** Sent as `body_md5` (and signed); null leaves it out. */
  bodyMd5?: string | null;
  /** Signs another method or path than the one requested; a path with the prefix is legal. */
  signedMethod?: string;
  signedPath?: string;
  /** Signs the values URL-encoded, as they look on the wire, instead of decoded. */
  signEncodedValues?: boolean;
  /** The last word on the text that is signed. */
  stringToSign?: (correct: string) => string;
  /** Sends the signature in upper-case hex, which is legal. */
  upperCaseHex?: boolean;
  /** The last word on the signature that is sent. */
  signature?: string | ((correct: string) => string);
  /** Changed, added or (null) removed after signing. */
  afterSigning?: Record<string, string | null>;
}

const ARRAY_SUFFIX = {
  brackets: () => '[]',
  indexed: (i: number) => `[${i}]`,
  repeated: () => '',
};

/** What is signed: the request's query and body, and how. */
export interface SigningOptions {
  query?: Record<string, QueryValue>;
  /** Strings and bytes go out as they are, anything else as JSON; undefined is no body. */
  body?: unknown;
  /** `auth_timestamp`; now unless given. */
  timestampSeconds?: number;
  /** `info[]=a&info[]=b` (default), `info[0]=a&info[1]=b` or `info=a&info=b`. */
  arrayStyle?: keyof typeof ARRAY_SUFFIX;
  tamper?: Tamper;
}

/** The signed query string, without `?`, values URL-encoded. */
export function signQuery(
  server: Pick<ApiTarget, 'appId' | 'key' | 'secret'>,
  method: string,
  path: string,
  { query = {}, body, timestampSeconds, arrayStyle, tamper = {} }: SigningOptions = {},
): string {
  const bytes = bodyBytes(body);
  const correctMd5 = bytes.length > 0 ? hash('md5', bytes) : null;
  const md5 = tamper.bodyMd5 === undefined ? correctMd5 : tamper.bodyMd5;
  const params: Record<string, QueryValue> = {
    ...query,
    auth_key: tamper.key ?? server.key,
    auth_timestamp: tamper.timestamp ?? timestampSeconds ?? Math.floor(Date.now() / 1000),
    auth_version: tamper.version ?? '1.0',
    ...(md5 === null ? {} : { body_md5: md5 }),
  };
  const signedPath = tamper.signedPath ?? apiPath(server.appId, path);
  const text = [tamper.signedMethod ?? method, signedPath, signedPairs(params, tamper)].join('\n');
  const toSign = tamper.stringToSign?.(text) ?? text;
  params['auth_signature'] = finishSignature(hmac(tamper.secret ?? server.secret, toSign), tamper);
  for (const [name, value] of Object.entries(tamper.afterSigning ?? {})) {
    if (value === null) {
      delete params[name];
    } else {
      params[name] = value;
    }
  }
  return encodeQuery(params, arrayStyle ?? 'brackets');
}

/**
 * `{path}?{signed query}` for supertest: `request(server.httpUrl).post(signedUrl(...)).send(raw)`,
 * where `raw` must be the very body given here. A path without leading slash is taken to be
 * below `/apps/{appId}/`.
 */
export function signedUrl(
  server: Pick<ApiTarget, 'appId' | 'key' | 'secret'>,
  method: string,
  path: string,
  options?: SigningOptions,
): string {
  return `${apiPath(server.appId, path)}?${signQuery(server, method, path, options)}`;
}

/** What the server answered; `json` is undefined when the text is no JSON. */
export interface ApiResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Json;
}

/** What is sent besides the signature. */
export interface TransportOptions {
  headers?: Record<string, string>;
  /** Sends the body without Content-Length. */
  chunked?: boolean;
  timeoutMs?: number;
  /** Makes a connection for this request alone. */
  isAlone?: boolean;
}

/** Signs a request to the HTTP API and makes it over a kept-alive connection. */
export async function signedRequest(
  server: ApiTarget,
  method: string,
  path: string,
  options: SigningOptions & TransportOptions = {},
): Promise<ApiResponse> {
  return plainRequest(server.httpUrl, method, signedUrl(server, method, path, options), options);
}

/** Makes a request without a signature; `pathAndQuery` is appended to `httpUrl` as it is. */
export async function plainRequest(
  httpUrl: string,
  method: string,
  pathAndQuery: string,
  { body, headers, chunked, timeoutMs, isAlone }: TransportOptions & { body?: unknown } = {},
): Promise<ApiResponse> {
  const bytes = bodyBytes(body);
  const base = new URL(httpUrl);
  const isTls = base.protocol === 'https:';
  const length: Record<string, string> = chunked
    ? { 'Transfer-Encoding': 'chunked' }
    : { 'Content-Length': String(bytes.length) };
  const entity = bytes.length > 0 ? { 'Content-Type': 'application/json', ...length } : {};
  return new Promise((resolve, reject) => {
    const outgoing = (isTls ? httpsRequest : httpRequest)({
      host: base.hostname,
      port: base.port,
      method,
      path: base.pathname.replace(/\/$/, '') + pathAndQuery,
      headers: { ...entity, ...headers },
      agent: isAlone ? false : isTls ? openAgents().https : openAgents().http,
      ...(isTls && { rejectUnauthorized: false }),
      signal: AbortSignal.timeout(timeoutMs ?? DEFAULT_TIMEOUT_MS),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode = 0, headers: received } = incoming;
        resolve({ status: statusCode, headers: received, text, json: parseJson(text) });
      });
    });
    outgoing.end(bytes);
  });
}

/** The decoded JSON, or undefined for what is none. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

let agents: { http: Agent; https: TlsAgent } | undefined;

function openAgents(): { http: Agent; https: TlsAgent } {
  if (!agents) {
    const http = new Agent({ keepAlive: true });
    const https = new TlsAgent({ keepAlive: true, rejectUnauthorized: false });
    agents = { http, https };
    registerForClose(() => {
      agents = undefined;
      http.destroy();
      https.destroy();
    });
  }
  return agents;
}

function apiPath(appId: string, path: string): string {
  return path.startsWith('/') ? path : `/apps/${appId}/${path}`;
}

function signedPairs(params: Record<string, QueryValue>, tamper: Tamper): string {
  return Object.entries(params)
    .map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(',') : value])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    .map(([name, value]) =>
      tamper.signEncodedValues
        ? `${name}=${encodeURIComponent(String(value))}`
        : `${name}=${value}`,
    )
    .join('&');
}

function finishSignature(correct: string, { signature, upperCaseHex }: Tamper): string {
  const cased = upperCaseHex ? correct.toUpperCase() : correct;
  return typeof signature === 'function' ? signature(cased) : (signature ?? cased);
}

function encodeQuery(
  params: Record<string, QueryValue>,
  arrayStyle: keyof typeof ARRAY_SUFFIX,
): string {
  const pairs: string[] = [];
  const add = (name: string, value: string | number | boolean): void => {
    pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  };
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'object') {
      value.forEach((item, i) => add(name + ARRAY_SUFFIX[arrayStyle](i), item));
    } else {
      add(name, value);
    }
  }
  return pairs.join('&');
}

function bodyBytes(body: unknown): Buffer {
  if (body === undefined) {
    return Buffer.alloc(0);
  }
  if (body instanceof Uint8Array) {
    return Buffer.from(body);
  }
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function hash(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
