import type { Awaitable } from './awaitable.js';

/** A user in a presence channel. */
export interface Member {
  /** The id as a string: what members are compared by. */
  readonly userId: string;
  /** The id in the JSON type it came in. */
  readonly id: string | number;
  /** `user_info` as JSON text, undefined if it was not given. */
  readonly userInfo: string | undefined;
}

/** How an attempt to join a presence channel ended. */
export type JoinOutcome =
  | { readonly isFull: true }
  | {
      readonly isFull: false;
      /** The user had no other connection in the channel, anywhere. */
      readonly isFirst: boolean;
      /** Everybody in the channel, the joiner among them. */
      readonly members: Iterable<Member>;
    };

/** What the cluster knows of an occupied channel. */
export interface ChannelState {
  readonly channel: string;
  readonly subscriptions: number;
  /** Unique users; 0 unless it is a presence channel. */
  readonly users: number;
}

/** The last event of a cache channel. */
export interface CachedEvent {
  readonly event: string;
  readonly data: string;
}

/** A cached event, and how long it will be remembered. */
export interface CachedEventWithTtl extends CachedEvent {
  readonly ttlSeconds: number;
}

/**
 * PORT: what all nodes of a cluster must agree on.
 *
 * Every step is atomic over the cluster: of two nodes that join the same user at the same time,
 * exactly one learns that it was the first. All of it is about one application at a time. Nothing
 * here throws for what a client did; an error means that the store cannot be reached.
 */
export abstract class StateStore {
  /** Counts a connection in. @returns false when the application has `limit` of them already. */
  abstract openConnection(
    appId: string,
    socketId: string,
    limit: number | null,
  ): Awaitable<boolean>;

  abstract closeConnection(appId: string, socketId: string): Awaitable<void>;

  abstract countConnections(appId: string): Awaitable<number>;

  /** Says how many of this node's connections are subscribed to a channel; 0 when the last one left. */
  abstract setSubscriptions(appId: string, channel: string, count: number): Awaitable<void>;

  /** Joins a connection to a presence channel. `limit` 0 is none; it never keeps a member's further connections out. */
  abstract join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Awaitable<JoinOutcome>;

  /** @returns whether that was the user's last connection in the channel, anywhere */
  abstract leave(
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): Awaitable<boolean>;

  /** Everybody in a presence channel. */
  abstract members(appId: string, channel: string): Awaitable<Iterable<Member>>;

  /** The state of one channel, all zero when nobody is subscribed. */
  abstract channel(appId: string, channel: string): Awaitable<ChannelState>;

  /** The state of all occupied channels whose name starts with `prefix`. */
  abstract channels(appId: string, prefix: string): Awaitable<readonly ChannelState[]>;

  /** Remembers the last event of a cache channel. */
  abstract cacheEvent(
    appId: string,
    channel: string,
    event: CachedEvent,
    ttlSeconds: number,
  ): Awaitable<void>;

  abstract cachedEvent(appId: string, channel: string): Awaitable<CachedEventWithTtl | undefined>;

  /** @returns whether the user had no other signed-in connection, anywhere */
  abstract signIn(appId: string, userId: string, socketId: string): Awaitable<boolean>;

  /** @returns whether that was the user's last signed-in connection, anywhere */
  abstract signOut(appId: string, userId: string, socketId: string): Awaitable<boolean>;

  /** Those of the users who have a signed-in connection anywhere, in the order asked. */
  abstract onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]>;

  /**
   * Gives the answer that was given to the same key before, or makes and remembers it. Who asks
   * while it is being made waits for it. An answer that fails to be made is not remembered.
   */
  abstract once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string>;

  /** Takes `amount` out of what a bucket allows in the current second. @returns false when it is used up. */
  abstract take(
    appId: string,
    bucket: string,
    amount: number,
    limitPerSecond: number,
  ): Awaitable<boolean>;
}
