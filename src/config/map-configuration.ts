import type { Application } from '../applications/application.js';
import type { PusherOptions } from '../pusher/pusher.options.js';
import type { RedisOptions, RedisTlsFiles, ScalingOptions } from '../scaling/scaling.options.js';
import type { EnvironmentVariables } from './environment-variables.js';
import type { InspectorFindings } from './inspector-access.js';
import { metricsPortOf } from './served-paths.js';
import type {
  InspectorConfiguration,
  ListenConfiguration,
  MetricsConfiguration,
  ServerConfiguration,
  TlsFiles,
} from './server-configuration.js';

/** What does not stand in the variables themselves. */
export interface Findings {
  readonly applications: readonly Application[];
  readonly isDevelopmentApplication: boolean;
  readonly warnings: readonly string[];
  readonly inspector: InspectorFindings;
}

/** Maps checked variables to what the modules understand. Pure. */
export function toServerConfiguration(
  variables: EnvironmentVariables,
  { inspector, ...findings }: Findings,
): ServerConfiguration {
  return {
    ...findings,
    listen: toListen(variables),
    workers: variables.REVERB_WORKERS,
    applicationsFile: variables.REVERB_APPS_FILE,
    pusher: toPusherOptions(variables),
    scaling: toScaling(variables),
    webhooks: {
      graceSeconds: variables.REVERB_WEBHOOK_GRACE,
      timeoutSeconds: variables.REVERB_WEBHOOK_TIMEOUT,
      retryWindowSeconds: variables.REVERB_WEBHOOK_RETRY_WINDOW,
      batchWindowMs: variables.REVERB_WEBHOOK_BATCH_WINDOW,
      privateAddresses: variables.REVERB_WEBHOOK_PRIVATE_ADDRESSES,
    },
    metrics: toMetrics(variables),
    inspector: toInspector(variables, inspector),
    log: { level: variables.REVERB_LOG_LEVEL, format: variables.REVERB_LOG_FORMAT ?? 'json' },
  };
}

/** The files of a TLS server, if it is one. */
export function toTlsFiles(variables: EnvironmentVariables): TlsFiles | undefined {
  const { REVERB_TLS_CERT: cert, REVERB_TLS_KEY: key, REVERB_TLS_CA: ca } = variables;
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, ca, passphrase: variables.REVERB_TLS_PASSPHRASE };
}

function toListen(variables: EnvironmentVariables): ListenConfiguration {
  return {
    host: variables.REVERB_SERVER_HOST,
    port: variables.REVERB_SERVER_PORT,
    hostname: variables.REVERB_HOST,
    tls: toTlsFiles(variables),
  };
}

function toPusherOptions(variables: EnvironmentVariables): PusherOptions {
  return {
    path: variables.REVERB_SERVER_PATH,
    maxConnections: variables.REVERB_MAX_CONNECTIONS,
    addressConnectionsPerMinute: variables.REVERB_ADDRESS_CONNECTIONS_PER_MINUTE,
    addressFailedAuthenticationsPerMinute:
      variables.REVERB_ADDRESS_FAILED_AUTHENTICATIONS_PER_MINUTE,
    maxOutboxSize: variables.REVERB_MAX_OUTBOX_SIZE,
    maxRequestSize: variables.REVERB_MAX_REQUEST_SIZE,
    requestTimeoutSeconds: variables.REVERB_REQUEST_TIMEOUT,
    handshakeTimeoutSeconds: variables.REVERB_HANDSHAKE_TIMEOUT,
    signatureToleranceSeconds: variables.REVERB_SIGNATURE_TOLERANCE,
    corsOrigins: variables.REVERB_CORS_ORIGINS ?? [],
    trustedProxies: variables.REVERB_TRUSTED_PROXIES ?? [],
    shutdownDrainSeconds: variables.REVERB_SHUTDOWN_DRAIN,
    graceSeconds: variables.REVERB_WEBHOOK_GRACE,
    directWrites: variables.REVERB_DIRECT_WRITES,
    healthMaxEventLoopLagMs: variables.REVERB_HEALTH_MAX_EVENT_LOOP_LAG,
    healthMaxMemory: variables.REVERB_HEALTH_MAX_MEMORY,
  };
}

function toScaling(variables: EnvironmentVariables): ScalingOptions {
  return {
    enabled: variables.REVERB_SCALING_ENABLED,
    driver: variables.REVERB_SCALING_DRIVER,
    prefix: variables.REVERB_SCALING_CHANNEL,
    heartbeatSeconds: variables.REVERB_SCALING_HEARTBEAT,
    leaseSeconds: variables.REVERB_SCALING_LEASE,
    timeoutSeconds: variables.REDIS_TIMEOUT,
    bufferMessages: variables.REVERB_SCALING_BUFFER_MESSAGES,
    bufferSize: variables.REVERB_SCALING_BUFFER_SIZE,
    redis: toRedis(variables),
  };
}

/** What REDIS_URL names wins; what it leaves out comes from the parts, as in Laravel. */
function toRedis(variables: EnvironmentVariables): RedisOptions {
  const url = variables.REDIS_URL === undefined ? undefined : new URL(variables.REDIS_URL);
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') || variables.REDIS_HOST;
  return {
    host,
    port: Number(url?.port || variables.REDIS_PORT),
    username: decodeURIComponent(url?.username ?? '') || variables.REDIS_USERNAME,
    password: decodeURIComponent(url?.password ?? '') || variables.REDIS_PASSWORD,
    db: Number(url?.pathname.slice(1) || variables.REDIS_DB),
    tls: toRedisTls(variables, url),
    sentinels: variables.REVERB_REDIS_SENTINELS ?? [],
    sentinelName: variables.REVERB_REDIS_SENTINEL_NAME,
    sentinelPassword: variables.REVERB_REDIS_SENTINEL_PASSWORD,
    clusterNodes: variables.REVERB_REDIS_CLUSTER_NODES ?? [],
  };
}

/** Without a URL, as with sentinels or a cluster, naming a file is what asks for TLS. */
function toRedisTls(variables: EnvironmentVariables, url?: URL): RedisTlsFiles | undefined {
  const files = {
    ca: variables.REVERB_REDIS_TLS_CA,
    cert: variables.REVERB_REDIS_TLS_CERT,
    key: variables.REVERB_REDIS_TLS_KEY,
  };
  const isTls = url ? url.protocol !== 'redis:' : Object.values(files).some(Boolean);
  return isTls ? files : undefined;
}

function toMetrics(variables: EnvironmentVariables): MetricsConfiguration {
  return {
    enabled: variables.REVERB_METRICS_ENABLED,
    port: metricsPortOf(variables),
    path: variables.REVERB_METRICS_PATH,
    token: variables.REVERB_METRICS_TOKEN,
  };
}

function toInspector(
  variables: EnvironmentVariables,
  { generatedToken, isOffForAddress }: InspectorFindings,
): InspectorConfiguration {
  return {
    enabled: variables.REVERB_INSPECTOR_ENABLED ?? false,
    path: variables.REVERB_INSPECTOR_PATH,
    password: variables.REVERB_INSPECTOR_PASSWORD,
    token: variables.REVERB_INSPECTOR_TOKEN ?? generatedToken,
    payloads: variables.REVERB_INSPECTOR_PAYLOADS,
    sessionSeconds: variables.REVERB_INSPECTOR_SESSION,
    isTokenGenerated: generatedToken !== undefined,
    isOffForAddress,
  };
}
