import { channelKindOf } from '../channels/channel-name.js';
import type { CachedEventWithTtl, ChannelState } from '../scaling/state-store.js';

/** What can be asked of a channel. */
export type ChannelAttribute = 'user_count' | 'subscription_count' | 'cache';

/** The attributes of a channel, those that were asked for. */
export interface ChannelInfo {
  user_count?: number;
  subscription_count?: number;
  cache?: { readonly data: string; readonly ttl: number } | null;
}

const ATTRIBUTES: ReadonlySet<string> = new Set(['user_count', 'subscription_count', 'cache']);

/** Reads an `info` parameter: names with commas between them. */
export function attributeNamesOf(info: string | undefined): readonly string[] {
  return info === undefined
    ? []
    : info
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean);
}

/** Whether a channel of this name can have the attribute. */
export function hasAttribute(channel: string, name: string): name is ChannelAttribute {
  const kind = channelKindOf(channel);
  if (name === 'user_count') return kind.isPresence;
  if (name === 'cache') return kind.isCache;
  return ATTRIBUTES.has(name);
}

/** Puts the attributes of a channel together. */
export function describeChannel(
  state: ChannelState,
  attributes: readonly ChannelAttribute[],
  cached: CachedEventWithTtl | undefined,
): ChannelInfo {
  const info: ChannelInfo = {};
  for (const attribute of attributes) {
    if (attribute === 'user_count') info.user_count = state.users;
    else if (attribute === 'subscription_count') info.subscription_count = state.subscriptions;
    else info.cache = cached ? { data: cached.data, ttl: cached.ttlSeconds } : null;
  }
  return info;
}
