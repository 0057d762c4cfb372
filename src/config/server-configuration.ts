import type { LogLevel } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import type { PusherOptions } from '../pusher/pusher.options.js';
import type { ScalingOptions } from '../scaling/scaling.options.js';
import type { WebhookOptions } from '../webhooks/webhook.options.js';

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

/** The Prometheus page. */
export interface MetricsConfiguration {
  readonly enabled: boolean;
  /** null: the port of the server itself. */
  readonly port: number | null;
  readonly path: string;
  /** Bearer token a scraper has to send; without one the page is open. */
  readonly token?: string;
}

/** The page that shows what goes on. */
export interface InspectorConfiguration {
  readonly enabled: boolean;
  readonly path: string;
  /** What is asked for; without one it is the token. */
  readonly password?: string;
  /** When it is enabled there is this, or a password, or both. */
  readonly token?: string;
  /** Whether data of events may be shown. */
  readonly payloads: boolean;
  readonly sessionSeconds: number;
  /** Made up for this start, so that it may be told. False for who was handed the configuration. */
  readonly isTokenGenerated: boolean;
  /** It is off, outside production, only because other machines reach the server and nobody has switched it on. */
  readonly isOffForAddress: boolean;
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
  /** Processes that share the port; `auto`: as many as there are processors. */
  abstract readonly workers: number | 'auto';
  /** At the time of the start; never empty unless `applicationsFile` is. */
  abstract readonly applications: readonly Application[];
  /** REVERB_APPS_FILE, to be watched for changes. */
  abstract readonly applicationsFile?: string;
  abstract readonly pusher: PusherOptions;
  abstract readonly scaling: ScalingOptions;
  abstract readonly webhooks: WebhookOptions;
  abstract readonly metrics: MetricsConfiguration;
  abstract readonly inspector: InspectorConfiguration;
  abstract readonly log: LogConfiguration;
  /** No application was configured: `app-id` / `app-key` / `app-secret` on the loopback address. */
  abstract readonly isDevelopmentApplication: boolean;
  /** One sentence each, for the log. */
  abstract readonly warnings: readonly string[];
}
