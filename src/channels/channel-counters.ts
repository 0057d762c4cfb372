import type { DeliveryCounters } from '../connections/delivery/fan-out.js';
import { CHANNEL_KIND_NAMES, type ChannelKindName } from './channel-name.js';

/** What there is of one kind of channels of one application on this node, and what went through them. */
export class ChannelCounters implements DeliveryCounters {
  /** Now. */
  channels = 0;
  /** Now. */
  subscriptions = 0;
  /** Since the start: each frame once for each receiver. */
  deliveries = 0;
  /** Since the start. */
  deliveredBytes = 0;
}

/** The channel counters of one application. */
export type ChannelCountersByKind = Readonly<Record<ChannelKindName, ChannelCounters>>;

/** One for each kind. */
export function createChannelCounters(): ChannelCountersByKind {
  const entries = CHANNEL_KIND_NAMES.map((name) => [name, new ChannelCounters()]);
  return Object.fromEntries(entries) as Record<ChannelKindName, ChannelCounters>;
}
