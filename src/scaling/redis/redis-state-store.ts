import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Awaitable } from '../awaitable.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import {
  StateStore,
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
  type StateStoreCounters,
} from '../state-store.js';
import { NodeDirectory } from './node-directory.js';
import { RedisConnections } from './redis-connections.js';
import { StoreContext } from './store-context.js';
import { StoreLife } from './store-life.js';

/**
 * Keeps the state of the cluster in Redis. What this node was told is kept here as well, in a mirror:
 * that answers while Redis is away, and from that Redis is told what it missed when it is back.
 */
@Injectable()
export class RedisStateStore extends StateStore implements OnModuleInit, OnApplicationShutdown {
  private readonly context: StoreContext;
  private readonly life: StoreLife;

  constructor(
    link: RedisConnections,
    directory: NodeDirectory,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
  ) {
    super();
    this.context = new StoreContext(link, options);
    this.life = new StoreLife(this.context, directory);
  }

  async onModuleInit(): Promise<void> {
    this.life.start();
    await this.context.link.open();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.life.close();
    await this.context.link.close();
  }

  override get nodeId(): string {
    return this.context.nodeId;
  }

  override get status(): 'up' | 'down' {
    return this.context.isUp ? 'up' : 'down';
  }

  override get unreachableMs(): number {
    return this.life.unreachableMs;
  }

  override get counters(): StateStoreCounters {
    const { restores, reaper } = this.life;
    return { restores, reapedNodes: reaper.reapedNodes };
  }

  override nodes(): readonly string[] {
    return this.life.membership.nodes;
  }

  override leavingNodes(): readonly string[] {
    return this.life.membership.leaving;
  }

  override listen(listener: StateListener): void {
    this.context.listener = listener;
  }

  override handOver(): Promise<void> {
    return this.life.handOver();
  }

  override openConnection(
    appId: string,
    socketId: string,
    limit: number | null,
  ): Awaitable<boolean> {
    return this.life.connections.open(appId, socketId, limit);
  }

  override closeConnection(appId: string, socketId: string): Awaitable<void> {
    return this.life.connections.close(appId, socketId);
  }

  override countConnections(appId: string): Awaitable<number> {
    return this.life.connections.count(appId);
  }

  override setSubscriptions(appId: string, channel: string, count: number): void {
    this.life.subscriptions.set(appId, channel, count);
  }

  override join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Awaitable<JoinOutcome> {
    return this.life.presence.join(appId, channel, socketId, member, limit);
  }

  override leave(
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): Awaitable<LeaveOutcome> {
    return this.life.presence.leave(appId, channel, socketId, userId);
  }

  override roster(
    appId: string,
    channel: string,
    knownVersion?: RosterVersion,
  ): Awaitable<Roster | undefined> {
    return this.life.reader.roster({ appId, channel }, knownVersion);
  }

  override userIds(appId: string, channel: string): Awaitable<readonly string[]> {
    return this.life.reader.userIds({ appId, channel });
  }

  override channel(appId: string, channel: string): Awaitable<ChannelState> {
    return this.life.channels.channel(appId, channel);
  }

  override channels(appId: string, prefix: string): Awaitable<readonly ChannelState[]> {
    return this.life.channels.channels(appId, prefix);
  }

  override cacheEvent(
    appId: string,
    channel: string,
    event: CachedEvent,
    ttlSeconds: number,
  ): Awaitable<void> {
    return this.life.events.write(appId, channel, event, ttlSeconds);
  }

  override cachedEvent(appId: string, channel: string): Awaitable<CachedEventWithTtl | undefined> {
    return this.life.events.read(appId, channel);
  }

  override forgetCachedEvent(appId: string, channel: string): Awaitable<boolean> {
    return this.life.events.forget(appId, channel);
  }

  override signIn(appId: string, userId: string, socketId: string): Awaitable<boolean> {
    return this.life.users.signIn(appId, userId, socketId);
  }

  override signOut(
    appId: string,
    userId: string,
    socketId: string,
    graceMs: number,
  ): Awaitable<void> {
    return this.life.users.signOut(appId, userId, socketId, graceMs);
  }

  override onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]> {
    return this.life.users.onlineUsers(appId, userIds);
  }

  override occupy(
    appId: string,
    place: string,
    socketId: string,
  ): Awaitable<PlaceChange | undefined> {
    return this.life.places.occupy(appId, place, socketId);
  }

  override vacate(
    appId: string,
    place: string,
    socketId: string,
    graceMs: number,
  ): Awaitable<void> {
    return this.life.places.vacate(appId, place, socketId, graceMs);
  }

  override once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    return this.life.answers.once(appId, key, ttlSeconds, makeAnswer);
  }

  override take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): Awaitable<boolean> {
    return this.life.buckets.take(appId, bucket, amount, limit, windowMs);
  }
}
