import type { RecordKind } from '../contract.js';
import type { IconName } from '../parts/icon-paths.js';

/** How a kind is coloured; the words and the icon say the same. */
export type Tone = 'good' | 'bad' | 'warn' | 'event' | 'plain';

/** How a kind of record is shown. */
export interface KindLook {
  readonly word: string;
  /** What many of them are called. */
  readonly many: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

/** Looks of all kinds. */
export const KIND_LOOKS: Readonly<Record<RecordKind, KindLook>> = {
  connected: { word: 'connected', many: 'connects', icon: 'plug', tone: 'good' },
  disconnected: { word: 'disconnected', many: 'disconnects', icon: 'unplug', tone: 'plain' },
  refused: { word: 'refused', many: 'refusals', icon: 'block', tone: 'bad' },
  'auth-failed': { word: 'auth failed', many: 'failed authorizations', icon: 'key', tone: 'bad' },
  'rate-limited': { word: 'rate limited', many: 'rate limits', icon: 'gauge', tone: 'warn' },
  'signed-in': { word: 'signed in', many: 'sign-ins', icon: 'user', tone: 'good' },
  subscribed: { word: 'subscribed', many: 'subscriptions', icon: 'plus', tone: 'good' },
  unsubscribed: { word: 'unsubscribed', many: 'unsubscriptions', icon: 'minus', tone: 'plain' },
  published: { word: 'published', many: 'publishes', icon: 'send', tone: 'event' },
  'client-event': { word: 'client event', many: 'client events', icon: 'swap', tone: 'event' },
  'cache-hit': { word: 'cache hit', many: 'cache hits', icon: 'box', tone: 'plain' },
  'cache-miss': { word: 'cache miss', many: 'cache misses', icon: 'emptyBox', tone: 'warn' },
  webhook: { word: 'webhook', many: 'webhooks', icon: 'hook', tone: 'plain' },
  'slow-consumer': { word: 'slow consumer', many: 'slow consumers', icon: 'clock', tone: 'warn' },
  redis: { word: 'redis', many: 'changes of Redis', icon: 'layers', tone: 'warn' },
  node: { word: 'node', many: 'changes of nodes', icon: 'server', tone: 'plain' },
  action: { word: 'action', many: 'actions', icon: 'hand', tone: 'warn' },
};

/** Kinds as they belong together, in the order of their chips. */
export const KIND_GROUPS: readonly {
  readonly title: string;
  readonly kinds: readonly RecordKind[];
}[] = [
  { title: 'Events', kinds: ['published', 'client-event', 'cache-hit', 'cache-miss'] },
  { title: 'Connections', kinds: ['connected', 'disconnected', 'slow-consumer'] },
  { title: 'Channels', kinds: ['subscribed', 'unsubscribed', 'signed-in'] },
  { title: 'Refusals', kinds: ['refused', 'auth-failed', 'rate-limited'] },
  { title: 'Server', kinds: ['webhook', 'redis', 'node', 'action'] },
];
