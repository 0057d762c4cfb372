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

/**
 * Counts the changes of a presence channel: every user who comes or goes adds one, so whoever knows
 * two versions knows whether a change is missing between them. Grows for ever, also over a time in
 * which the channel was empty or the store lost its data. 0: the store cannot be reached, and what
 * comes with it is what this node alone knows.
 */
export type RosterVersion = number;

/** The version of what only this node knows. */
export const UNKNOWN_VERSION: RosterVersion = 0;

/** How an attempt to join a presence channel ended. */
export type JoinOutcome =
  | { readonly isFull: true }
  | {
      readonly isFull: false;
      /** The user had no other connection in the channel, anywhere. */
      readonly isFirst: boolean;
      /** After the join. */
      readonly version: RosterVersion;
    };

/** How a connection left a presence channel. */
export interface LeaveOutcome {
  /** That was the user's last connection in the channel, anywhere. */
  readonly isLast: boolean;
  /** After the leave. */
  readonly version: RosterVersion;
}

/** Everybody in a presence channel, each user once. */
export interface Roster {
  readonly version: RosterVersion;
  readonly members: Iterable<Member>;
}

/** Users who came to a presence channel or left it. */
export interface MembersChange {
  readonly appId: string;
  readonly channel: string;
  /** After all of them. */
  readonly version: RosterVersion;
  /** Before those who joined. */
  readonly left: readonly string[];
  readonly joined: readonly Member[];
}

/** A place was taken by the first connection, or is left by the last one, of all nodes. */
export interface PlaceChange {
  readonly appId: string;
  readonly place: string;
  readonly isOccupied: boolean;
  /** A later change of the same place has a higher one. 0: this store does not know the order. */
  readonly version: number;
}

/**
 * Told of what changed although nobody called for it: a node died and was cleared away, a node came
 * back and said again what it holds, a grace ended. Of all nodes exactly one is told, and tells the
 * others; of `onRestored` every node is told for itself.
 */
export interface StateListener {
  onMembersChanged(change: MembersChange): void;
  /** The user has been gone for its grace, or its node has died; or is there again. */
  onUserStatus(appId: string, userId: string, isOnline: boolean): void;
  /** A place has been vacant for its grace, or its node has died; or it is taken, which could not be said before. */
  onPlaceChanged(change: PlaceChange): void;
  /**
   * The store was out of reach or lost its data, and is right again; or another node died, perhaps
   * before it could tell what it had done: what was read from the store may have changed.
   */
  onRestored(): void;
}

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

/** What a store did, since the start. */
export interface StateStoreCounters {
  /** Dead nodes this one has cleared away. */
  readonly reapedNodes: number;
  /** Times that this node said anew all that it holds. */
  readonly restores: number;
}

/**
 * PORT: what all nodes of a cluster must agree on.
 *
 * Every step is atomic over the cluster: of two nodes that join the same user at the same time,
 * exactly one learns that it was the first. All of it is about one application at a time. Nothing
 * here throws for what a client did. A store that cannot be reached throws nothing either: it answers
 * from what this node has told it, at once, and says so by its status; when it is back it makes up
 * for what was missed and calls `onRestored`.
 */
export abstract class StateStore {
  /** The name of this node, unique in the cluster and over time. */
  abstract readonly nodeId: string;

  /** `alone`: this driver knows no other node. `down`: the answers are those of this node alone. */
  abstract get status(): 'alone' | 'up' | 'down';

  /** Milliseconds since the other nodes could be reached last, 0 while they can. */
  abstract get unreachableMs(): number;

  /** The nodes that are alive, this one among them, as far as is known: no older than a heartbeat. */
  abstract nodes(): readonly string[];

  /**
   * The other nodes that are about to stop, and may still have connections, as far as is known. None,
   * as here: the driver does not know.
   */
  leavingNodes(): readonly string[] {
    return [];
  }

  /** Sets who is told. Called once, before anything else. */
  abstract listen(listener: StateListener): void;

  /**
   * This node is about to stop. Its members and users stay for {@link HAND_OVER_MS} after it is gone,
   * so that who comes back on another node was never away: they leave by themselves, not by calls.
   * Other nodes ask this one no more.
   */
  abstract handOver(): Awaitable<void>;

  /** Counts a connection in. @returns false when the application has `limit` of them already. */
  abstract openConnection(
    appId: string,
    socketId: string,
    limit: number | null,
  ): Awaitable<boolean>;

  abstract closeConnection(appId: string, socketId: string): Awaitable<void>;

  abstract countConnections(appId: string): Awaitable<number>;

  /**
   * Says how many of this node's connections are subscribed to a channel; 0 when the last one left.
   * Other nodes may see the number a moment later, this one sees it at once.
   */
  abstract setSubscriptions(appId: string, channel: string, count: number): Awaitable<void>;

  /** Joins a connection to a presence channel. `limit` 0 is none; it never keeps a member's further connections out. */
  abstract join(
    appId: string,
    channel: string,
    socketId: string,
    member: Member,
    limit: number,
  ): Awaitable<JoinOutcome>;

  abstract leave(
    appId: string,
    channel: string,
    socketId: string,
    userId: string,
  ): Awaitable<LeaveOutcome>;

  /**
   * Everybody in a presence channel: a copy, whoever comes and goes later. Undefined when the roster
   * still has the version that is known already.
   */
  abstract roster(
    appId: string,
    channel: string,
    knownVersion?: RosterVersion,
  ): Awaitable<Roster | undefined>;

  /** Ids of the users in a presence channel, each once. Read in pages, so who comes or goes meanwhile may be missing or not. */
  abstract userIds(appId: string, channel: string): Awaitable<readonly string[]>;

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

  /**
   * Forgets the last event of a cache channel, on all nodes.
   * @returns whether there was one; false while the store cannot be reached, though this node forgets
   * what it knows
   */
  abstract forgetCachedEvent(appId: string, channel: string): Awaitable<boolean>;

  /** @returns whether the user was offline: no other signed-in connection anywhere, and in no grace */
  abstract signIn(appId: string, userId: string, socketId: string): Awaitable<boolean>;

  /**
   * A signed-in connection is gone. When it was the user's last one anywhere, and none comes back for
   * `graceMs`, one node's `onUserStatus` says that the user is offline.
   */
  abstract signOut(
    appId: string,
    userId: string,
    socketId: string,
    graceMs: number,
  ): Awaitable<void>;

  /** Those of the users who are online, or in their grace, in the order asked. */
  abstract onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]>;

  /**
   * A connection takes a place: something of the application that is occupied as long as a connection
   * of any node is in it. What it is only the caller knows; the name may be any text.
   * @returns the change, when the place was vacant and in no grace. While the store cannot be reached
   * nothing is known, and undefined is returned: once it is back, one node's `onPlaceChanged` tells
   * what has changed.
   */
  abstract occupy(
    appId: string,
    place: string,
    socketId: string,
  ): Awaitable<PlaceChange | undefined>;

  /**
   * A connection leaves a place; one that was not in it changes nothing. When it was the last one
   * anywhere, and none comes for `graceMs`, one node's `onPlaceChanged` says that the place is vacant.
   */
  abstract vacate(appId: string, place: string, socketId: string, graceMs: number): Awaitable<void>;

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

  /** Takes `amount` out of what a bucket allows in the current window. @returns false when it is used up. */
  abstract take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): Awaitable<boolean>;

  /** For the metrics page. Undefined, as here: the driver does not count. */
  get counters(): StateStoreCounters | undefined {
    return undefined;
  }
}

/** How long a node that stopped in order is missed by nobody. */
export const HAND_OVER_MS = 3000;
