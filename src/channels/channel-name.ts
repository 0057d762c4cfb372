/** What the prefix of a channel name says about the channel. */
export interface ChannelKind {
  readonly name: ChannelKindName;
  /** Subscribing needs a signature: private, presence and encrypted channels. */
  readonly needsAuth: boolean;
  readonly isPresence: boolean;
  readonly isCache: boolean;
  readonly isEncrypted: boolean;
}

/** The kinds of channels, each but the first and the last named like its prefix. */
export const CHANNEL_KIND_NAMES = [
  'public',
  'cache',
  'private',
  'private-cache',
  'private-encrypted',
  'private-encrypted-cache',
  'presence',
  'presence-cache',
  'server-to-user',
] as const;

/** One of the {@link CHANNEL_KIND_NAMES}. */
export type ChannelKindName = (typeof CHANNEL_KIND_NAMES)[number];

const kind = (name: ChannelKindName): ChannelKind =>
  Object.freeze({
    name,
    needsAuth: /^private|^presence/.test(name),
    isPresence: name.startsWith('presence'),
    isCache: name.endsWith('cache'),
    isEncrypted: name.startsWith('private-encrypted'),
  });

const PUBLIC = kind('public');
const SERVER_TO_USER = kind('server-to-user');

/** The channel only the connections of one signed-in user may join: the prefix before the user's id. */
export const SERVER_TO_USER_PREFIX = '#server-to-user-';

/** Longest prefix first, so that the first match is the right one. */
const PREFIXED: readonly (readonly [prefix: string, kind: ChannelKind])[] = [
  ['private-encrypted-cache-', kind('private-encrypted-cache')],
  ['private-encrypted-', kind('private-encrypted')],
  ['private-cache-', kind('private-cache')],
  ['private-', kind('private')],
  ['presence-cache-', kind('presence-cache')],
  ['presence-', kind('presence')],
  ['cache-', kind('cache')],
  [SERVER_TO_USER_PREFIX, SERVER_TO_USER],
];

const NAME = /^[-a-zA-Z0-9_=@,.;]+$/;

/** Characters of a user's id. */
export const MAX_USER_ID_LENGTH = 128;

const USER_ID = new RegExp(`^[-a-zA-Z0-9_=@,.;]{1,${MAX_USER_ID_LENGTH}}$`);

/** The kind of a channel, from its prefix alone: anchored, and the dash is part of it. */
export function channelKindOf(channel: string): ChannelKind {
  for (const [prefix, kindOfPrefix] of PREFIXED) {
    if (channel.startsWith(prefix)) return kindOfPrefix;
  }
  return PUBLIC;
}

/** Whether a channel may have this name: 1 to `maxLength` characters of `[-a-zA-Z0-9_=@,.;]`, or a user's own channel. */
export function isChannelName(channel: string, maxLength: number): boolean {
  if (channel.startsWith('#')) return serverToUserIdOf(channel) !== undefined;
  return channel.length <= maxLength && NAME.test(channel);
}

/** Whether a signed-in user may have this id. */
export function isUserId(id: string): boolean {
  return USER_ID.test(id);
}

/** The user whose own channel this is, or undefined. */
export function serverToUserIdOf(channel: string): string | undefined {
  if (!channel.startsWith(SERVER_TO_USER_PREFIX)) return undefined;
  const id = channel.slice(SERVER_TO_USER_PREFIX.length);
  return isUserId(id) ? id : undefined;
}
