import { ExpiringMap } from './expiring-map.js';
import { FixedWindow } from './fixed-window.js';
import {
  UNKNOWN_VERSION,
  type CachedEvent,
  type CachedEventWithTtl,
  type ChannelState,
  type Member,
} from './state-store.js';

/** A user in a presence channel, with its connections. */
interface Presence {
  readonly member: Member;
  readonly socketIds: Set<string>;
}

/** A presence channel. */
export class PresenceState {
  readonly users = new Map<string, Presence>();

  /** @param version see RosterVersion */
  constructor(public version: number) {}

  /** A copy: who joins or leaves later does not change it. */
  get members(): readonly Member[] {
    return Array.from(this.users.values(), ({ member }) => member);
  }

  /** @returns whether it is the user's first connection */
  add(socketId: string, member: Member): boolean {
    const user = this.users.get(member.userId);
    if (user !== undefined) {
      user.socketIds.add(socketId);
      return false;
    }
    this.users.set(member.userId, { member, socketIds: new Set([socketId]) });
    this.version++;
    return true;
  }

  /** @returns whether it was the user's last connection */
  remove(socketId: string, userId: string): boolean {
    const user = this.users.get(userId);
    if (user === undefined || !user.socketIds.delete(socketId) || user.socketIds.size > 0) {
      return false;
    }
    this.users.delete(userId);
    this.version++;
    return true;
  }
}

/** What one node knows of one application. */
export class ApplicationState {
  readonly connections = new Set<string>();
  /** How many of this node's connections are subscribed to a channel. */
  readonly subscriptions = new Map<string, number>();
  readonly presence = new Map<string, PresenceState>();
  /** Signed-in users, and their connections. */
  readonly users = new Map<string, Set<string>>();
  readonly cache: ExpiringMap<CachedEvent>;
  readonly answers: ExpiringMap<Promise<string>>;
  readonly buckets: ExpiringMap<FixedWindow>;
  /** The highest that a roster had which is empty now. */
  private lastVersion = 0;

  /** @param now milliseconds, a clock that never goes back */
  constructor(private readonly now: () => number) {
    this.cache = new ExpiringMap(now);
    this.answers = new ExpiringMap(now);
    this.buckets = new ExpiringMap(now);
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.cache.sweep();
    this.answers.sweep();
    this.buckets.sweep();
  }

  setSubscriptions(channel: string, count: number): void {
    if (count > 0) this.subscriptions.set(channel, count);
    else this.subscriptions.delete(channel);
  }

  /** @returns the channel, and whether it is the user's first connection; undefined when it is full */
  join(
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): { readonly state: PresenceState; readonly isFirst: boolean } | undefined {
    const state = this.presence.get(channel) ?? new PresenceState(this.beginVersion());
    const isNew = !state.users.has(member.userId);
    if (isNew && limit > 0 && state.users.size >= limit) return undefined;
    this.presence.set(channel, state);
    return { state, isFirst: state.add(socketId, member) };
  }

  /** @returns the version after it, and whether it was the user's last connection */
  leave(channel: string, socketId: string, userId: string) {
    const state = this.presence.get(channel);
    if (state === undefined) return { isLast: false, version: UNKNOWN_VERSION };
    const isLast = state.remove(socketId, userId);
    if (state.users.size === 0) this.forgetPresence(channel, state);
    return { isLast, version: state.version };
  }

  /** The version of a roster, never 0. One that is empty has not less than it ever had. */
  versionOf(channel: string): number {
    const state = this.presence.get(channel);
    if (state !== undefined) return state.version;
    return (this.lastVersion = this.beginVersion());
  }

  /** A user is in a channel no more, whatever connections it had there. */
  expel(channel: string, userId: string): void {
    const state = this.presence.get(channel);
    state?.users.delete(userId);
    if (state?.users.size === 0) this.forgetPresence(channel, state);
  }

  /** Ids of the users in a presence channel, each once. */
  userIds(channel: string): readonly string[] {
    return [...(this.presence.get(channel)?.users.keys() ?? [])];
  }

  /** The last event of a cache channel, while it is remembered. */
  cachedEvent(channel: string): CachedEventWithTtl | undefined {
    const cached = this.cache.get(channel);
    if (cached === undefined) return undefined;
    return { ...cached, ttlSeconds: Math.ceil(this.cache.remainingMs(channel) / 1000) };
  }

  channel(channel: string): ChannelState {
    return {
      channel,
      subscriptions: this.subscriptions.get(channel) ?? 0,
      users: this.presence.get(channel)?.users.size ?? 0,
    };
  }

  channels(prefix: string): readonly ChannelState[] {
    const states: ChannelState[] = [];
    for (const channel of this.subscriptions.keys()) {
      if (channel.startsWith(prefix)) states.push(this.channel(channel));
    }
    return states;
  }

  /** @returns whether it is the user's first connection */
  signIn(userId: string, socketId: string): boolean {
    const connections = this.users.get(userId);
    if (connections === undefined) this.users.set(userId, new Set([socketId]));
    else connections.add(socketId);
    return connections === undefined;
  }

  /** @returns whether it was the user's last connection */
  signOut(userId: string, socketId: string): boolean {
    const connections = this.users.get(userId);
    if (connections === undefined || !connections.delete(socketId)) return false;
    if (connections.size > 0) return false;
    this.users.delete(userId);
    return true;
  }

  once(key: string, ttlMs: number, makeAnswer: () => Promise<string>): Promise<string> {
    const former = this.answers.get(key);
    if (former !== undefined) return former;
    const answer = makeAnswer();
    // While it is being made it is waited for, however long that takes.
    this.answers.set(key, answer, Infinity);
    answer.then(
      () => this.answers.set(key, answer, ttlMs),
      () => this.answers.delete(key),
    );
    return answer;
  }

  take(bucket: string, amount: number, limit: number, windowMs: number): boolean {
    let window = this.buckets.get(bucket);
    if (window === undefined) {
      window = new FixedWindow();
      this.buckets.set(bucket, window, windowMs);
    }
    return window.take(amount, limit, windowMs, this.now());
  }

  private forgetPresence(channel: string, { version }: PresenceState): void {
    this.presence.delete(channel);
    this.lastVersion = Math.max(this.lastVersion, version);
  }

  /** Microseconds of the time of day: beyond any that was used before, by this process or another. */
  private beginVersion(): number {
    return Math.max(Date.now() * 1000, this.lastVersion);
  }
}

/** What one node knows of all applications. */
export class ApplicationStates {
  private readonly applications = new Map<string, ApplicationState>();

  /** @param now milliseconds, a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  get(appId: string): ApplicationState {
    let application = this.applications.get(appId);
    if (application === undefined) {
      application = new ApplicationState(this.now);
      this.applications.set(appId, application);
    }
    return application;
  }

  /** Forgets what has expired. */
  sweep(): void {
    for (const application of this.applications.values()) application.sweep();
  }

  /** None was asked for. */
  get isEmpty(): boolean {
    return this.applications.size === 0;
  }

  /** The applications that were asked for, by their ids. */
  entries(): IterableIterator<[string, ApplicationState]> {
    return this.applications.entries();
  }
}
