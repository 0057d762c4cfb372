import { ApplicationStates } from '../application-state.js';
import type {
  CachedEventWithTtl,
  ChannelState,
  JoinOutcome,
  LeaveOutcome,
  Member,
  Roster,
  RosterVersion,
} from '../state-store.js';
import { UserGraces } from '../user-graces.js';
import type { News } from './hub-news.js';

/** What one node holds. */
export class NodeHolding {
  /** By application. */
  readonly connections = new Map<string, number>();
  /** Subscriptions, members and users, each with the connections it has here. */
  readonly applications = new ApplicationStates();
  /** Members and users are taken back no more: they leave when the node has been gone for a while. */
  isHandedOver = false;

  constructor(readonly nodeId: string) {}
}

/**
 * What all nodes agree on. Each holds something: in the common state a user is there by the nodes that
 * hold it, as on a node it is there by its connections. Every step is done when it returns.
 */
export class HubState {
  private readonly applications: ApplicationStates;
  private readonly connections = new Map<string, number>();
  private readonly graces = new UserGraces();

  /**
   * @param tell called with what changed without a call
   * @param now milliseconds, a clock that never goes back
   */
  constructor(
    private readonly tell: (news: News) => void,
    now?: () => number,
  ) {
    this.applications = new ApplicationStates(now);
  }

  /** See StateStore. */
  openConnection(holding: NodeHolding, appId: string, limit: number): boolean {
    if (this.countConnections(appId) >= limit) return false;
    this.changeConnections(holding, appId, 1);
    return true;
  }

  /** So many connections more, or fewer. */
  changeConnections({ connections }: NodeHolding, appId: string, change: number): void {
    for (const counts of [connections, this.connections]) {
      const count = (counts.get(appId) ?? 0) + change;
      if (count > 0) counts.set(appId, count);
      else counts.delete(appId);
    }
  }

  /** See StateStore. */
  countConnections(appId: string): number {
    return this.connections.get(appId) ?? 0;
  }

  /** See StateStore. */
  setSubscriptions(holding: NodeHolding, appId: string, channel: string, count: number): void {
    const own = holding.applications.get(appId);
    const all = this.applications.get(appId);
    const former = own.subscriptions.get(channel) ?? 0;
    own.setSubscriptions(channel, count);
    all.setSubscriptions(channel, (all.subscriptions.get(channel) ?? 0) + count - former);
  }

  /** See StateStore. */
  join(
    { nodeId, applications }: NodeHolding,
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): JoinOutcome {
    const joined = this.applications.get(appId).join(channel, nodeId, member, limit);
    if (joined === undefined) return { isFull: true };
    applications.get(appId).join(channel, socketId, member, 0);
    return { isFull: false, isFirst: joined.isFirst, version: joined.state.version };
  }

  /** See StateStore. */
  leave(
    { nodeId, applications, isHandedOver }: NodeHolding,
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): LeaveOutcome {
    const all = this.applications.get(appId);
    const isLastHere =
      !isHandedOver && applications.get(appId).leave(channel, socketId, userId).isLast;
    if (!isLastHere) return { isLast: false, version: all.versionOf(channel) };
    return all.leave(channel, nodeId, userId);
  }

  /** See StateStore. */
  roster(appId: string, channel: string, known: RosterVersion | undefined): Roster | undefined {
    const all = this.applications.get(appId);
    const version = all.versionOf(channel);
    if (version === known) return undefined;
    return { version, members: all.presence.get(channel)?.members ?? [] };
  }

  /** See StateStore. */
  userIds(appId: string, channel: string): readonly string[] {
    return this.applications.get(appId).userIds(channel);
  }

  /** See StateStore. */
  channel(appId: string, channel: string): ChannelState {
    return this.applications.get(appId).channel(channel);
  }

  /** See StateStore. */
  channels(appId: string, prefix: string): readonly ChannelState[] {
    return this.applications.get(appId).channels(prefix);
  }

  /** See StateStore. */
  cacheEvent(
    appId: string,
    channel: string,
    event: string,
    data: string,
    ttlSeconds: number,
  ): void {
    this.applications.get(appId).cache.set(channel, { event, data }, ttlSeconds * 1000);
  }

  /** See StateStore. */
  cachedEvent(appId: string, channel: string): CachedEventWithTtl | undefined {
    return this.applications.get(appId).cachedEvent(channel);
  }

  /** See StateStore. */
  forgetCachedEvent(appId: string, channel: string): boolean {
    return this.applications.get(appId).cache.delete(channel);
  }

  /** See StateStore. */
  signIn(
    { nodeId, applications }: NodeHolding,
    appId: string,
    userId: string,
    socketId: string,
  ): boolean {
    applications.get(appId).signIn(userId, socketId);
    const isFirst = this.applications.get(appId).signIn(userId, nodeId);
    return isFirst && !this.graces.callOff(appId, userId);
  }

  /** See StateStore. */
  signOut(
    { nodeId, applications, isHandedOver }: NodeHolding,
    appId: string,
    userId: string,
    socketId: string,
    graceMs: number,
  ): void {
    if (isHandedOver || !applications.get(appId).signOut(userId, socketId)) return;
    if (!this.applications.get(appId).signOut(userId, nodeId)) return;
    this.graces.begin(appId, userId, graceMs, () => this.sayOffline(appId, userId));
  }

  /** See StateStore. */
  onlineUsers(appId: string, userIds: readonly string[]): readonly string[] {
    const { users } = this.applications.get(appId);
    return userIds.filter((userId) => users.has(userId) || this.graces.has(appId, userId));
  }

  /** See StateStore. */
  take(appId: string, bucket: string, amount: number, limit: number, windowMs: number): boolean {
    return this.applications.get(appId).take(bucket, amount, limit, windowMs);
  }

  /** A node is gone, and with it its connections and subscriptions. */
  dropConnections(holding: NodeHolding): void {
    for (const [appId, count] of holding.connections) {
      this.changeConnections(holding, appId, -count);
    }
    for (const [appId, { subscriptions }] of holding.applications.entries()) {
      for (const channel of subscriptions.keys()) this.setSubscriptions(holding, appId, channel, 0);
    }
  }

  /** A node is gone, and is missed now: its members leave, and its users are offline. */
  dropUsers({ nodeId, applications }: NodeHolding): void {
    for (const [appId, own] of applications.entries()) {
      const all = this.applications.get(appId);
      for (const [channel, { users }] of own.presence) {
        const left: string[] = [];
        let version = 0;
        for (const userId of users.keys()) {
          const outcome = all.leave(channel, nodeId, userId);
          if (outcome.isLast) left.push(userId);
          version = outcome.version;
        }
        const change = { appId, channel, version, left, joined: [] };
        if (left.length > 0) this.tell({ kind: 'members', change });
      }
      for (const userId of own.users.keys()) {
        if (all.signOut(userId, nodeId)) this.sayOffline(appId, userId);
      }
    }
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.applications.sweep();
  }

  /** Nobody is told of anything any more. */
  close(): void {
    this.graces.clear();
  }

  private sayOffline(appId: string, userId: string): void {
    this.tell({ kind: 'user', appId, userId, isOnline: false });
  }
}
