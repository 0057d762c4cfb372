import type { ChannelCounters } from '../../channels/channel-counters.js';
import type { ChannelManager } from '../../channels/channel.manager.js';
import type { FlushQueue } from '../../connections/delivery/flush-queue.js';
import type { TrafficCounters } from '../../connections/traffic-counters.js';
import { counter, gauge, type MetricFamily, type Sample } from './metric-family.js';

/** The channels, and what is sent. */
export function deliveryFamilies(
  channels: ChannelManager,
  traffic: TrafficCounters,
  queue: FlushQueue,
): readonly MetricFamily[] {
  const labels = ['app_id', 'channel_kind'];
  return [
    gauge('revurb_channels', 'Channels with a subscriber on this node.', labels, () =>
      byChannelKind(channels, (counters) => counters.channels),
    ),
    gauge('revurb_subscriptions', 'Subscriptions of connections to channels.', labels, () =>
      byChannelKind(channels, (counters) => counters.subscriptions),
    ),
    counter(
      'revurb_deliveries_total',
      'Frames of channels handed to connections, each once for each receiver.',
      labels,
      () => byChannelKind(channels, (counters) => counters.deliveries),
    ),
    counter(
      'revurb_messages_sent_total',
      'Frames handed to connections: deliveries of channels, and answers to one connection alone.',
      ['app_id', 'kind'],
      () =>
        byDirection(
          channels,
          traffic,
          (counters) => counters.deliveries,
          (answered) => answered.messages,
        ),
    ),
    counter('revurb_sent_bytes_total', 'Bytes of these frames.', ['app_id', 'kind'], () =>
      byDirection(
        channels,
        traffic,
        (counters) => counters.deliveredBytes,
        (answered) => answered.bytes,
      ),
    ),
    gauge(
      'revurb_fan_out_pending_bytes',
      'Bytes of frames that wait for their turn to be sent.',
      [],
      () => [[queue.pendingBytes]],
    ),
  ];
}

function* byChannelKind(
  { counters }: ChannelManager,
  valueOf: (counters: ChannelCounters) => number,
): IterableIterator<Sample> {
  for (const [appId, byKind] of counters) {
    for (const [kind, counted] of Object.entries(byKind)) yield [valueOf(counted), appId, kind];
  }
}

type Answered = { readonly messages: number; readonly bytes: number };

function* byDirection(
  { counters }: ChannelManager,
  traffic: TrafficCounters,
  deliveredOf: (counters: ChannelCounters) => number,
  answeredOf: (answered: Answered) => number,
): IterableIterator<Sample> {
  for (const [appId, { answered }] of traffic) {
    let delivered = 0;
    for (const counted of Object.values(counters.get(appId) ?? {})) {
      delivered += deliveredOf(counted);
    }
    yield [delivered, appId, 'delivery'];
    yield [answeredOf(answered), appId, 'answer'];
  }
}
