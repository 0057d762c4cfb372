import { withDefaults } from '../with-defaults.js';
import type { WorkerBusAddress } from './workers/worker-bus-address.js';

/** Token of the {@link ScalingOptions}, complete. */
export const SCALING_OPTIONS = Symbol('SCALING_OPTIONS');

/** One node of a Redis Cluster, or one sentinel. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Files of a TLS connection to Redis; all optional, the system's authorities are trusted without. */
export interface RedisTlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How to reach Redis. */
export interface RedisOptions {
  readonly host: string;
  readonly port: number;
  /** ACL user. */
  readonly username?: string;
  readonly password?: string;
  /** Number of the database; a Redis Cluster has none but 0. */
  readonly db: number;
  /** Present: the connection is TLS. */
  readonly tls?: RedisTlsFiles;
  /** For the driver `redis-sentinel`. */
  readonly sentinels: readonly RedisNode[];
  /** What the sentinels call the master. */
  readonly sentinelName: string;
  readonly sentinelPassword?: string;
  /** Seeds for the driver `redis-cluster`; `host` and `port` when none are named. */
  readonly clusterNodes: readonly RedisNode[];
}

/** How this node works together with others. */
export interface ScalingOptions {
  /** false: this node is alone, and needs nothing but itself. */
  readonly enabled: boolean;
  /** `redis`, `redis-cluster`, `redis-sentinel`, or the name of a driver given in `drivers`. */
  readonly driver: string;
  /** Prefix of topics and keys. */
  readonly prefix: string;
  /** Between two signs of life of a node; the dead are looked for as often. */
  readonly heartbeatSeconds: number;
  /** After which a silent node counts as dead; at least three heartbeats. */
  readonly leaseSeconds: number;
  /** How long the others may be out of reach before the node reports itself unready. */
  readonly timeoutSeconds: number;
  /** Cluster messages kept while the others are out of reach. */
  readonly bufferMessages: number;
  /** Bytes of cluster messages kept while the others are out of reach. */
  readonly bufferSize: number;
  readonly redis: RedisOptions;
  /**
   * Present: this process is one of several of one server, started by one that has a WorkerHub. Without
   * `enabled` they are one server through that; with it each of them is a node of the cluster.
   */
  readonly workerBus?: WorkerBusAddress;
}

/** What a host gives: all optional. */
export type PartialScalingOptions = Partial<Omit<ScalingOptions, 'redis'>> & {
  readonly redis?: Partial<RedisOptions>;
};

/** The options of a node that is alone. */
export const DEFAULT_SCALING_OPTIONS: ScalingOptions = Object.freeze({
  enabled: false,
  driver: 'redis',
  prefix: 'reverb',
  heartbeatSeconds: 2,
  leaseSeconds: 10,
  timeoutSeconds: 60,
  bufferMessages: 10_000,
  bufferSize: 67_108_864,
  redis: Object.freeze({
    host: '127.0.0.1',
    port: 6379,
    db: 0,
    sentinels: [],
    sentinelName: 'mymaster',
    clusterNodes: [],
  }),
});

/**
 * Completes options with the defaults; what is undefined counts as not given.
 * @throws RangeError when the lease is shorter than three heartbeats
 */
export function completeScalingOptions(options: PartialScalingOptions): ScalingOptions {
  const { redis = {}, ...rest } = options;
  const complete = {
    ...withDefaults<Omit<ScalingOptions, 'redis'>>(DEFAULT_SCALING_OPTIONS, rest),
    redis: withDefaults(DEFAULT_SCALING_OPTIONS.redis, redis),
  };
  if (complete.leaseSeconds / complete.heartbeatSeconds < 2.999) {
    throw new RangeError(
      `scaling.leaseSeconds is ${complete.leaseSeconds}, but has to be at least three times heartbeatSeconds, which is ${complete.heartbeatSeconds}.`,
    );
  }
  return complete;
}
