import type { ClusterService } from '../../scaling/cluster.service.js';
import type { PubSubCounters, PubSubProvider } from '../../scaling/pub-sub-provider.js';
import type { StateStore, StateStoreCounters } from '../../scaling/state-store.js';
import { counter, gauge, type MetricFamily } from './metric-family.js';

/** How this node gets on with the others. What the driver does not count has no value. */
export function clusterFamilies(
  cluster: ClusterService,
  pubSub: PubSubProvider,
  state: StateStore,
): readonly MetricFamily[] {
  const ofPubSub = (field: keyof PubSubCounters) => () => valueOf(pubSub.counters?.[field]);
  const ofState = (field: keyof StateStoreCounters) => () => valueOf(state.counters?.[field]);
  return [
    gauge(
      'revurb_cluster_up',
      '1 while the other nodes can be reached, or there are none; else 0.',
      [],
      () => [[cluster.status === 'down' ? 0 : 1]],
    ),
    gauge(
      'revurb_cluster_unreachable_seconds',
      'How long the other nodes have been out of reach.',
      [],
      () => [[state.unreachableMs / 1000]],
    ),
    gauge(
      'revurb_cluster_nodes',
      'Nodes that are alive as far as this one knows, itself among them.',
      [],
      () => [[cluster.nodes.length]],
    ),
    counter(
      'revurb_pubsub_published_total',
      'Messages of this node for the cluster.',
      [],
      ofPubSub('published'),
    ),
    counter(
      'revurb_pubsub_received_total',
      'Messages of the cluster that arrived here, those of this node among them.',
      [],
      ofPubSub('received'),
    ),
    counter(
      'revurb_pubsub_duplicates_total',
      'Messages that had been here before, and were dropped.',
      [],
      ofPubSub('duplicates'),
    ),
    counter(
      'revurb_pubsub_gaps_total',
      'Times that at least one message of another node is missing.',
      [],
      ofPubSub('gaps'),
    ),
    counter(
      'revurb_pubsub_garbage_total',
      'What foreign publishers and unknown versions sent, and was dropped.',
      [],
      ofPubSub('garbage'),
    ),
    counter(
      'revurb_pubsub_refused_total',
      'Messages that were not taken because the buffer was full.',
      [],
      ofPubSub('refused'),
    ),
    gauge(
      'revurb_pubsub_buffered_messages',
      'Messages whose way to the other nodes is not certain yet.',
      [],
      ofPubSub('buffered'),
    ),
    gauge(
      'revurb_pubsub_buffered_bytes',
      'Bytes of these messages.',
      [],
      ofPubSub('bufferedBytes'),
    ),
    counter(
      'revurb_state_restores_total',
      'Times that this node said anew all that it holds.',
      [],
      ofState('restores'),
    ),
    counter(
      'revurb_state_reaped_nodes_total',
      'Dead nodes that this one has cleared away.',
      [],
      ofState('reapedNodes'),
    ),
  ];
}

const valueOf = (value: number | undefined) => (value === undefined ? [] : ([[value]] as const));
