import type { LogLevel } from '@nestjs/common';
import { LOG_LEVELS } from './log-levels.js';
import type { ClientEventPolicy } from '../applications/application.js';
import type { RedisNode } from '../scaling/scaling.options.js';
import {
  amount,
  boolean,
  bytes,
  cidrs,
  corsOrigins,
  host,
  integer,
  integerOrAuto,
  milliseconds,
  nodes,
  oneOf,
  origins,
  port,
  redisUrl,
  routePrefix,
  seconds,
  secret,
  text,
} from './value-types.js';
import { Group, Variable } from './variable.js';

const CLIENT_EVENT_POLICIES: readonly ClientEventPolicy[] = ['all', 'members', 'none'];

/** More are no use on any machine, and so many are a slip of the keyboard. */
const MAX_WORKERS = 1024;

/** Part of a URL path, and a key stands before the colon of an `auth`. */
export const IDENTIFIER = /^[^\s/?#%:]{1,255}$/;

/** An application id or key. */
export const identifier = () =>
  text('at most 255 characters, none of them a blank or one of / ? # % :', IDENTIFIER);
const file = () => text('the path of a file');
const pagePath = (example: string) => text(`a path such as ${example}`, /^(?:\/[\w.~-]+)+$/);

/** Somebody types or pastes it, and whoever has it may do anything. */
const password = () => secret(text('12 to 200 characters, on one line', /^.{12,200}$/u));

/**
 * Every variable the server reads, its type, its default and what it is for. Filled by
 * `inspectEnvironment`; documents are compared with it by a test.
 */
export class EnvironmentVariables {
  @Variable(
    host(),
    '0.0.0.0',
    'Address to bind.',
    '`0.0.0.0`, or `127.0.0.1` for the development application',
  )
  @Group('Server')
  REVERB_SERVER_HOST!: string;

  @Variable(port(0), 8080, 'Port to bind; 0 takes any free one.')
  REVERB_SERVER_PORT!: number;

  @Variable(routePrefix(), '', 'Prefix of every route, such as `/reverb`.')
  REVERB_SERVER_PATH!: string;

  @Variable(host(), undefined, 'Public host name, for the start banner and the snippets.')
  REVERB_HOST?: string;

  @Variable(amount(1), 200_000, 'Bytes of an HTTP request body.')
  REVERB_MAX_REQUEST_SIZE!: number;

  @Variable(seconds(0), 5, 'Seconds over which a shutdown spreads the closing of connections.')
  REVERB_SHUTDOWN_DRAIN!: number;

  @Variable(
    integerOrAuto(1, MAX_WORKERS),
    1,
    'Processes that share the port and the work; `auto` is one for each processor.',
  )
  REVERB_WORKERS!: number | 'auto';

  @Variable(
    amount(0),
    0,
    'Open connections of this server, all workers together, 4100 beyond; 0 = no limit.',
  )
  REVERB_MAX_CONNECTIONS!: number;

  @Variable(
    amount(0),
    0,
    'New connections of a client address per minute and process; 0 = no limit.',
  )
  REVERB_ADDRESS_CONNECTIONS_PER_MINUTE!: number;

  @Variable(
    amount(0),
    0,
    'Wrong keys and signatures of a client address per minute and process; 0 = no limit.',
  )
  REVERB_ADDRESS_FAILED_AUTHENTICATIONS_PER_MINUTE!: number;

  @Variable(amount(1), 1_048_576, 'Unsent bytes of one connection before it is a slow consumer.')
  REVERB_MAX_OUTBOX_SIZE!: number;

  @Variable(seconds(1), 10, 'Seconds for head and body of an HTTP request.')
  REVERB_REQUEST_TIMEOUT!: number;

  @Variable(seconds(1), 10, 'Seconds for a WebSocket upgrade.')
  REVERB_HANDSHAKE_TIMEOUT!: number;

  @Variable(seconds(0), 600, 'Seconds `auth_timestamp` may be off; 0 = not checked.')
  REVERB_SIGNATURE_TOLERANCE!: number;

  @Variable(corsOrigins(), undefined, 'Origins that may call the HTTP API from a browser, or `*`.')
  REVERB_CORS_ORIGINS?: string[];

  @Variable(cidrs(), undefined, 'Networks of proxies whose `X-Forwarded-*` headers count.')
  REVERB_TRUSTED_PROXIES?: string[];

  @Variable(
    boolean(),
    true,
    'Write broadcasts straight to the socket where this Node allows it; false is conservative.',
  )
  REVERB_DIRECT_WRITES!: boolean;

  @Variable(text(), 'development', '`production` refuses to start without an application.')
  NODE_ENV!: string;

  @Variable(file(), undefined, 'Certificate, intermediates behind it (PEM file).')
  @Group('TLS')
  REVERB_TLS_CERT?: string;

  @Variable(file(), undefined, 'Private key (PEM file).')
  REVERB_TLS_KEY?: string;

  @Variable(secret(text()), undefined, 'Passphrase of the private key.')
  REVERB_TLS_PASSPHRASE?: string;

  @Variable(file(), undefined, 'Certificates of authorities that complete the chain (PEM file).')
  REVERB_TLS_CA?: string;

  @Variable(identifier(), undefined, 'Id of the application.')
  @Group('Application')
  REVERB_APP_ID?: string;

  @Variable(identifier(), undefined, 'Key of the application, public.')
  REVERB_APP_KEY?: string;

  @Variable(secret(text()), undefined, 'Secret of the application.')
  REVERB_APP_SECRET?: string;

  @Variable(secret(text()), undefined, 'JSON array of applications.')
  REVERB_APPS?: string;

  @Variable(file(), undefined, 'File with that JSON, read again when it changes.')
  REVERB_APPS_FILE?: string;

  @Variable(secret(text()), undefined, 'JSON array of webhooks of the single application.')
  REVERB_WEBHOOKS?: string;

  @Variable(origins(), ['*'], 'Comma list of origins that may connect, `*` is a wildcard.')
  @Group('Settings of applications')
  REVERB_ALLOWED_ORIGINS!: string[];

  @Variable(seconds(1), 60, 'Seconds of silence before the server pings a connection.')
  REVERB_APP_PING_INTERVAL!: number;

  @Variable(seconds(1), 30, 'Further seconds of silence before it closes the connection.')
  REVERB_APP_ACTIVITY_TIMEOUT!: number;

  @Variable(amount(1), undefined, 'Open connections of an application in the whole cluster.')
  REVERB_APP_MAX_CONNECTIONS?: number;

  @Variable(amount(1), 10_000, 'Bytes of one message from a client.')
  REVERB_APP_MAX_MESSAGE_SIZE!: number;

  @Variable(amount(1), 10_000, 'Bytes of `data` of one published event.')
  REVERB_APP_MAX_EVENT_SIZE!: number;

  @Variable(
    oneOf(CLIENT_EVENT_POLICIES),
    'members',
    'Who may send client events: `all`, `members` of the channel, or `none`.',
  )
  REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM!: ClientEventPolicy;

  @Variable(boolean(), false, 'Limit the messages of a connection.')
  REVERB_APP_RATE_LIMITING_ENABLED!: boolean;

  @Variable(amount(1), 60, 'Messages of a connection within the window.')
  REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS!: number;

  @Variable(seconds(1), 60, 'Seconds of the window.')
  REVERB_APP_RATE_LIMIT_DECAY_SECONDS!: number;

  @Variable(boolean(), false, 'Close the connection that goes over the limit.')
  REVERB_APP_RATE_LIMIT_TERMINATE!: boolean;

  @Variable(amount(0), 10, 'Client events of one connection per second; 0 = no limit.')
  REVERB_APP_CLIENT_EVENTS_PER_SECOND!: number;

  @Variable(amount(0), 0, 'Members of one presence channel; 0 = no limit.')
  REVERB_APP_MAX_PRESENCE_MEMBERS!: number;

  @Variable(amount(1), 2048, 'Bytes of `user_info` of a member.')
  REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE!: number;

  @Variable(amount(1), 200, 'Characters of a channel name.')
  REVERB_APP_MAX_CHANNEL_NAME_LENGTH!: number;

  @Variable(amount(1), 200, 'Characters of an event name.')
  REVERB_APP_MAX_EVENT_NAME_LENGTH!: number;

  @Variable(amount(1), 100, 'Channels one published event may name.')
  REVERB_APP_MAX_EVENT_CHANNELS!: number;

  @Variable(amount(1), 10, 'Events of one batch.')
  REVERB_APP_MAX_BATCH_SIZE!: number;

  @Variable(amount(0), 0, 'Channels of one connection; 0 = no limit.')
  REVERB_APP_MAX_SUBSCRIPTIONS!: number;

  @Variable(seconds(1), 1800, 'Seconds a cache channel remembers its last event.')
  REVERB_APP_CACHE_TTL!: number;

  @Variable(boolean(), false, 'Send `subscription_count` events.')
  REVERB_APP_SUBSCRIPTION_COUNT!: boolean;

  @Variable(boolean(), false, 'Close connections that do not authorize in time.')
  REVERB_APP_AUTHORIZED_CONNECTIONS!: boolean;

  @Variable(seconds(1), 30, 'Seconds they have for that.')
  REVERB_APP_AUTHORIZATION_TIMEOUT!: number;

  @Variable(boolean(), false, 'Refuse connections without TLS with 4000.')
  REVERB_APP_TLS_ONLY!: boolean;

  @Variable(amount(0), 0, 'HTTP publishes per second over the cluster; 0 = no limit.')
  REVERB_APP_PUBLISHES_PER_SECOND!: number;

  @Variable(amount(0), 0, 'HTTP reads per second over the cluster; 0 = no limit.')
  REVERB_APP_READS_PER_SECOND!: number;

  @Variable(boolean(), false, 'Share the work with other nodes.')
  @Group('Scaling')
  REVERB_SCALING_ENABLED!: boolean;

  @Variable(
    text('a name without blanks and braces', /^[^\s{}]{1,100}$/),
    'reverb',
    'Prefix of topics and keys; the same on every node.',
  )
  REVERB_SCALING_CHANNEL!: string;

  @Variable(
    text('redis, redis-cluster, redis-sentinel or the name of a driver of yours', /^\S+$/),
    'redis',
    '`redis`, `redis-cluster`, `redis-sentinel`, or the name a custom module registered.',
  )
  REVERB_SCALING_DRIVER!: string;

  @Variable(seconds(1), 2, 'Seconds between signs of life of a node; at most a third of the lease.')
  REVERB_SCALING_HEARTBEAT!: number;

  @Variable(seconds(1), 10, 'Seconds after which a silent node counts as dead.')
  REVERB_SCALING_LEASE!: number;

  @Variable(amount(1), 10_000, 'Messages a node keeps while Redis is away.')
  REVERB_SCALING_BUFFER_MESSAGES!: number;

  @Variable(amount(1), 67_108_864, 'Bytes a node keeps while Redis is away.')
  REVERB_SCALING_BUFFER_SIZE!: number;

  @Variable(secret(redisUrl()), undefined, 'Wins over the parts below; `rediss://` is TLS.')
  @Group('Redis')
  REDIS_URL?: string;

  @Variable(host(), '127.0.0.1', 'Host of Redis.')
  REDIS_HOST!: string;

  @Variable(port(1), 6379, 'Port of Redis.')
  REDIS_PORT!: number;

  @Variable(text(), undefined, 'ACL user.')
  REDIS_USERNAME?: string;

  @Variable(secret(text()), undefined, 'Password.')
  REDIS_PASSWORD?: string;

  @Variable(integer(0, 999_999), 0, 'Number of the database.')
  REDIS_DB!: number;

  @Variable(seconds(1), 60, 'Seconds without Redis after which the node reports itself unready.')
  REDIS_TIMEOUT!: number;

  @Variable(nodes(26379), undefined, 'Sentinels, `host:port,host:port`.')
  REVERB_REDIS_SENTINELS?: RedisNode[];

  @Variable(text(), 'mymaster', 'Name of the master the sentinels watch.')
  REVERB_REDIS_SENTINEL_NAME!: string;

  @Variable(secret(text()), undefined, 'Password of the sentinels.')
  REVERB_REDIS_SENTINEL_PASSWORD?: string;

  @Variable(nodes(6379), undefined, 'Nodes of the Redis Cluster, `host:port,host:port`.')
  REVERB_REDIS_CLUSTER_NODES?: RedisNode[];

  @Variable(file(), undefined, 'Authorities of the Redis certificate (PEM file).')
  REVERB_REDIS_TLS_CA?: string;

  @Variable(file(), undefined, 'Client certificate for Redis (PEM file).')
  REVERB_REDIS_TLS_CERT?: string;

  @Variable(file(), undefined, 'Key of the client certificate (PEM file).')
  REVERB_REDIS_TLS_KEY?: string;

  @Variable(seconds(0), 3, 'Seconds somebody may be gone before webhooks and watchlists say so.')
  @Group('Webhooks')
  REVERB_WEBHOOK_GRACE!: number;

  @Variable(seconds(1), 5, 'Seconds an endpoint has to answer.')
  REVERB_WEBHOOK_TIMEOUT!: number;

  @Variable(seconds(0), 300, 'Seconds a failed delivery is tried again.')
  REVERB_WEBHOOK_RETRY_WINDOW!: number;

  @Variable(milliseconds(), 0, 'Milliseconds events are gathered into one delivery.')
  REVERB_WEBHOOK_BATCH_WINDOW!: number;

  @Variable(
    boolean(),
    true,
    'Deliver to addresses that are not public, too; false if others than you name the endpoints.',
  )
  REVERB_WEBHOOK_PRIVATE_ADDRESSES!: boolean;

  @Variable(
    milliseconds(),
    0,
    'Milliseconds of event-loop lag beyond which `/health/ready` says 503; 0 = any.',
  )
  @Group('Health, metrics and logs')
  REVERB_HEALTH_MAX_EVENT_LOOP_LAG!: number;

  @Variable(bytes(), 0, 'Bytes of resident memory beyond which `/health/ready` says 503; 0 = any.')
  REVERB_HEALTH_MAX_MEMORY!: number;

  @Variable(boolean(), false, 'Serve a Prometheus page.')
  REVERB_METRICS_ENABLED!: boolean;

  @Variable(port(0), undefined, 'Port of that page.', 'same port')
  REVERB_METRICS_PORT?: number;

  @Variable(pagePath('/metrics'), '/metrics', 'Path of that page.')
  REVERB_METRICS_PATH!: string;

  @Variable(secret(text()), undefined, 'Bearer token a scraper has to send.')
  REVERB_METRICS_TOKEN?: string;

  @Variable(
    oneOf(LOG_LEVELS, { info: 'log' }),
    'log',
    'Least severe level logged: `fatal`, `error`, `warn`, `log`, `debug` or `verbose`.',
  )
  REVERB_LOG_LEVEL!: LogLevel;

  @Variable(
    oneOf(['pretty', 'json'] as const),
    undefined,
    '`pretty` for eyes, `json` for machines.',
    '`pretty` on a terminal, else `json`',
  )
  REVERB_LOG_FORMAT?: 'pretty' | 'json';

  @Variable(
    boolean(),
    undefined,
    'Serve a page that shows what goes on, and can intervene.',
    '`true` outside production on a loopback address, else `false`',
  )
  @Group('Inspector')
  REVERB_INSPECTOR_ENABLED?: boolean;

  @Variable(pagePath('/inspector'), '/inspector', 'Path of that page.')
  REVERB_INSPECTOR_PATH!: string;

  @Variable(password(), undefined, 'Password to sign in with, 12 characters or more.')
  REVERB_INSPECTOR_PASSWORD?: string;

  @Variable(password(), undefined, 'Token to sign in with, 12 characters or more.')
  REVERB_INSPECTOR_TOKEN?: string;

  @Variable(boolean(), false, 'Show the data of events.')
  REVERB_INSPECTOR_PAYLOADS!: boolean;

  @Variable(seconds(60), 28_800, 'Seconds until who has signed in has to do so again.')
  REVERB_INSPECTOR_SESSION!: number;
}
