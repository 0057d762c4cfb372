import type { ClusterMessage } from '../../src/scaling/cluster-message.js';
import { ClusterQuestions } from '../../src/scaling/cluster-questions.js';
import { ClusterService } from '../../src/scaling/cluster.service.js';
import { LocalPubSubProvider } from '../../src/scaling/local-pub-sub.provider.js';
import { MemoryStateStore } from '../../src/scaling/memory-state-store.js';
import { DEFAULT_SCALING_OPTIONS } from '../../src/scaling/scaling.options.js';

/** Delivers to all nodes at the end of the turn, and remembers. */
export class Hub {
  readonly nodes: HubPubSub[] = [];
  /** The ids of the nodes that are said to be alive. */
  readonly ids: string[] = [];
  /** The ids of those that are said to be about to stop. */
  readonly leaving: string[] = [];
  readonly sent: ClusterMessage[] = [];

  publish(topic: string, message: ClusterMessage): void {
    this.sent.push(message);
    setImmediate(() => this.nodes.forEach((node) => void node.deliver(topic, message)));
  }
}

class HubPubSub extends LocalPubSubProvider {
  constructor(private readonly hub: Hub) {
    super();
    hub.nodes.push(this);
  }

  /** The others are out of reach. */
  goDown(): void {
    Object.defineProperty(this, 'status', { get: () => 'down' });
  }

  override publish(topic: string, message: ClusterMessage): void {
    this.hub.publish(topic, message);
  }

  deliver(topic: string, message: ClusterMessage): void {
    super.publish(topic, message);
  }
}

class ListedStateStore extends MemoryStateStore {
  constructor(private readonly hub: Hub) {
    super();
    hub.ids.push(this.nodeId);
  }

  override nodes(): readonly string[] {
    return this.hub.ids;
  }

  override leavingNodes(): readonly string[] {
    return this.hub.leaving;
  }
}

/** Another node, in this process. */
export async function startListedNode(hub: Hub) {
  const pubSub = new HubPubSub(hub);
  const store = new ListedStateStore(hub);
  const cluster = new ClusterService(pubSub, store, DEFAULT_SCALING_OPTIONS);
  await cluster.onModuleInit();
  return { pubSub, cluster, questions: new ClusterQuestions(cluster) };
}
