import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type ClusterOptions, type RedisOptions as ClientOptions } from 'ioredis';
import { LinkConnector } from './link-connector.js';
import type { RedisNode, RedisOptions, RedisTlsFiles, ScalingOptions } from '../scaling.options.js';

/** One server, one master named by sentinels, or a Cluster. */
export type RedisKind = 'standalone' | 'sentinel' | 'cluster';

const CONNECT_TIMEOUT_MS = 3_000;

/** A server that moved a slot says so itself; this is for what nobody asked about meanwhile. */
const SLOTS_REFRESH_MS = 10_000;

/**
 * The drivers of this package say it by their name. A driver of somebody else's, which brings its own
 * Pub/Sub and keeps the state in Redis, says it by what it names.
 */
export function redisKindOf({ driver, redis }: ScalingOptions): RedisKind {
  if (driver === 'redis') return 'standalone';
  if (driver === 'redis-sentinel') return 'sentinel';
  if (driver === 'redis-cluster') return 'cluster';
  if (redis.sentinels.length > 0) return 'sentinel';
  return redis.clusterNodes.length > 0 ? 'cluster' : 'standalone';
}

/** What a Cluster is asked for first. */
export function clusterSeedsOf({ clusterNodes, host, port }: RedisOptions): readonly RedisNode[] {
  return clusterNodes.length > 0 ? clusterNodes : [{ host, port }];
}

/** Names the servers in sentences; nothing secret. */
export function describeRedis(options: ScalingOptions): string {
  const { redis } = options;
  const kind = redisKindOf(options);
  if (kind === 'cluster') return `the Redis Cluster at ${joinNodes(clusterSeedsOf(redis))}`;
  if (kind === 'standalone') return `Redis at ${joinNodes([redis])}`;
  return `Redis "${redis.sentinelName}" of the sentinels at ${joinNodes(redis.sentinels)}`;
}

/**
 * A client of one server that connects when told to, and once only: whoever made it makes another one
 * when it is lost.
 * @throws when a TLS file cannot be read
 */
export function createRedis(
  { redis, ...scaling }: ScalingOptions,
  { host, port }: RedisNode,
  name: string,
  overrides: ClientOptions = {},
): Redis {
  const db = redisKindOf({ redis, ...scaling }) === 'cluster' ? 0 : redis.db;
  return create({ ...commonOptions(redis, name), host, port, db, ...overrides });
}

/** @throws when a TLS file cannot be read */
export function createSentinel({ redis }: ScalingOptions, { host, port }: RedisNode): Redis {
  const login = { username: undefined, password: redis.sentinelPassword };
  return create({ ...commonOptions(redis, 'revurb'), host, port, ...login });
}

/**
 * The client of a whole Cluster; it follows slots that move, and is of no use any more when a master is
 * lost: whoever made it makes another one.
 * @throws when a TLS file cannot be read
 */
export function createCluster({ redis }: ScalingOptions, name: string): Cluster {
  const options: ClusterOptions = {
    lazyConnect: true,
    clusterRetryStrategy: () => null,
    // Of one pipeline through several slots ioredis sends nothing again that a server has redirected.
    enableAutoPipelining: false,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    redisOptions: commonOptions(redis, name),
    // Looked up when connecting: a certificate is for the name, and of several seeds one may be unknown.
    dnsLookup: (host, done) => done(null, host),
  };
  return new Cluster([...clusterSeedsOf(redis)], options);
}

/** A client that is not connected and never will be: every command fails at once. */
export function createAbsentRedis(): Redis {
  const redis = create({ lazyConnect: true, retryStrategy: null });
  redis.disconnect();
  return redis;
}

function create(options: ClientOptions): Redis {
  const redis = new Redis(options);
  // Who wants to know listens, too; an error that nobody listens to is written to the console.
  redis.on('error', () => undefined);
  return redis;
}

function commonOptions(
  { username, password, tls }: RedisOptions,
  connectionName: string,
): ClientOptions {
  return {
    username,
    password,
    tls: tls && readTlsFiles(tls),
    Connector: LinkConnector,
    connectionName,
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
  };
}

/** Read for each connection: certificates are renewed while the server runs. */
function readTlsFiles({ ca, cert, key }: RedisTlsFiles): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  };
}

function joinNodes(nodes: readonly RedisNode[]): string {
  return nodes
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(', ');
}
