import {
  completeScalingOptions,
  type PartialScalingOptions,
} from '../../src/scaling/scaling.options.js';
import type { ClusterMessage } from '../../src/scaling/cluster-message.js';
import type { MembersChange, PlaceChange } from '../../src/scaling/state-store.js';
import { WorkerHub, type WorkerHubOptions } from '../../src/scaling/workers/worker-hub.js';
import { WorkerLink } from '../../src/scaling/workers/worker-link.js';
import { WorkerPubSubProvider } from '../../src/scaling/workers/worker-pub-sub.provider.js';
import { WorkerStateStore } from '../../src/scaling/workers/worker-state-store.js';
import { WorkerWebhookQueue } from '../../src/scaling/workers/worker-webhook-queue.js';
import type { WorkerBusAddress } from '../../src/scaling/workers/worker-bus-address.js';
import { registerForClose } from './eventually.js';

/** A hub over a real socket, and the processes it wanted to be ended. */
export class BusHub {
  readonly silent: number[] = [];
  readonly hub: WorkerHub;
  address!: WorkerBusAddress;

  private constructor(options: Partial<WorkerHubOptions>) {
    this.hub = new WorkerHub({
      leaseMs: 10_000,
      bufferSize: 67_108_864,
      onSilent: (pid) => this.silent.push(pid),
      ...options,
    });
    registerForClose(() => this.hub.close());
  }

  static async start(options: Partial<WorkerHubOptions> = {}): Promise<BusHub> {
    const hub = new BusHub(options);
    hub.address = await hub.hub.listen();
    return hub;
  }

  /** Lets so many workers in, one after the other. */
  async join(count: number, options: PartialScalingOptions = {}): Promise<BusNode[]> {
    const nodes: BusNode[] = [];
    for (let i = 0; i < count; i++) nodes.push(await this.joinOne(options));
    return nodes;
  }

  async joinOne(options: PartialScalingOptions = {}): Promise<BusNode> {
    const node = new BusNode({ workerBus: this.address, ...options });
    await node.start();
    return node;
  }
}

/** What a user was said to be, although nobody called for it. */
export interface ToldStatus {
  readonly appId: string;
  readonly userId: string;
  readonly isOnline: boolean;
}

/** All drivers of one worker over one link, and what they were told. */
export class BusNode {
  readonly link: WorkerLink;
  readonly pubSub: WorkerPubSubProvider;
  readonly store: WorkerStateStore;
  readonly queue: WorkerWebhookQueue;
  readonly messages: ClusterMessage[] = [];
  readonly changes: MembersChange[] = [];
  readonly statuses: ToldStatus[] = [];
  readonly placeChanges: PlaceChange[] = [];
  restored = 0;
  lost = 0;
  private stopping?: Promise<unknown>;

  constructor(options: PartialScalingOptions) {
    const complete = completeScalingOptions(options);
    this.link = new WorkerLink(complete);
    this.pubSub = new WorkerPubSubProvider(this.link, complete);
    this.store = new WorkerStateStore(this.link);
    this.queue = new WorkerWebhookQueue(this.link);
    this.link.onLost(() => (this.lost += 1));
    this.pubSub.listen((message) => this.messages.push(message));
    this.store.listen({
      onMembersChanged: (change) => this.changes.push(change),
      onUserStatus: (appId, userId, isOnline) => this.statuses.push({ appId, userId, isOnline }),
      onPlaceChanged: (change) => this.placeChanges.push(change),
      onRestored: () => (this.restored += 1),
    });
    registerForClose(() => this.stop());
  }

  /** What Nest does when the application starts. */
  async start(): Promise<void> {
    await Promise.all([
      this.pubSub.onModuleInit(),
      this.store.onModuleInit(),
      this.queue.onModuleInit(),
    ]);
    this.queue.onApplicationBootstrap();
  }

  /** What Nest does at the end; a second call waits with the first. */
  stop(): Promise<unknown> {
    return (this.stopping ??= Promise.all([
      this.pubSub.onApplicationShutdown(),
      this.store.onApplicationShutdown(),
      this.queue.onApplicationShutdown(),
    ]));
  }

  /** As if the process had been killed: its end of the link is gone, and nothing was said. */
  crash(): void {
    this.link['socket']!.destroy();
  }

  /** The texts of the frames that arrived. */
  get texts(): string[] {
    return this.messages.map((message) =>
      message.type === 'frame' ? message.frame.toString() : message.type,
    );
  }

  /** Everybody who left or joined without a call, as `-id` and `+id`. */
  get moves(): string[] {
    return this.changes.flatMap(({ left, joined }) => [
      ...left.map((userId) => `-${userId}`),
      ...joined.map(({ userId }) => `+${userId}`),
    ]);
  }

  /** @returns the ids of those who are in a channel, sorted, as this node knows it */
  async members(appId: string, channel: string): Promise<string[]> {
    const roster = await this.store.roster(appId, channel);
    return Array.from(roster!.members, ({ userId }) => userId).sort();
  }
}
