import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ExpiringMap } from './expiring-map.js';
import { FixedWindow } from './fixed-window.js';
import {
  StateStore,
  type CachedEvent,
  type CachedEventWithTtl,
  type ChannelState,
  type JoinOutcome,
  type Member,
} from './state-store.js';

const SWEEP_INTERVAL_MS = 10_000;
/** How long a bucket lasts from its first use. */
const BUCKET_MS = 1000;

interface Presence {
  readonly member: Member;
  readonly socketIds: Set<string>;
}

/** What is known of one application. */
class ApplicationState {
  readonly connections = new Set<string>();
  readonly subscriptions = new Map<string, number>();
  readonly presence = new Map<string, Map<string, Presence>>();
  /** Signed-in users, and their connections. */
  readonly users = new Map<string, Set<string>>();
  readonly cache: ExpiringMap<CachedEvent>;
  readonly answers: ExpiringMap<Promise<string>>;
  readonly buckets: ExpiringMap<FixedWindow>;

  constructor(now: () => number) {
    this.cache = new ExpiringMap(now);
    this.answers = new ExpiringMap(now);
    this.buckets = new ExpiringMap(now);
  }

  sweep(): void {
    this.cache.sweep();
    this.answers.sweep();
    this.buckets.sweep();
  }
}

/** The driver of a node that is alone: answers at once, from memory. */
@Injectable()
export class MemoryStateStore extends StateStore implements OnModuleInit, OnModuleDestroy {
  private readonly applications = new Map<string, ApplicationState>();
  private readonly now = () => performance.now();
  private sweeper: NodeJS.Timeout | undefined;

  onModuleInit(): void {
    this.sweeper = setInterval(() => {
      for (const application of this.applications.values()) application.sweep();
    }, SWEEP_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
  }

  override openConnection(appId: string, socketId: string, limit: number | null): boolean {
    const { connections } = this.of(appId);
    if (limit !== null && connections.size >= limit) return false;
    connections.add(socketId);
    return true;
  }

  override closeConnection(appId: string, socketId: string): void {
    this.of(appId).connections.delete(socketId);
  }

  override countConnections(appId: string): number {
    return this.of(appId).connections.size;
  }

  override setSubscriptions(appId: string, channel: string, count: number): void {
    const { subscriptions } = this.of(appId);
    if (count > 0) subscriptions.set(channel, count);
    else subscriptions.delete(channel);
  }

  override join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): JoinOutcome {
    const { presence } = this.of(appId);
    const users = presence.get(channel) ?? new Map<string, Presence>();
    const former = users.get(member.userId);
    if (former === undefined && limit > 0 && users.size >= limit) return { isFull: true };
    if (former === undefined) {
      users.set(member.userId, { member, socketIds: new Set([socketId]) });
      presence.set(channel, users);
    } else {
      former.socketIds.add(socketId);
    }
    return { isFull: false, isFirst: former === undefined, members: membersOf(users) };
  }

  override leave(appId: string, channel: string, socketId: string, userId: string): boolean {
    const { presence } = this.of(appId);
    const users = presence.get(channel);
    const user = users?.get(userId);
    if (users === undefined || user === undefined || !user.socketIds.delete(socketId)) return false;
    if (user.socketIds.size > 0) return false;
    users.delete(userId);
    if (users.size === 0) presence.delete(channel);
    return true;
  }

  override members(appId: string, channel: string): Iterable<Member> {
    return membersOf(this.of(appId).presence.get(channel));
  }

  override channel(appId: string, channel: string): ChannelState {
    const { subscriptions, presence } = this.of(appId);
    return {
      channel,
      subscriptions: subscriptions.get(channel) ?? 0,
      users: presence.get(channel)?.size ?? 0,
    };
  }

  override channels(appId: string, prefix: string): readonly ChannelState[] {
    const states: ChannelState[] = [];
    for (const channel of this.of(appId).subscriptions.keys()) {
      if (channel.startsWith(prefix)) states.push(this.channel(appId, channel));
    }
    return states;
  }

  override cacheEvent(
    appId: string,
    channel: string,
    event: CachedEvent,
    ttlSeconds: number,
  ): void {
    this.of(appId).cache.set(channel, event, ttlSeconds * 1000);
  }

  override cachedEvent(appId: string, channel: string): CachedEventWithTtl | undefined {
    const { cache } = this.of(appId);
    const cached = cache.get(channel);
    if (cached === undefined) return undefined;
    return { ...cached, ttlSeconds: Math.ceil(cache.remainingMs(channel) / 1000) };
  }

  override signIn(appId: string, userId: string, socketId: string): boolean {
    const { users } = this.of(appId);
    const connections = users.get(userId);
    if (connections === undefined) users.set(userId, new Set([socketId]));
    else connections.add(socketId);
    return connections === undefined;
  }

  override signOut(appId: string, userId: string, socketId: string): boolean {
    const { users } = this.of(appId);
    const connections = users.get(userId);
    if (connections === undefined || !connections.delete(socketId)) return false;
    if (connections.size > 0) return false;
    users.delete(userId);
    return true;
  }

  override onlineUsers(appId: string, userIds: readonly string[]): readonly string[] {
    const { users } = this.of(appId);
    return userIds.filter((userId) => users.has(userId));
  }

  override once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const { answers } = this.of(appId);
    const former = answers.get(key);
    if (former !== undefined) return former;
    const answer = makeAnswer();
    // While it is being made it is waited for, however long that takes.
    answers.set(key, answer, Infinity);
    answer.then(
      () => answers.set(key, answer, ttlSeconds * 1000),
      () => answers.delete(key),
    );
    return answer;
  }

  override take(appId: string, bucket: string, amount: number, limitPerSecond: number): boolean {
    const { buckets } = this.of(appId);
    let window = buckets.get(bucket);
    if (window === undefined) buckets.set(bucket, (window = new FixedWindow()), BUCKET_MS);
    return window.take(amount, limitPerSecond, BUCKET_MS, this.now());
  }

  private of(appId: string): ApplicationState {
    let application = this.applications.get(appId);
    if (application === undefined) {
      application = new ApplicationState(this.now);
      this.applications.set(appId, application);
    }
    return application;
  }
}

/** A copy: who joins or leaves later does not change it. */
function membersOf(users: ReadonlyMap<string, Presence> = new Map()): readonly Member[] {
  return Array.from(users.values(), ({ member }) => member);
}
