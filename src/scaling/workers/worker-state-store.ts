import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { andThen, type Awaitable } from '../awaitable.js';
import {
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
  type RosterVersion,
  type StateListener,
} from '../state-store.js';
import { readMember, writeMember, type MembersChangeText } from './bus-protocol.js';
import { OneAtATime } from './one-at-a-time.js';
import { WorkerAnswers } from './worker-answers.js';
import { WorkerCounts } from './worker-counts.js';
import { WorkerLink } from './worker-link.js';

/**
 * Asks the hub, which knows what all processes hold. Without a link it knows nothing and nobody: the
 * process has to end then, and the hub has cleared away what it held.
 */
@Injectable()
export class WorkerStateStore extends StateStore implements OnModuleInit, OnApplicationShutdown {
  private readonly counts: WorkerCounts;
  private readonly answers: WorkerAnswers;
  /** What may have answers of many megabytes. */
  private readonly long = new OneAtATime();
  private others: readonly string[] = [];
  private leaving: readonly string[] = [];
  private listener: StateListener | undefined;
  /** News that were passed on in this turn. */
  private told = 0;

  constructor(private readonly link: WorkerLink) {
    super();
    this.counts = new WorkerCounts(link);
    this.answers = new WorkerAnswers(link);
    link.listen({
      nodes: (nodes, leaving) => {
        this.others = nodes.filter((nodeId) => nodeId !== link.nodeId);
        this.leaving = leaving.filter((nodeId) => nodeId !== link.nodeId);
      },
      membersChanged: (change) => this.pass(() => this.tellMembers(change)),
      userStatus: (...status) => this.pass(() => this.listener?.onUserStatus(...status)),
      placeChanged: (change) => this.pass(() => this.listener?.onPlaceChanged(change)),
      death: () => this.pass(() => undefined),
      restored: () => this.listener?.onRestored(),
    });
  }

  onModuleInit(): Promise<void> {
    return this.link.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.link.close();
  }

  override get nodeId(): string {
    return this.link.nodeId;
  }

  override get status(): 'up' | 'down' {
    return this.link.status === 'up' ? 'up' : 'down';
  }

  override get unreachableMs(): number {
    return this.link.unreachableMs;
  }

  override nodes(): readonly string[] {
    return this.link.isOver ? [this.nodeId] : [this.nodeId, ...this.others];
  }

  override leavingNodes(): readonly string[] {
    return this.link.isOver ? [] : this.leaving;
  }

  override listen(listener: StateListener): void {
    this.listener = listener;
  }

  override handOver(): Awaitable<void> {
    return andThen(this.link.ask(null, 'handOver'), () => undefined);
  }

  override openConnection(
    appId: string,
    socketId: string,
    limit: number | null,
  ): Awaitable<boolean> {
    if (limit === null) {
      this.counts.open(appId, socketId);
      return true;
    }
    const own = this.counts.connectionsOf(appId);
    // Whose place others wait for has to be given up before.
    this.counts.tell();
    return andThen(this.link.ask(own.size < limit, 'openConnection', appId, limit), (isLetIn) => {
      if (isLetIn) own.add(socketId);
      return isLetIn;
    });
  }

  override closeConnection(appId: string, socketId: string): void {
    this.counts.close(appId, socketId);
  }

  override countConnections(appId: string): Awaitable<number> {
    this.counts.tell();
    const own = this.counts.connectionsOf(appId).size;
    return this.link.ask(own, 'countConnections', appId);
  }

  override setSubscriptions(appId: string, channel: string, count: number): void {
    this.counts.setSubscriptions(appId, channel, count);
  }

  override join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Awaitable<JoinOutcome> {
    const ifLost = { isFull: false, isFirst: false, version: UNKNOWN_VERSION } as const;
    return this.link.ask(ifLost, 'join', appId, channel, socketId, writeMember(member), limit);
  }

  override leave(
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): Awaitable<LeaveOutcome> {
    const ifLost = { isLast: false, version: UNKNOWN_VERSION };
    return this.link.ask(ifLost, 'leave', appId, channel, socketId, userId);
  }

  override roster(
    appId: string,
    channel: string,
    knownVersion?: RosterVersion,
  ): Awaitable<Roster | undefined> {
    const known = knownVersion ?? null;
    const asked = this.long.ask(`roster ${appId} ${channel} ${known}`, () =>
      this.link.ask([UNKNOWN_VERSION, []], 'roster', appId, channel, known),
    );
    return andThen(asked, (roster) => {
      if (roster === null) return undefined;
      const [version, members] = roster;
      return { version, members: members.map(readMember) };
    });
  }

  override userIds(appId: string, channel: string): Awaitable<readonly string[]> {
    return this.long.ask(`userIds ${appId} ${channel}`, () =>
      this.link.ask([], 'userIds', appId, channel),
    );
  }

  override channel(appId: string, channel: string): Awaitable<ChannelState> {
    this.counts.tell();
    const ifLost = { channel, subscriptions: 0, users: 0 };
    return this.link.ask(ifLost, 'channel', appId, channel);
  }

  override channels(appId: string, prefix: string): Awaitable<readonly ChannelState[]> {
    return this.long.ask(`channels ${appId} ${prefix}`, () => {
      this.counts.tell();
      return this.link.ask([], 'channels', appId, prefix);
    });
  }

  override cacheEvent(
    appId: string,
    channel: string,
    { event, data }: CachedEvent,
    ttlSeconds: number,
  ): Awaitable<void> {
    const asked = this.link.ask(null, 'cacheEvent', appId, channel, event, data, ttlSeconds);
    return andThen(asked, () => undefined);
  }

  override cachedEvent(appId: string, channel: string): Awaitable<CachedEventWithTtl | undefined> {
    const asked = this.link.ask(null, 'cachedEvent', appId, channel);
    return andThen(asked, (cached) => cached ?? undefined);
  }

  override forgetCachedEvent(appId: string, channel: string): Awaitable<boolean> {
    return this.link.ask(false, 'forgetCachedEvent', appId, channel);
  }

  override signIn(appId: string, userId: string, socketId: string): Awaitable<boolean> {
    return this.link.ask(false, 'signIn', appId, userId, socketId);
  }

  override signOut(
    appId: string,
    userId: string,
    socketId: string,
    graceMs: number,
  ): Awaitable<void> {
    const asked = this.link.ask(null, 'signOut', appId, userId, socketId, graceMs);
    return andThen(asked, () => undefined);
  }

  override onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]> {
    return this.link.ask([], 'onlineUsers', appId, userIds);
  }

  override occupy(
    appId: string,
    place: string,
    socketId: string,
  ): Awaitable<PlaceChange | undefined> {
    const asked = this.link.ask(null, 'occupy', appId, place, socketId);
    return andThen(asked, (change) => change ?? undefined);
  }

  override vacate(
    appId: string,
    place: string,
    socketId: string,
    graceMs: number,
  ): Awaitable<void> {
    const asked = this.link.ask(null, 'vacate', appId, place, socketId, graceMs);
    return andThen(asked, () => undefined);
  }

  override once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    return this.answers.once(appId, key, ttlSeconds, makeAnswer);
  }

  override take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): Awaitable<boolean> {
    return this.link.ask(true, 'take', appId, bucket, amount, limit, windowMs);
  }

  private tellMembers(change: MembersChangeText): void {
    this.listener?.onMembersChanged({ ...change, joined: change.joined.map(readMember) });
  }

  /** The hub hears of it behind what was said meanwhile, and else would have another worker pass it on. */
  private pass(tell: () => void): void {
    if (this.told === 0) {
      this.link.atTurnEnd(() => {
        this.link.say('told', this.told);
        this.told = 0;
        return undefined;
      });
    }
    this.told += 1;
    tell();
  }
}
