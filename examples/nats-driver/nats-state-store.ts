import { Inject, Injectable } from '@nestjs/common';
import {
  HAND_OVER_MS,
  SCALING_OPTIONS,
  StateStore,
  UNKNOWN_VERSION,
  type CachedEvent,
  type CachedEventWithTtl,
  type ChannelState,
  type JoinOutcome,
  type LeaveOutcome,
  type Member,
  type PlaceChange,
  type Roster,
  type ScalingOptions,
  type StateListener,
} from 'revurb';
import { NatsLink } from './nats-link.js';
import { Connections } from './state/connections.js';
import { EntryStore } from './state/entry-store.js';
import { inChunks } from './state/in-chunks.js';
import { Memories } from './state/memories.js';
import { Nodes } from './state/nodes.js';
import { Rosters } from './state/rosters.js';
import { Subscriptions } from './state/subscriptions.js';
import { PLACES, Users, USERS } from './state/users.js';
import { safePrefix } from './subject-token.js';

/** Names of channels that have a roster. */
const PRESENCE_PREFIX = 'presence-';

/**
 * Keeps what all nodes agree on in a key-value bucket of JetStream. Each of the parts below remembers
 * what this node holds: by that it answers while NATS is away, and from that the bucket is put right
 * when NATS is back.
 */
@Injectable()
export class NatsStateStore extends StateStore {
  override readonly nodeId: string;
  private readonly entries: EntryStore;
  private readonly nodeList: Nodes;
  private readonly connections: Connections;
  private readonly subscriptions: Subscriptions;
  private readonly rosters: Rosters;
  private readonly users: Users;
  private readonly places: Users;
  private readonly memories: Memories;
  /** What has to be told when NATS can be used: before that nobody would hear it. */
  private untold: ((listener: StateListener) => void)[] = [];
  private listener: StateListener | undefined;
  private hasBeenUp = false;
  private isDoubtful = false;
  private isHandedOver = false;

  constructor(
    private readonly link: NatsLink,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
  ) {
    super();
    const { nodeId } = link;
    this.nodeId = nodeId;
    this.entries = new EntryStore(link, options.prefix);
    this.nodeList = new Nodes(this.entries, link, leaseOptions(options), {
      onGone: () => this.reap(),
      onDisturbed: () => this.tell((listener) => listener.onRestored()),
      onBeat: () => this.tidy(),
    });
    this.connections = new Connections(this.entries, nodeId);
    this.subscriptions = new Subscriptions(this.entries, nodeId);
    this.rosters = new Rosters(this.entries, nodeId, (change) =>
      this.tell((listener) => listener.onMembersChanged(change)),
    );
    this.users = new Users(this.entries, nodeId, USERS, (appId, userId, isOnline) =>
      this.tell((listener) => listener.onUserStatus(appId, userId, isOnline)),
    );
    this.places = new Users(this.entries, nodeId, PLACES, (appId, place, isOccupied) =>
      this.tell((listener) =>
        listener.onPlaceChanged({ appId, place, isOccupied, version: UNKNOWN_VERSION }),
      ),
    );
    this.memories = new Memories(this.entries, nodeId, (other) => this.nodeList.has(other));
    link.onRestore(() => this.restore());
    link.onUp(() => this.begin());
    link.beforeClose(() => this.retire());
  }

  override get status(): 'up' | 'down' {
    return this.entries.isUsable ? 'up' : 'down';
  }

  override get unreachableMs(): number {
    return this.link.unreachableMs;
  }

  override nodes(): readonly string[] {
    return this.nodeList.ids;
  }

  override listen(listener: StateListener): void {
    this.listener = listener;
  }

  override async handOver(): Promise<void> {
    this.isHandedOver = true;
    await this.entries.ask(
      () => this.nodeList.leave(null),
      () => undefined,
    );
  }

  override openConnection(appId: string, socketId: string, limit: number | null) {
    return this.connections.open(appId, socketId, limit);
  }

  override closeConnection(appId: string, socketId: string): void {
    this.connections.close(appId, socketId);
  }

  override countConnections(appId: string): Promise<number> {
    return this.connections.count(appId);
  }

  override setSubscriptions(appId: string, channel: string, count: number): void {
    this.subscriptions.set(appId, channel, count);
  }

  override join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Promise<JoinOutcome> {
    return this.rosters.join({ appId, name: channel }, socketId, member, limit);
  }

  /** Who was handed over leaves by itself. */
  override async leave(
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): Promise<LeaveOutcome> {
    if (this.isHandedOver) return { isLast: false, version: UNKNOWN_VERSION };
    return this.rosters.leave({ appId, name: channel }, socketId, userId);
  }

  override roster(
    appId: string,
    channel: string,
    knownVersion?: number,
  ): Promise<Roster | undefined> {
    return this.rosters.roster({ appId, name: channel }, knownVersion);
  }

  override userIds(appId: string, channel: string): Promise<readonly string[]> {
    return this.rosters.userIds({ appId, name: channel });
  }

  override async channel(appId: string, channel: string): Promise<ChannelState> {
    const [subscriptions, users] = await Promise.all([
      this.subscriptions.count(appId, channel),
      this.countUsers(appId, channel),
    ]);
    return { channel, subscriptions, users };
  }

  override async channels(appId: string, prefix: string): Promise<readonly ChannelState[]> {
    const counts = await this.subscriptions.counts(appId, prefix);
    return inChunks(counts, async ([channel, subscriptions]) => {
      const users = await this.countUsers(appId, channel);
      return { channel, subscriptions, users };
    });
  }

  override cacheEvent(
    appId: string,
    channel: string,
    event: CachedEvent,
    ttlSeconds: number,
  ): Promise<void> {
    return this.memories.cacheEvent({ appId, name: channel }, event, ttlSeconds);
  }

  override cachedEvent(appId: string, channel: string): Promise<CachedEventWithTtl | undefined> {
    return this.memories.cachedEvent({ appId, name: channel });
  }

  override forgetCachedEvent(appId: string, channel: string): Promise<boolean> {
    return this.memories.forgetCachedEvent({ appId, name: channel });
  }

  override signIn(appId: string, userId: string, socketId: string): Promise<boolean> {
    return this.users.signIn({ appId, name: userId }, socketId);
  }

  override async signOut(
    appId: string,
    userId: string,
    socketId: string,
    graceMs: number,
  ): Promise<void> {
    if (!this.isHandedOver) await this.users.signOut({ appId, name: userId }, socketId, graceMs);
  }

  override onlineUsers(appId: string, userIds: readonly string[]): Promise<readonly string[]> {
    return this.users.online(appId, userIds);
  }

  override async occupy(
    appId: string,
    place: string,
    socketId: string,
  ): Promise<PlaceChange | undefined> {
    if (!(await this.places.signIn({ appId, name: place }, socketId))) return undefined;
    return { appId, place, isOccupied: true, version: UNKNOWN_VERSION };
  }

  override async vacate(
    appId: string,
    place: string,
    socketId: string,
    graceMs: number,
  ): Promise<void> {
    if (!this.isHandedOver) await this.places.signOut({ appId, name: place }, socketId, graceMs);
  }

  override once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    return this.memories.once({ appId, name: key }, ttlSeconds, makeAnswer);
  }

  override take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): Promise<boolean> {
    return this.memories.take({ appId, name: bucket }, amount, limit, windowMs);
  }

  private get holdings() {
    return [this.connections, this.subscriptions, this.rosters, this.users, this.places];
  }

  /** NATS is there: this node enters again, and makes the bucket say what it holds. */
  private async restore(): Promise<void> {
    await this.entries.open();
    await this.nodeList.register();
    for (const holdings of this.holdings) await holdings.reconcile();
    await this.memories.restore();
    if (this.hasBeenUp) await this.nodeList.disturb();
  }

  private begin(): void {
    const wasUp = this.hasBeenUp;
    this.hasBeenUp = true;
    this.isDoubtful = true;
    const untold = this.untold.splice(0);
    for (const tell of untold) this.tell(tell);
    if (wasUp) this.tell((listener) => listener.onRestored());
    this.sayTouched();
  }

  /** What changed since the restore looked at it; in this turn, so that it comes before what comes next. */
  private sayTouched(): void {
    for (const holdings of this.holdings) {
      holdings.settleTouched().catch((error: unknown) => this.entries.complain(error));
    }
  }

  private async tidy(): Promise<void> {
    this.sayTouched();
    await this.entries.clearAway();
    if (!this.isDoubtful) return;
    // Something of an earlier connection may have reached NATS after all, later than the restore.
    this.isDoubtful = false;
    await this.rosters.reconcile();
    await this.users.reconcile();
    await this.places.reconcile();
  }

  /** Nodes are gone: what they held is released, and told. */
  private async reap(): Promise<void> {
    for (const holdings of this.holdings) await holdings.reap(() => this.nodeList.readAll());
  }

  /** The last thing this node says. What was handed over stays for a while. */
  private async retire(): Promise<void> {
    this.nodeList.stop();
    this.users.stop();
    this.places.stop();
    this.memories.stop();
    if (!this.entries.isUsable) return;
    await Promise.all([this.connections.flush(), this.subscriptions.flush()]);
    await this.nodeList.leave(this.entries.clock.nowMs() + HAND_OVER_MS);
    await this.link.flush();
  }

  private tell(tell: (listener: StateListener) => void): void {
    if (this.link.status === 'restoring') this.untold.push(tell);
    else if (this.listener !== undefined) tell(this.listener);
  }

  private async countUsers(appId: string, channel: string): Promise<number> {
    if (!channel.startsWith(PRESENCE_PREFIX)) return 0;
    return this.rosters.count({ appId, name: channel });
  }
}

const leaseOptions = ({ heartbeatSeconds, leaseSeconds, prefix }: ScalingOptions) => ({
  heartbeatMs: heartbeatSeconds * 1000,
  leaseMs: leaseSeconds * 1000,
  subject: `${safePrefix(prefix)}.nodes`,
});
