import type { Cluster, Redis } from 'ioredis';

/** `restoring`: Redis is there again, and what was missed is being made up for. */
export type LinkStatus = 'down' | 'restoring' | 'up';

/**
 * One Lua script, run by Redis as one step: all keys share a hash tag, `ARGV` holds the rest as text or
 * bytes; answers as the script returns them, text as strings. Two calls in one turn or in two arrive at
 * Redis in the order of the calls (but for a Cluster that is moving slots: when it has done so, the link
 * goes down once for the steps of `onRestore`). Rejects at once while Redis is away. An answer that says that Redis
 * cannot be worked with (READONLY, NOPERM, OOM, NOSCRIPT ...) also takes the link down, see
 * {@link RedisLink.fail}: the caller answers from what it knows itself, and catches up in `onRestore`.
 */
export type RedisScript<Answer> = (
  keys: readonly string[],
  ...args: readonly (string | number | Buffer)[]
) => Promise<Answer>;

/** Listens to topics, whether Redis is one server or a Cluster (where Pub/Sub is sharded). */
export interface RedisSubscriber {
  /** Resolves when Redis listens for every topic; rejects when the link goes down before. Any number of topics. */
  subscribe(topics: readonly string[]): Promise<void>;
  /** Resolves when Redis has forgotten the topics; rejects when the link goes down before. */
  unsubscribe(topics: readonly string[]): Promise<void>;
  /** Called for each message, in the order of Redis. To be called once, at any time, also before `open`. */
  onMessage(listener: (topic: string, payload: Buffer) => void): void;
}

/** The connections of this node to Redis, shared by the two drivers, and whether they can be used. */
export interface RedisLink {
  /** The name of this node: 16 hexadecimal digits, new with every process. */
  readonly nodeId: string;
  readonly status: LinkStatus;
  /** Milliseconds since the status was `up` last, or since the start; 0 while it is. */
  readonly unreachableMs: number;
  /** A Redis Cluster: keys of one script share a hash tag, publishing is `spublish`. */
  readonly isCluster: boolean;
  /**
   * For everything but subscribing and scripts. Commands fail at once while Redis is away; none is sent
   * twice. Another client after each outage: to be read anew for each use, never kept. Commands called
   * in one turn travel together and in order; `pipeline()` and `multi()` do not work across the slots of
   * a Cluster, and are not needed.
   */
  readonly commands: Redis | Cluster;
  /** Nothing is subscribed again by itself after an outage: that is work for `onRestore`. */
  readonly subscriber: RedisSubscriber;
  /** Prefix of topics and keys, from the options. */
  readonly prefix: string;
  /**
   * A script to be called whenever the link is not down, `onRestore` included. To be defined before
   * `open`: what is defined is loaded into every server before the first step of `onRestore`. A server
   * that forgets its scripts under way (SCRIPT FLUSH) counts as one that lost its data: the link goes
   * down, and the scripts are loaded and the steps of `onRestore` run again. So no two calls change places.
   */
  defineScript<Answer>(lua: string): RedisScript<Answer>;
  /**
   * Work to be done each time Redis is there again, before the status is `up`, in the order of these
   * calls. Should it fail, the connections are dropped and everything begins again.
   */
  onRestore(step: () => Promise<void>): void;
  /** Called in the turn in which the status becomes `up`. */
  onUp(listener: () => void): void;
  /**
   * Called in the turn in which the status leaves `up` or `restoring`, before anything else is sent, and
   * before the commands under way reject. Not called by `close`.
   */
  onDown(listener: () => void): void;
  /** A command failed in a way that says that Redis cannot be worked with: the link is down now, and comes back by itself. */
  fail(reason: Error): void;
  /** Begins to connect; a second call waits with the first. Resolves when the status is `up`, or after a second. */
  open(): Promise<void>;
  /**
   * For ever, once everybody who opened it has closed it. What was sent before is answered first, for a
   * second at most.
   */
  close(): Promise<void>;
}
