import { NodeDirectory } from '../../src/scaling/redis/node-directory.js';
import { RedisConnections } from '../../src/scaling/redis/redis-connections.js';
import { RedisStateStore } from '../../src/scaling/redis/redis-state-store.js';
import {
  completeScalingOptions,
  type PartialScalingOptions,
} from '../../src/scaling/scaling.options.js';
import type { Member, MembersChange, PlaceChange } from '../../src/scaling/state-store.js';
import { eventually, registerForClose } from './eventually.js';

/** Deaths that tests can wait for. */
const FAST: PartialScalingOptions = { heartbeatSeconds: 0.2, leaseSeconds: 1 };

/** What a user was said to be, although nobody called for it. */
export interface ToldStatus {
  readonly appId: string;
  readonly userId: string;
  readonly isOnline: boolean;
}

/** The state store of the Redis driver alone, as one node has it, and what it was told by itself. */
export class StateNode {
  readonly changes: MembersChange[] = [];
  readonly statuses: ToldStatus[] = [];
  readonly placeChanges: PlaceChange[] = [];
  restored = 0;
  readonly directory = new NodeDirectory();
  readonly link: RedisConnections;
  readonly store: RedisStateStore;
  private stopping?: Promise<void>;

  constructor(options: PartialScalingOptions) {
    const complete = completeScalingOptions({ enabled: true, ...FAST, ...options });
    this.link = new RedisConnections(complete);
    this.store = new RedisStateStore(this.link, this.directory, complete);
    this.store.listen({
      onMembersChanged: (change) => this.changes.push(change),
      onUserStatus: (appId, userId, isOnline) => this.statuses.push({ appId, userId, isOnline }),
      onPlaceChanged: (change) => this.placeChanges.push(change),
      onRestored: () => (this.restored += 1),
    });
    registerForClose(() => this.stop());
  }

  /** Resolves as the hook of Nest does: when Redis is there, or after a moment. */
  static async start(options: PartialScalingOptions): Promise<StateNode> {
    const node = new StateNode(options);
    await node.store.onModuleInit();
    return node;
  }

  /** Several that know of each other. */
  static async startCluster(count: number, options: PartialScalingOptions): Promise<StateNode[]> {
    const nodes: StateNode[] = [];
    for (let i = 0; i < count; i++) nodes.push(await StateNode.start(options));
    await eventually(() => {
      const known = nodes.map(({ store }) => store.nodes().length);
      if (known.some((size) => size < count)) throw new Error(`They know ${known.join()} nodes.`);
    });
    return nodes;
  }

  /** The parts of the store, for what no caller can do. */
  get life() {
    return this.store['life'];
  }

  get context() {
    return this.store['context'];
  }

  /** As if the process had been killed: nothing is said, nothing is done any more. */
  async crash(): Promise<void> {
    this.freeze();
    this.stopping = this.link.close();
    await this.stopping;
  }

  /** As if the process had been stopped: it gives no sign of life. */
  freeze(): void {
    clearInterval(this.life['timer']);
    this.life.membership.stop();
    this.life.answers.close();
  }

  /** Goes on after {@link freeze}. */
  thaw(): void {
    const { life, context } = this;
    life.membership['isOpen'] = true;
    life['timer'] = setInterval(() => void life['tick'](), context.heartbeatMs);
  }

  /** In order; a second call waits with the first. */
  stop(): Promise<void> {
    return (this.stopping ??= this.store.onApplicationShutdown());
  }

  /** @returns the ids of those who are in a channel, sorted, as this node knows it */
  async members(appId: string, channel: string): Promise<string[]> {
    const roster = await this.store.roster(appId, channel);
    return Array.from(roster!.members, ({ userId }) => userId).sort();
  }

  /** Everybody who left or joined without a call, as `-id` and `+id`. */
  get moves(): string[] {
    return this.changes.flatMap(({ left, joined }) => [
      ...left.map((userId) => `-${userId}`),
      ...joined.map(({ userId }) => `+${userId}`),
    ]);
  }
}

/** Some user. */
export const memberOf = (userId: string): Member => ({
  userId,
  id: userId,
  userInfo: `{"n":"${userId}"}`,
});
