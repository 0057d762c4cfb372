import type { RosterVersion } from '../state-store.js';
import type { NodeReaper } from './membership-reaper.js';
import type { NodeDirectory } from './node-directory.js';
import type { StoreContext } from './store-context.js';
import type { BeatAnswer } from './store-scripts.js';

/** So that many deaths at once are shared among the survivors. */
const TASKS_PER_BEAT = 4;
/** How long a burial is told to those who were not heard for a while. */
const RECENT_MS = 120_000;
/** Without a sign of life of any node for more heartbeats than that, leases wait. */
const GAP_BEATS = 1.25;
/** News are shared by all who hear them in this time. */
const SOON_MS = 20;
const MARGIN_MS = 10;
/** How long after it was heard of a node may take to have its lease: it says that it is back before that. */
const LEASE_DUE_MS = 2_000;

/** What the state store does when the registry has news. */
export interface MembershipEvents {
  /** Redis does not know of a lease. */
  onLeaseLost(): void;
  /** A node died, perhaps before it could tell what it had done. */
  onNodeDied(): void;
}

/** What is known of another node. */
interface Peer {
  /** Nobody asks it any more. */
  readonly isLeaving: boolean;
  readonly hasDeparted: boolean;
}

/**
 * This node among the others: holds a lease, knows who else does, and buries the dead.
 */
export class Membership {
  private readonly live = new Map<string, Peer>();
  private dead = new Set<string>();
  /** All that were seen alive or dead, and not buried yet. */
  private readonly seen = new Map<string, Peer>();
  /** Those others spoke of, and when, until they are found to have a lease. */
  private readonly heardOf = new Map<string, number>();
  private isBeating = false;
  private isFilling = false;
  private isOpen = false;
  private nextBeat: NodeJS.Timeout | undefined;
  private nextBeatMs = Infinity;
  private lastRedisMicros = 0;
  private lastHeardMs = 0;

  constructor(
    private readonly context: StoreContext,
    private readonly directory: NodeDirectory,
    private readonly reaper: NodeReaper,
    private readonly events: MembershipEvents,
  ) {}

  /** The nodes that are alive and not about to go, this one first. */
  get nodes(): readonly string[] {
    return [this.context.nodeId, ...this.peers];
  }

  /** The others of them. */
  get peers(): readonly string[] {
    const peers: string[] = [];
    for (const [nodeId, { isLeaving }] of this.live) if (!isLeaving) peers.push(nodeId);
    return peers;
  }

  /** The others that are about to go, and have not gone. */
  get leaving(): readonly string[] {
    const leaving: string[] = [];
    for (const [nodeId, { isLeaving, hasDeparted }] of this.live) {
      if (isLeaving && !hasDeparted) leaving.push(nodeId);
    }
    return leaving;
  }

  /**
   * Asks who is alive now, for an answer that must not be older than its question.
   * @returns the others that are alive and not about to go
   * @throws when Redis cannot be asked
   */
  async readPeers(): Promise<readonly string[]> {
    const { link, keys, nodeId } = this.context;
    const [leases, , leaving] = keys.registry;
    const { commands } = link;
    const [live, going] = await Promise.all([
      commands.zrange(leases!, '0', '-1'),
      commands.hkeys(leaving!),
    ]);
    const peers = new Set(live);
    peers.delete(nodeId);
    for (const peer of going) peers.delete(peer);
    for (const peer of peers) if (!this.live.has(peer)) this.hear(peer);
    return [...peers];
  }

  /** The time of Redis in microseconds, as far as this process can tell; 0 if it was never heard. */
  get redisMicros(): RosterVersion {
    if (this.lastRedisMicros === 0) return 0;
    return this.lastRedisMicros + Math.round((performance.now() - this.lastHeardMs) * 1000);
  }

  /** Begins to listen to what others hear of nodes. */
  start(): void {
    this.isOpen = true;
    this.directory.onJoined((nodeId) => this.hear(nodeId));
    this.directory.onLeft((nodeId) => this.hearOfLeaving(nodeId));
  }

  stop(): void {
    this.isOpen = false;
    clearTimeout(this.nextBeat);
    this.nextBeatMs = Infinity;
  }

  /**
   * Begins a lease, under a new epoch.
   * @throws when Redis cannot be asked
   */
  async register(): Promise<void> {
    const { context } = this;
    const { scripts, keys, nodeId, leaseMs, ttlMs } = context;
    context.epoch += 1;
    const sentMs = performance.now();
    const args = [nodeId, context.epoch, leaseMs, ttlMs, this.gapMs];
    const [fate, redisMicros] = await scripts.register(keys.registry, ...args);
    // The first lease is none that was lost.
    context.fate = context.epoch === 1 && fate === 'lost' ? 'alive' : fate;
    context.leaseEndsMs = sentMs + leaseMs;
    this.heardRedis(redisMicros);
    if (context.fate === 'lost') this.seen.clear();
    await this.exchange();
  }

  /** Gives a sign of life, and learns who else does. Does nothing before the first registration. */
  async beat(): Promise<void> {
    if (this.isBeating || this.context.epoch === 0) return;
    this.isBeating = true;
    await this.context.attempt(() => this.exchange());
    this.isBeating = false;
  }

  /** Something is new, or will be: finds out. */
  beatSoon(delayMs = SOON_MS): void {
    const dueMs = performance.now() + delayMs;
    if (!this.isOpen || dueMs >= this.nextBeatMs) return;
    this.nextBeatMs = dueMs;
    clearTimeout(this.nextBeat);
    this.nextBeat = setTimeout(() => {
      this.nextBeatMs = Infinity;
      void this.beat();
    }, delayMs).unref();
  }

  private async exchange(): Promise<void> {
    const { scripts, keys, nodeId, epoch, leaseMs, ttlMs, heartbeatMs } = this.context;
    const sentMs = performance.now();
    const limits = [heartbeatMs * 2, TASKS_PER_BEAT, RECENT_MS];
    const args = [nodeId, epoch, leaseMs, ttlMs, this.gapMs, ...limits];
    const answer = await scripts.beat(keys.registry, ...args);
    if (epoch !== this.context.epoch) return;
    const [fate, redisMicros] = answer;
    if (fate !== 'alive') return this.events.onLeaseLost();
    this.context.leaseEndsMs = sentMs + leaseMs;
    this.heardRedis(redisMicros);
    this.learn(answer);
  }

  private learn([, , live, tasks, dead, buried]: BeatAnswer): void {
    this.live.clear();
    this.dead = new Set(dead);
    for (let i = 0; i < live.length; i += 3) {
      const [nodeId, leaseMs, how] = live.slice(i, i + 3) as [string, number, string];
      if (nodeId !== this.context.nodeId) this.meet(nodeId, leaseMs, how);
    }
    this.expectHeardOf(performance.now());
    this.fill();
    for (let i = 0; i < tasks.length; i += 2) {
      void this.bury(tasks[i]!, Number(tasks[i + 1]));
    }
    this.mourn(new Set(buried));
  }

  private expectHeardOf(nowMs: number): void {
    for (const [nodeId, heardMs] of this.heardOf) {
      if (this.live.has(nodeId) || nowMs - heardMs > LEASE_DUE_MS) this.heardOf.delete(nodeId);
      else this.meet(nodeId, 0, '');
    }
  }

  private meet(nodeId: string, leaseMs: number, how: string): void {
    const peer: Peer = { isLeaving: how !== '', hasDeparted: how === 'departed' };
    this.live.set(nodeId, peer);
    this.seen.set(nodeId, peer);
    // Who has gone in order is missed by nobody until then, and not a moment longer.
    if (peer.hasDeparted) this.beatSoon(leaseMs + MARGIN_MS);
  }

  private fill(): void {
    this.isFilling = true;
    this.directory.replace(this.peers);
    this.isFilling = false;
  }

  private async bury(nodeId: string, epoch: number): Promise<void> {
    if (await this.reaper.bury(nodeId, epoch)) this.beatSoon();
  }

  private mourn(buried: ReadonlySet<string>): void {
    let hasDied = false;
    for (const [nodeId, { hasDeparted }] of this.seen) {
      if (this.live.has(nodeId) || this.dead.has(nodeId)) continue;
      this.seen.delete(nodeId);
      if (buried.has(nodeId) && !hasDeparted) hasDied = true;
    }
    if (hasDied) this.events.onNodeDied();
  }

  /** Somebody spoke of a node: it is there at once, and the registry is asked. */
  private hear(nodeId: string): void {
    if (this.isFilling || nodeId === this.context.nodeId) return;
    this.heardOf.set(nodeId, performance.now());
    if (!this.live.has(nodeId)) this.meet(nodeId, 0, '');
    this.beatSoon();
  }

  private hearOfLeaving(nodeId: string): void {
    if (this.isFilling) return;
    this.heardOf.delete(nodeId);
    if (this.live.has(nodeId)) this.live.set(nodeId, { isLeaving: true, hasDeparted: false });
    this.beatSoon();
  }

  private heardRedis(redisMicros: number): void {
    this.lastRedisMicros = redisMicros;
    this.lastHeardMs = performance.now();
  }

  private get gapMs(): number {
    return Math.ceil(this.context.heartbeatMs * GAP_BEATS);
  }
}
