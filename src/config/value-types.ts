import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  Max,
  Min,
  ValidateBy,
} from 'class-validator';
import ipaddr from 'ipaddr.js';
import type { RedisNode } from '../scaling/scaling.options.js';

/** A kind of value: how it is read from text, what is a good one, and how to say so. */
export interface ValueType<T> {
  /** Completes "wants …". */
  readonly wants: string;
  /** A secret is never printed. */
  readonly isSecret: boolean;
  /** JSON may say null, which is not the same as saying nothing. */
  readonly isNullable?: boolean;
  /** Reads text. What cannot be read is returned as it is, and the validators refuse it. */
  readonly convert: (text: string) => T | string;
  /** class-validator decorators that only a good value passes. */
  readonly validators: readonly PropertyDecorator[];
}

/** Timers cannot wait longer (2^31 - 1 ms). */
export const LONGEST_SECONDS = 2_147_483;
const LONGEST_MS = 2_147_483_647;
const LARGEST_SIZE = 2_147_483_647;

/** A validator made of a question. */
export function satisfies<T>(name: string, isGood: (value: T) => boolean): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: (value) => isGood(value as T) } });
}

function type<T>(
  wants: string,
  convert: (text: string) => T | string,
  ...validators: PropertyDecorator[]
): ValueType<T> {
  return { wants, isSecret: false, convert, validators };
}

/** The same, but never printed and taken to the letter, blanks included. */
export function secret(of: ValueType<string>): ValueType<string> {
  return { ...of, isSecret: true, convert: (value) => value };
}

/** The same, or null. */
export function nullable<T>(of: ValueType<T>): ValueType<T | null> {
  return { ...of, isNullable: true, wants: `${of.wants}, or null for no limit` };
}

/** A whole number between two bounds, both inclusive. */
export function integer(min: number, max: number): ValueType<number> {
  const read = (value: string) => (/^-?\d+$/.test(value.trim()) ? Number(value) : value);
  return type(`a whole number from ${min} to ${max}`, read, IsInt(), Min(min), Max(max));
}

/** A whole number between two bounds, or `auto`. */
export function integerOrAuto(min: number, max: number): ValueType<number | 'auto'> {
  const isGood = (value: unknown) =>
    value === 'auto' || (Number.isInteger(value) && min <= Number(value) && Number(value) <= max);
  const read = (value: string) => {
    const word = value.trim().toLowerCase();
    if (word === 'auto') return word;
    return /^\d+$/.test(word) ? Number(word) : value;
  };
  return type(
    `a whole number from ${min} to ${max}, or auto`,
    read,
    satisfies('integerOrAuto', isGood),
  );
}

/** A TCP port; 0 means any free one. */
export const port = (min: 0 | 1) => integer(min, 65_535);

/** A duration in whole seconds. */
export const seconds = (min: 0 | 1 | 60) => integer(min, LONGEST_SECONDS);

/** A duration in whole milliseconds. */
export const milliseconds = () => integer(0, LONGEST_MS);

/** A size that may be beyond 2 GB. */
export const bytes = () => integer(0, Number.MAX_SAFE_INTEGER);

/** A size or a count. */
export const amount = (min: 0 | 1) => integer(min, LARGEST_SIZE);

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['(true)', true],
  ['1', true],
  ['false', false],
  ['(false)', false],
  ['0', false],
]);

/** A switch, in any of the ways Laravel writes one. */
export function boolean(): ValueType<boolean> {
  const read = (value: string) => BOOLEANS.get(value.trim().toLowerCase()) ?? value;
  return type('true or false', read, IsBoolean());
}

/** Text of a certain form. */
export function text(wants = 'text', form = /./s): ValueType<string> {
  const isGood = (value: unknown) => typeof value === 'string' && form.test(value);
  return type(wants, (value) => value.trim(), satisfies('text', isGood));
}

/** One of several words, in any case. `aliases` are other words for some of them. */
export function oneOf<T extends string>(
  words: readonly T[],
  aliases: Readonly<Record<string, T>> = {},
): ValueType<T> {
  const read = (value: string): T | string => {
    const word = value.trim().toLowerCase();
    return Object.hasOwn(aliases, word) ? aliases[word]! : word;
  };
  return type<T>(`one of ${words.join(', ')}`, read, IsIn([...words]));
}

/** A comma list; every item has to please. Text may be turned into something else by `read`. */
function list<T>(
  wants: string,
  read: (item: string) => T | string,
  isGood: (item: unknown) => boolean,
): ValueType<T[]> {
  const items = (value: string) => value.split(',').flatMap((item) => item.trim() || []);
  return type(
    wants,
    (value) => items(value).map(read) as T[],
    IsArray(),
    ArrayMinSize(1),
    satisfies('items', (value: unknown) => Array.isArray(value) && value.every(isGood)),
  );
}

const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^\s/,]+$/i;
const FULL_ORIGIN = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/,]+)$/i;
const matches = (form: RegExp) => (item: unknown) => typeof item === 'string' && form.test(item);

/** Who may connect: host names with wildcards, or origins. */
export const origins = () =>
  list<string>(
    'a list of * or host names (* is a wildcard) or origins such as https://example.com, without a path',
    (item) => item,
    matches(ORIGIN),
  );

/** Who may call from a browser. */
export const corsOrigins = () =>
  list<string>(
    'a list of * or origins such as https://example.com, without a path',
    (item) => item,
    matches(FULL_ORIGIN),
  );

const isAddress = (value: string) =>
  ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value);

const isCidr = (value: unknown) =>
  typeof value === 'string' && isAddress(value.split('/')[0]!) && ipaddr.isValidCIDR(value);

/** A bare address is the network that holds only itself. */
function toCidr(item: string): string {
  if (!isAddress(item)) return item;
  return `${item}/${ipaddr.parse(item).kind() === 'ipv4' ? 32 : 128}`;
}

/** Networks. */
export const cidrs = () =>
  list<string>('a list of networks such as 10.0.0.0/8 or fd00::/8', toCidr, isCidr);

const isHost = (value: unknown): value is string =>
  typeof value === 'string' &&
  (isAddress(value) || /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i.test(value));

/** An address or the name of a host. */
export function host(): ValueType<string> {
  return type(
    'a host name or an IP address, without scheme or port',
    (value) => value.trim(),
    satisfies('host', isHost),
  );
}

/** Hosts with ports; without one it is `defaultPort`. IPv6 addresses stand in brackets. */
export function nodes(defaultPort: number): ValueType<RedisNode[]> {
  const read = (item: string): RedisNode | string => {
    const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(item);
    if (!parts) return item;
    return { host: (parts[1] ?? parts[2])!, port: Number(parts[3] ?? defaultPort) };
  };
  const isGood = (item: unknown) => {
    const node = item as Partial<RedisNode>;
    return isHost(node.host) && node.port! > 0 && node.port! <= 65_535;
  };
  return list<RedisNode>('a list of host:port', read, isGood);
}

/** The prefix of routes: empty, or with a leading and without a trailing slash. */
export function routePrefix(): ValueType<string> {
  const form = /^(?:\/[\w.~-]+)*$/;
  return type(
    'a path such as /reverb made of letters, digits and - . _ ~',
    (value) => value.trim().replace(/^\/*/, '/').replace(/\/+$/, ''),
    satisfies('route', (value: string) => form.test(value)),
  );
}

/** An http(s) address. User and password are refused: they would end up in logs. */
export function httpUrl(): ValueType<string> {
  const isGood = (value: unknown) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return false;
    const url = new URL(value);
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  };
  return type(
    'an http or https URL without user and password',
    (value) => value.trim(),
    satisfies('httpUrl', isGood),
  );
}

/** The address of a Redis; Laravel writes `tls://` where others write `rediss://`. */
export function redisUrl(): ValueType<string> {
  const isGood = (value: unknown) =>
    typeof value === 'string' &&
    URL.canParse(value) &&
    /^(?:rediss?|tls):$/.test(new URL(value).protocol) &&
    /^(?:\/\d{0,9})?$/.test(new URL(value).pathname);
  return type(
    'redis://[[user]:password@]host[:port][/database] or rediss:// for TLS',
    (value) => value.trim(),
    satisfies('redisUrl', isGood),
  );
}
