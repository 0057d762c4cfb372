import { randomUUID } from 'node:crypto';
import type { ClusterMessage, FrameMessage } from '../../src/scaling/cluster-message.js';
import { NodeDirectory } from '../../src/scaling/redis/node-directory.js';
import { RedisConnections } from '../../src/scaling/redis/redis-connections.js';
import { RedisPubSubProvider } from '../../src/scaling/redis/redis-pub-sub.provider.js';
import {
  completeScalingOptions,
  type PartialScalingOptions,
} from '../../src/scaling/scaling.options.js';
import { registerForClose } from './eventually.js';

/** The Redis driver of Pub/Sub alone, as one node has it, and the texts of the frames that arrived. */
export class PubSubNode {
  readonly arrived: string[] = [];
  readonly messages: ClusterMessage[] = [];
  readonly directory = new NodeDirectory();
  readonly link: RedisConnections;
  readonly pubSub: RedisPubSubProvider;
  private stopping?: Promise<void>;

  private constructor(options: PartialScalingOptions) {
    const complete = completeScalingOptions({ enabled: true, ...options });
    this.link = new RedisConnections(complete);
    this.pubSub = new RedisPubSubProvider(this.link, complete, this.directory);
    this.pubSub.listen((message) => {
      this.messages.push(message);
      if (message.type === 'frame') this.arrived.push(message.frame.toString());
    });
    registerForClose(() => this.stop());
  }

  /** Resolves as the hook of Nest does: when Redis is there, or after a moment. */
  static async start(options: PartialScalingOptions): Promise<PubSubNode> {
    const node = new PubSubNode(options);
    await node.pubSub.onModuleInit();
    return node;
  }

  /** Several that know of each other, as the state store would tell them. */
  static async startCluster(...options: readonly PartialScalingOptions[]): Promise<PubSubNode[]> {
    const nodes = await Promise.all(options.map((each) => PubSubNode.start(each)));
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node);
      node.directory.replace(others.map(({ link }) => link.nodeId));
    }
    return nodes;
  }

  publish(topic: string, text: string): Promise<void> {
    return this.pubSub.publish(topic, frameOf(text));
  }

  /** In order; a second call waits with the first. */
  stop(): Promise<void> {
    return (this.stopping ??= this.pubSub.onApplicationShutdown());
  }
}

/** A frame with a text. */
export const frameOf = (text: string): FrameMessage => ({
  type: 'frame',
  appId: 'app',
  channel: 'channel',
  frame: Buffer.from(text),
  exceptSocketId: undefined,
});

/** A topic that no other test uses. */
export const newTopic = (): string => `channel app ${randomUUID()}`;
