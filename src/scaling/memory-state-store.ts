import { randomBytes } from 'node:crypto';
import {
  Injectable,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import {
  addConnection,
  ApplicationStates,
  removeConnection,
  type ApplicationState,
} from './application-state.js';
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
  type StateListener,
} from './state-store.js';
import { UserGraces } from './user-graces.js';

const SWEEP_INTERVAL_MS = 10_000;

/** The driver of a node that is alone: answers at once, from memory. */
@Injectable()
export class MemoryStateStore
  extends StateStore
  implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown
{
  override readonly nodeId = randomBytes(8).toString('hex');
  private readonly applications = new ApplicationStates();
  private readonly leaving = new UserGraces();
  private readonly leavingPlaces = new UserGraces();
  private placeChanges = 0;
  private isHandedOver = false;
  private listener: StateListener | undefined;
  private sweeper: NodeJS.Timeout | undefined;

  onModuleInit(): void {
    this.sweeper = setInterval(() => this.applications.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
    this.leaving.clear();
  }

  /** Not earlier: until then places are left, and handed over. */
  onApplicationShutdown(): void {
    this.leavingPlaces.clear();
  }

  override get status(): 'alone' {
    return 'alone';
  }

  override get unreachableMs(): number {
    return 0;
  }

  override nodes(): readonly string[] {
    return [this.nodeId];
  }

  override listen(listener: StateListener): void {
    this.listener = listener;
  }

  /** There is nobody to hand over to: what is left from now on is left at once, as nobody could say so later. */
  override handOver(): void {
    this.isHandedOver = true;
    this.leavingPlaces.endAll();
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
    this.of(appId).setSubscriptions(channel, count);
  }

  override join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): JoinOutcome {
    const joined = this.of(appId).join(channel, socketId, member, limit);
    if (joined === undefined) return { isFull: true };
    return { isFull: false, isFirst: joined.isFirst, version: joined.state.version };
  }

  override leave(appId: string, channel: string, socketId: string, userId: string): LeaveOutcome {
    return this.of(appId).leave(channel, socketId, userId);
  }

  override roster(appId: string, channel: string, knownVersion?: number): Roster | undefined {
    const state = this.of(appId).presence.get(channel);
    const version = state?.version ?? UNKNOWN_VERSION;
    return version === knownVersion ? undefined : { version, members: state?.members ?? [] };
  }

  override userIds(appId: string, channel: string): readonly string[] {
    return this.of(appId).userIds(channel);
  }

  override channel(appId: string, channel: string): ChannelState {
    return this.of(appId).channel(channel);
  }

  override channels(appId: string, prefix: string): readonly ChannelState[] {
    return this.of(appId).channels(prefix);
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
    return this.of(appId).cachedEvent(channel);
  }

  override forgetCachedEvent(appId: string, channel: string): boolean {
    return this.of(appId).cache.delete(channel);
  }

  override signIn(appId: string, userId: string, socketId: string): boolean {
    const isFirst = this.of(appId).signIn(userId, socketId);
    return isFirst && !this.leaving.callOff(appId, userId);
  }

  override signOut(appId: string, userId: string, socketId: string, graceMs: number): void {
    if (!this.of(appId).signOut(userId, socketId)) return;
    this.leaving.begin(appId, userId, graceMs, () =>
      this.listener?.onUserStatus(appId, userId, false),
    );
  }

  override onlineUsers(appId: string, userIds: readonly string[]): readonly string[] {
    const { users } = this.of(appId);
    return userIds.filter((userId) => users.has(userId) || this.leaving.has(appId, userId));
  }

  override occupy(appId: string, place: string, socketId: string): PlaceChange | undefined {
    if (!addConnection(this.of(appId).places, place, socketId)) return undefined;
    if (this.leavingPlaces.callOff(appId, place)) return undefined;
    return this.changeOf(appId, place, true);
  }

  override vacate(appId: string, place: string, socketId: string, graceMs: number): void {
    if (!removeConnection(this.of(appId).places, place, socketId)) return;
    const tell = () => this.listener?.onPlaceChanged(this.changeOf(appId, place, false));
    if (this.isHandedOver) tell();
    else this.leavingPlaces.begin(appId, place, graceMs, tell);
  }

  override once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    return this.of(appId).once(key, ttlSeconds * 1000, makeAnswer);
  }

  override take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): boolean {
    return this.of(appId).take(bucket, amount, limit, windowMs);
  }

  private changeOf(appId: string, place: string, isOccupied: boolean): PlaceChange {
    return { appId, place, isOccupied, version: ++this.placeChanges };
  }

  private of(appId: string): ApplicationState {
    return this.applications.get(appId);
  }
}
