import type { Awaitable } from '../scaling/awaitable.js';
import type { ClusterMessage } from '../scaling/cluster-message.js';
import { MemoryStateStore } from '../scaling/memory-state-store.js';
import { PubSubProvider, type PubSubListener } from '../scaling/pub-sub-provider.js';
import type { ChannelState, StateStore } from '../scaling/state-store.js';
import { describePubSubProvider } from './pub-sub-provider.suite.js';
import { describeStateStore } from './state-store.suite.js';

/* The suites are for drivers that answer later and have several nodes: here are two of that kind. */

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Delivers at the end of the turn, to all nodes in one order. */
class Hub {
  readonly nodes: HubPubSub[] = [];

  async publish(topic: string, message: ClusterMessage): Promise<void> {
    await endOfTurn();
    for (const node of this.nodes) node.receive(topic, message);
  }
}

class HubPubSub extends PubSubProvider {
  private readonly topics = new Set<string>();
  private listener: PubSubListener | undefined;

  constructor(private readonly hub: Hub) {
    super();
    hub.nodes.push(this);
  }

  override listen(listener: PubSubListener): void {
    this.listener = listener;
  }

  override async subscribe(topic: string): Promise<void> {
    await endOfTurn();
    this.topics.add(topic);
  }

  override unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  override publish(topic: string, message: ClusterMessage): Promise<void> {
    return this.hub.publish(topic, message);
  }

  override get status(): 'up' {
    return 'up';
  }

  receive(topic: string, message: ClusterMessage): void {
    if (this.topics.has(topic)) this.listener?.(message);
  }
}

describePubSubProvider('A driver of three nodes', () => {
  const hub = new Hub();
  return { nodes: [new HubPubSub(hub), new HubPubSub(hub), new HubPubSub(hub)] };
});

/** What nodes of one cluster share: how many subscriptions each of them has. */
class SharedStore extends MemoryStateStore {
  private readonly counts = new Map<string, Map<object, number>>();

  setSubscriptionsOf(node: object, appId: string, channel: string, count: number): void {
    const key = `${appId} ${channel}`;
    const byNode = this.counts.get(key) ?? new Map<object, number>();
    this.counts.set(key, byNode.set(node, count));
    const sum = [...byNode.values()].reduce((total, each) => total + each, 0);
    super.setSubscriptions(appId, channel, sum);
  }
}

/** A node that asks the shared store later, and is answered later still. */
function nodeOf(shared: SharedStore): StateStore {
  return new Proxy(shared, {
    get(store, name, node: object) {
      if (name === 'setSubscriptions') {
        return async (...call: [string, string, number]) => {
          await endOfTurn();
          store.setSubscriptionsOf(node, ...call);
        };
      }
      const method = store[name as keyof StateStore] as (...call: unknown[]) => Awaitable<unknown>;
      return async (...call: unknown[]) => {
        await endOfTurn();
        const answer = await method.apply(store, call);
        await endOfTurn();
        return answer;
      };
    },
  });
}

describeStateStore('A driver of three nodes', () => {
  const shared = new SharedStore();
  return { nodes: [nodeOf(shared), nodeOf(shared), nodeOf(shared)] };
});

describe('The nodes of such a driver', () => {
  it('add up, each with its own last number', async () => {
    const shared = new SharedStore();
    const [one, other] = [nodeOf(shared), nodeOf(shared)];
    await one.setSubscriptions('app', 'a', 5);
    await other.setSubscriptions('app', 'a', 2);
    await one.setSubscriptions('app', 'a', 1);
    const state: ChannelState = await one.channel('app', 'a');
    expect(state.subscriptions).toBe(3);
  });
});
