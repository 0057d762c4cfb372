import type { ClusterMessage } from '../scaling/cluster-message.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { LocalPubSubProvider } from '../scaling/local-pub-sub.provider.js';
import { MemoryStateStore } from '../scaling/memory-state-store.js';
import { PubSubProvider } from '../scaling/pub-sub-provider.js';
import { DEFAULT_SCALING_OPTIONS } from '../scaling/scaling.options.js';
import { NodeSurvey, type OwnFigures } from './node-survey.js';

const FIGURES: OwnFigures = {
  version: '1.0.0',
  uptimeSeconds: 1,
  connections: 2,
  messagesReceived: 3,
  eventsPublished: 4,
  slowConsumers: 5,
  memoryBytes: 6,
};

/** Delivers to all nodes at the end of the turn, and remembers. */
class Hub {
  readonly nodes: HubPubSub[] = [];
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

  override publish(topic: string, message: ClusterMessage): void {
    this.hub.publish(topic, message);
  }

  deliver(topic: string, message: ClusterMessage): void {
    super.publish(topic, message);
  }
}

class ListedStateStore extends MemoryStateStore {
  constructor(private readonly all: string[]) {
    super();
    all.push(this.nodeId);
  }

  override nodes(): readonly string[] {
    return this.all;
  }
}

function clusterOf(pubSub: PubSubProvider, store: MemoryStateStore) {
  return new ClusterService(pubSub, store, DEFAULT_SCALING_OPTIONS);
}

async function setUp(count: number) {
  const hub = new Hub();
  const ids: string[] = [];
  const surveys: NodeSurvey[] = [];
  for (let i = 0; i < count; i++) {
    const cluster = clusterOf(new HubPubSub(hub), new ListedStateStore(ids));
    const survey = new NodeSurvey(cluster);
    survey.describeBy(() => ({ ...FIGURES, connections: i }));
    await cluster.onModuleInit();
    surveys.push(survey);
  }
  return { hub, ids, surveys };
}

describe('A survey of the nodes', () => {
  it('has the figures of every live node, whoever asks', async () => {
    const { ids, surveys } = await setUp(3);
    for (const survey of surveys) {
      const { nodes, isPartial } = await survey.ask();
      expect(isPartial).toBe(false);
      expect(nodes.map(({ nodeId }) => nodeId).sort()).toEqual([...ids].sort());
      expect(nodes.map(({ connections }) => connections).sort()).toEqual([0, 1, 2]);
    }
  });

  it('asks nobody when the node is alone', async () => {
    const { hub, surveys } = await setUp(1);
    expect((await surveys[0]!.ask()).nodes.length).toBe(1);
    expect(hub.sent).toEqual([]);
  });

  it('ends without those who do not answer in time, and says so', async () => {
    const { ids, surveys } = await setUp(2);
    ids.push('0123456789abcdef');
    const { nodes, isPartial } = await surveys[0]!.ask();
    expect(isPartial).toBe(true);
    expect(nodes.length).toBe(2);
  });

  it('takes no answer twice, none that nobody asked for, and none of a stranger', async () => {
    const { hub, ids, surveys } = await setUp(2);
    const asked = surveys[0]!.ask();
    const [question] = hub.sent;
    if (question?.type !== 'ask') throw new Error('Nothing was asked.');
    const { questionId } = question;
    for (const id of [questionId, 'another']) {
      const figures = { ...FIGURES, nodeId: 'fedcba9876543210' };
      hub.publish(`node ${ids[0]}`, { type: 'answer', questionId: id, figures });
    }
    const figures = { ...FIGURES, nodeId: ids[1]! };
    hub.publish(`node ${ids[0]}`, { type: 'answer', questionId, figures });
    const { nodes, isPartial } = await asked;
    expect(isPartial).toBe(false);
    expect(nodes.map(({ nodeId }) => nodeId).sort()).toEqual([...ids].sort());
  });

  it('asks nobody while the others are out of reach', async () => {
    const { hub, surveys } = await setUp(2);
    Object.defineProperty(hub.nodes[0], 'status', { get: () => 'down' });
    const { nodes, isPartial } = await surveys[0]!.ask();
    expect([nodes.length, isPartial]).toEqual([1, true]);
    expect(hub.sent).toEqual([]);
  });
});
