import type { LogLevel } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import type { PusherOptions } from '../pusher/pusher.options.js';
import type { ScalingOptions } from '../scaling/scaling.options.js';

/** Files a TLS server reads its certificate from. */
export interface TlsFiles {
  /** PEM: the certificate, followed by its intermediates. */
  readonly cert: string;
  /** PEM: the private key of the certificate. */
  readonly key: string;
  /** PEM: certificates of authorities, used to complete the chain that clients are sent. */
  readonly ca?: string;
  /** Of the key, when it is encrypted. */
  readonly passphrase?: string;
}

/** Where the server listens. */
export interface ListenConfiguration {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The name clients know this server by. */
  readonly hostname?: string;
  /** Present: the server speaks TLS only. */
  readonly tls?: TlsFiles;
}

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

/** How to reach Redis. A REDIS_URL has been taken apart already. */
export interface RedisConfiguration {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** How long the cluster may be without Redis before the node reports itself unready. */
  readonly timeoutSeconds: number;
  /** Present: the connection is TLS. */
  readonly tls?: RedisTlsFiles;
  /** For the driver `redis-sentinel`. */
  readonly sentinels: readonly RedisNode[];
  readonly sentinelName: string;
  readonly sentinelPassword?: string;
  /** Seeds for the driver `redis-cluster`; `host` and `port` when none are named. */
  readonly clusterNodes: readonly RedisNode[];
}

/** How this node works together with others, and over what. */
export interface ScalingConfiguration extends ScalingOptions {
  readonly heartbeatSeconds: number;
  /** At least three heartbeats. */
  readonly leaseSeconds: number;
  /** Cluster messages kept while Redis is away. */
  readonly bufferMessages: number;
  /** Bytes of cluster messages kept while Redis is away. */
  readonly bufferSize: number;
  readonly redis: RedisConfiguration;
}

/** How webhooks are delivered. */
export interface WebhooksConfiguration {
  readonly graceSeconds: number;
  readonly timeoutSeconds: number;
  readonly retryWindowSeconds: number;
  readonly batchWindowMs: number;
}

/** The Prometheus page. */
export interface MetricsConfiguration {
  readonly enabled: boolean;
  /** null: the port of the server itself. */
  readonly port: number | null;
  readonly path: string;
  /** Bearer token a scraper has to send; without one the page is open. */
  readonly token?: string;
}

/** What is logged, and how. */
export interface LogConfiguration {
  readonly level: LogLevel;
  readonly format: 'pretty' | 'json';
}

/**
 * Everything the standalone server is told, checked and typed. Its own injection token:
 * `constructor(private readonly configuration: ServerConfiguration)`.
 */
export abstract class ServerConfiguration {
  abstract readonly listen: ListenConfiguration;
  /** At the time of the start; never empty unless `applicationsFile` is. */
  abstract readonly applications: readonly Application[];
  /** REVERB_APPS_FILE, to be watched for changes. */
  abstract readonly applicationsFile?: string;
  abstract readonly pusher: PusherOptions;
  abstract readonly scaling: ScalingConfiguration;
  abstract readonly webhooks: WebhooksConfiguration;
  abstract readonly metrics: MetricsConfiguration;
  abstract readonly log: LogConfiguration;
  /** No application was configured: `app-id` / `app-key` / `app-secret` on the loopback address. */
  abstract readonly isDevelopmentApplication: boolean;
  /** One sentence each, for the log. */
  abstract readonly warnings: readonly string[];
}
