import type { Awaitable } from '../scaling/awaitable.js';
import type { ClusterMessage } from '../scaling/cluster-message.js';
import { MemoryStateStore } from '../scaling/memory-state-store.js';
import { PubSubProvider, type PubSubListener } from '../scaling/pub-sub-provider.js';
import type { ChannelState, StateListener, StateStore } from '../scaling/state-store.js';
import { describePubSubProvider } from './pub-sub-provider.suite.js';
import { describeStateStore } from './state-store.suite.js';
import { until } from './test-globals.js';

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

  override hasRoomFor(): boolean {
    return true;
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

/** Every node's number of subscriptions to a channel, as one node knows them. */
type Counts = Map<string, Map<string, number>>;

/** What nodes of one cluster share: everything but the subscriptions, of which each knows what it was told. */
class SharedStore extends MemoryStateStore {
  readonly members = new Map<string, { counts: Counts; listener?: StateListener }>();

  constructor() {
    super();
    super.listen({
      onMembersChanged: (change) => this.someListener?.onMembersChanged(change),
      onUserStatus: (...status) => this.someListener?.onUserStatus(...status),
      onPlaceChanged: (change) => this.someListener?.onPlaceChanged(change),
      onRestored: () => undefined,
    });
  }

  /** Counts for the node itself at once, for the others later. */
  async setSubscriptionsOf(nodeId: string, key: string, count: number): Promise<void> {
    this.countFor(nodeId, nodeId, key, count);
    await endOfTurn();
    for (const other of this.members.keys()) {
      setImmediate(() => this.countFor(other, nodeId, key, count));
    }
  }

  countsOf(nodeId: string, appId: string): Map<string, number> {
    const sums = new Map<string, number>();
    for (const [key, byNode] of this.members.get(nodeId)!.counts) {
      const [ofApp, channel] = key.split(' ') as [string, string];
      const sum = [...byNode.values()].reduce((total, each) => total + each, 0);
      if (ofApp === appId && sum > 0) sums.set(channel, sum);
    }
    return sums;
  }

  private get someListener(): StateListener | undefined {
    return [...this.members.values()].at(-1)?.listener;
  }

  private countFor(observer: string, nodeId: string, key: string, count: number): void {
    const { counts } = this.members.get(observer)!;
    counts.set(key, (counts.get(key) ?? new Map<string, number>()).set(nodeId, count));
  }
}

/** A node that asks the shared store later, and is answered later still. */
function nodeOf(shared: SharedStore): StateStore {
  const nodeId = `node ${shared.members.size}`;
  shared.members.set(nodeId, { counts: new Map() });
  const users = async (appId: string, channel: string) => {
    await endOfTurn();
    return shared.channel(appId, channel).users;
  };
  const own = {
    nodeId,
    status: 'up',
    nodes: () => [...shared.members.keys()],
    listen: (listener: StateListener) => void (shared.members.get(nodeId)!.listener = listener),
    setSubscriptions: (appId: string, channel: string, count: number) =>
      shared.setSubscriptionsOf(nodeId, `${appId} ${channel}`, count),
    channel: async (appId: string, channel: string): Promise<ChannelState> => {
      const subscriptions = shared.countsOf(nodeId, appId).get(channel) ?? 0;
      return { channel, subscriptions, users: await users(appId, channel) };
    },
    channels: async (appId: string, prefix: string) => {
      const found = [...shared.countsOf(nodeId, appId)].filter(([name]) => name.startsWith(prefix));
      return Promise.all(
        found.map(async ([channel, subscriptions]) => {
          return { channel, subscriptions, users: await users(appId, channel) };
        }),
      );
    },
  };
  return new Proxy(shared, {
    get(store, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof typeof own];
      const property = store[name as keyof StateStore] as unknown;
      if (typeof property !== 'function') return property;
      const method = property as (...call: unknown[]) => Awaitable<unknown>;
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
  shared.onModuleInit();
  return {
    nodes: [nodeOf(shared), nodeOf(shared), nodeOf(shared)],
    close: () => shared.onModuleDestroy(),
  };
});

describe('The nodes of such a driver', () => {
  it('add up, each with its own last number, which the others know later', async () => {
    const shared = new SharedStore();
    const [one, other] = [nodeOf(shared), nodeOf(shared)];
    const known = async (node: StateStore) => (await node.channel('app', 'a')).subscriptions;
    await one.setSubscriptions('app', 'a', 5);
    expect([await known(other), await known(one)]).toEqual([0, 5]);
    await other.setSubscriptions('app', 'a', 2);
    await one.setSubscriptions('app', 'a', 1);
    await until(async () => (await known(other)) === 3, 'the other node knows both');
    expect(await known(one)).toBe(3);
  });
});
