import type { NatsLink } from '../nats-link.js';
import { unchanged, type Command } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { LeaseWatch } from './lease-watch.js';
import {
  beat,
  leave,
  nextGeneration,
  REGISTRY,
  REGISTRY_SUBJECT,
  strikeOff,
  type Registry,
} from './registry.js';

/** How often nodes give a sign of life, and when they count as dead. */
export interface LeaseOptions {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  /** Nodes tell each other there that one came or goes. */
  readonly subject: string;
}

/** Acts on what the nodes show. */
export interface NodesListener {
  /** Nodes are gone: what they held has to be released. Of all nodes one is told. */
  onGone(): Promise<void>;
  /** Something may have changed that nobody told of. */
  onDisturbed(): void;
  /** This node gave a sign of life, and NATS answered. */
  onBeat(): Promise<void>;
}

/** The nodes of the cluster, as this one sees them: it gives signs of life, and finds the dead. */
export class Nodes {
  private readonly watch: LeaseWatch;
  private readonly leaseEnds = new Map<string, NodeJS.Timeout>();
  /** Those that are not about to stop. */
  private live: readonly string[] = [];
  private known: ReadonlySet<string> = new Set();
  private generation: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isBeating = false;
  private isTending = false;

  constructor(
    private readonly entries: EntryStore,
    private readonly link: NatsLink,
    private readonly options: LeaseOptions,
    private readonly listener: NodesListener,
  ) {
    this.watch = new LeaseWatch(Math.ceil(options.leaseMs / options.heartbeatMs));
    link.onDown(() => this.stop());
  }

  /** Those that are alive and stay so. Without NATS only this one is known to be. */
  get ids(): readonly string[] {
    return this.entries.isUsable ? this.live : [this.link.nodeId];
  }

  /** Whether a node is there, if only to stop. */
  has(nodeId: string): boolean {
    return this.known.has(nodeId);
  }

  /** Enters this node, which has to be done before it holds anything. From now on it gives signs of life. */
  async register(): Promise<void> {
    this.watch.forget();
    const callback = () => void this.lookAgain();
    this.link.connection.subscribe(this.options.subject, { callback });
    const { registry } = await this.renew();
    this.note(registry);
    this.tellOthers();
    this.timer = setInterval(() => void this.beat(), this.options.heartbeatMs).unref();
  }

  /** This node was away: the others may have missed something of it. */
  async disturb(): Promise<void> {
    this.generation = await this.change(nextGeneration);
    this.tellOthers();
  }

  /** Gives no sign of life any more. */
  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const timer of this.leaseEnds.values()) clearTimeout(timer);
    this.leaseEnds.clear();
  }

  /** This node is about to stop; or has, and is missed from a moment on. */
  async leave(endMs: number | null): Promise<void> {
    await this.change(leave(this.link.nodeId, endMs));
    this.tellOthers();
  }

  /** All that may hold something: also those that have stopped, until they are missed. */
  readAll(): Promise<ReadonlySet<string>> {
    return this.change(({ nodes }) => unchanged(new Set(nodes.keys())));
  }

  private async renew() {
    const sentMs = performance.now();
    const outcome = await this.change(beat(this.link.nodeId));
    this.entries.leaseEnd = sentMs + this.options.leaseMs;
    await this.entries.syncClock(REGISTRY, REGISTRY_SUBJECT);
    return outcome;
  }

  private async beat(): Promise<void> {
    if (this.isBeating || this.timer === undefined) return;
    this.isBeating = true;
    await this.safely(async () => {
      const { wasMissing, registry } = await this.renew();
      if (wasMissing) throw new Error('NATS does not know this node any more.');
      this.note(registry);
      const beats = new Map(Array.from(registry.nodes, ([nodeId, lease]) => [nodeId, lease.beat]));
      // Not waited for: it may take longer than the lease.
      if (this.link.status === 'up') void this.tend(registry, this.watch.observe(beats));
    });
    this.isBeating = false;
  }

  /** Strikes off who is dead, or has stopped for long enough, and does what has to be done now and then. */
  private async tend({ nodes }: Registry, dead: readonly string[]): Promise<void> {
    if (this.isTending) return;
    this.isTending = true;
    const hasStopped = (nodeId: string) => nodes.get(nodeId)?.endMs !== null;
    const nowMs = this.entries.clock.nowMs();
    const over = [...nodes].filter(([, { endMs }]) => endMs !== null && endMs <= nowMs);
    const gone = [
      ...dead.filter((nodeId) => !hasStopped(nodeId)),
      ...over.map(([nodeId]) => nodeId),
    ];
    await this.safely(async () => {
      if (gone.length > 0) await this.bury(nodes, gone, hasStopped);
      await this.listener.onBeat();
    });
    this.isTending = false;
  }

  private async bury(
    nodes: Registry['nodes'],
    gone: readonly string[],
    hasStopped: (nodeId: string) => boolean,
  ): Promise<void> {
    const beats = gone.map((nodeId) => [nodeId, nodes.get(nodeId)!.beat] as const);
    const struckOff = await this.change(strikeOff(new Map(beats)));
    if (struckOff.length === 0) return;
    await this.listener.onGone();
    if (!struckOff.every(hasStopped)) await this.change(nextGeneration);
    this.tellOthers();
  }

  /** Another node has something to tell, or has stopped for long enough. */
  private async lookAgain(): Promise<void> {
    if (this.timer === undefined) return;
    await this.safely(async () => {
      const registry = await this.change((each) => unchanged(each));
      this.note(registry);
      if (this.link.status === 'up') await this.tend(registry, []);
    });
  }

  private async safely(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.entries.complain(error);
    }
  }

  private change<Answer>(command: Command<Registry, Answer>): Promise<Answer> {
    return this.entries.change(REGISTRY, REGISTRY_SUBJECT, command);
  }

  private note({ nodes, generation }: Registry): void {
    this.known = new Set(nodes.keys());
    this.live = [...nodes].filter(([, { isLeaving }]) => !isLeaving).map(([nodeId]) => nodeId);
    for (const [nodeId, { endMs }] of nodes) {
      if (endMs === null || this.leaseEnds.has(nodeId)) continue;
      const restMs = Math.max(0, endMs - this.entries.clock.nowMs());
      const timer = setTimeout(() => void this.lookAgain(), restMs + 1).unref();
      this.leaseEnds.set(nodeId, timer);
    }
    const isNews = this.generation !== undefined && this.generation !== generation;
    this.generation = generation;
    if (isNews && this.link.status === 'up') this.listener.onDisturbed();
  }

  private tellOthers(): void {
    this.link.connection.publish(this.options.subject);
  }
}
