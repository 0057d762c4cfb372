import { channelKindOf } from '../channels/channel-name.js';
import type { ChannelState } from '../scaling/state-store.js';
import type { AddressedDeadLetter } from '../webhooks/dead-letters.js';
import type { ChannelRow, ChannelType, DeadWebhook } from './contract.js';
import { MAX_SHOWN_DATA } from './limits.js';
import { withoutQuery } from './without-query.js';

/** A channel, as a list shows it. */
export function channelRowOf(
  { channel: name, subscriptions, users }: ChannelState,
  rate: number | undefined,
): ChannelRow {
  const { name: kind, isPresence } = channelKindOf(name);
  return {
    name,
    // The channel of a user is private, too; no list shows it.
    type: kind === 'server-to-user' ? 'private' : (kind satisfies ChannelType),
    subscriptions,
    ...(isPresence && { users }),
    ...(rate !== undefined && rate > 0 && { rate }),
  };
}

/** A dead letter, as a list shows it. */
export function deadWebhookOf(
  { id, url, event, atMs, deadMs, attempts, cause }: AddressedDeadLetter,
  hasPayloads: boolean,
): DeadWebhook {
  const { name, channel } = JSON.parse(event) as { name: string; channel?: string };
  return {
    id,
    url: url === null ? null : withoutQuery(url),
    name,
    ...(channel !== undefined && { channel }),
    ...(hasPayloads && { event: event.slice(0, MAX_SHOWN_DATA) }),
    atMs,
    deadMs,
    attempts,
    cause,
  };
}

/** What several nodes counted, by name. */
export function sumOf(counts: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const some of counts) {
    for (const [name, count] of Object.entries(some)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  return sums;
}
