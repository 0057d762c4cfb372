import {
  createApplication,
  type Application,
  type ApplicationKey,
  type ApplicationSettings,
  type WebhookEndpoint,
} from '../applications/application.js';
import { ApplicationEntry, WebhookEntry, type KeyEntry } from './application-entry.js';
import { unwanted, type Fault } from './configuration-error.js';
import { readList } from './field.js';

/** Applications that were read, and what was wrong with the others. */
export interface ReadApplications {
  readonly applications: readonly Application[];
  readonly faults: readonly Fault[];
}

/**
 * Reads the JSON of REVERB_APPS or of the file of REVERB_APPS_FILE. Pure.
 * @param variable what faults are named after
 * @param fallback what holds for a field that is absent
 */
export function parseApplications(
  json: string,
  variable: string,
  fallback: ApplicationSettings,
): ReadApplications {
  const faults: Fault[] = [];
  const parsed = parseJson(json, variable, faults);
  if (faults.length > 0) return { applications: [], faults };
  const applications = readList(ApplicationEntry, parsed, variable, faults).flatMap(
    (entry, index) => toApplication(entry, `${variable}[${index}]`, fallback, faults) ?? [],
  );
  return { applications: faults.length > 0 ? [] : applications, faults };
}

/** Reads the JSON of REVERB_WEBHOOKS, or of the field `webhooks`. Pure. */
export function parseWebhooks(
  json: string,
  variable: string,
): { webhooks: readonly WebhookEndpoint[]; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const parsed = parseJson(json, variable, faults);
  if (faults.length > 0) return { webhooks: [], faults };
  const webhooks = toWebhooks(readList(WebhookEntry, parsed, variable, faults), variable, faults);
  return { webhooks, faults };
}

/**
 * Faults of listed applications that share an id or a key with one before them.
 * @param variable the list
 * @param others applications that come before the list
 */
export function duplicateFaults(
  variable: string,
  listed: readonly Application[],
  others: readonly Application[],
): Fault[] {
  const faults: Fault[] = [];
  const ids = new Set(others.map(({ id }) => id));
  const keys = new Set(others.flatMap((application) => application.keys.map(({ key }) => key)));
  for (const [index, application] of listed.entries()) {
    const path = `${variable}[${index}]`;
    if (ids.has(application.id)) {
      faults.push(
        unwanted(`${path}.app_id`, application.id, 'an id that no other application has'),
      );
    }
    ids.add(application.id);
    for (const { key } of application.keys) {
      if (keys.has(key)) faults.push(unwanted(path, key, 'every key only once'));
      keys.add(key);
    }
  }
  return faults;
}

/** The message of V8 quotes the text, which holds secrets: only the place is told. */
function parseJson(json: string, variable: string, faults: Fault[]): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    const place = /at position \d+/.exec(String(error))?.[0];
    faults.push({
      variable,
      complaint: `got something that is not JSON${place ? ` (error ${place})` : ''}; wants a JSON array`,
    });
    return undefined;
  }
}

/** undefined once there is a fault. */
function toApplication(
  entry: ApplicationEntry | undefined,
  path: string,
  fallback: ApplicationSettings,
  faults: Fault[],
): Application | undefined {
  if (entry === undefined) return undefined;
  if (entry.app_id === undefined) faults.push(unwanted(`${path}.app_id`, undefined, 'a value'));
  const keys = toKeys(entry, path, faults);
  const webhooks = toWebhooks(entry.webhooks ?? [], `${path}.webhooks`, faults);
  if (faults.length > 0) return undefined;
  const settings = { ...toSettings(entry, fallback), webhooks };
  return createApplication({ ...settings, id: String(entry.app_id), keys });
}

/** `key` and `secret` come first: the first key signs webhooks. */
function toKeys(entry: ApplicationEntry, path: string, faults: Fault[]): ApplicationKey[] {
  const listed = (entry.keys ?? []).map((item, index) => [item, `${path}.keys[${index}]`] as const);
  const isAlone = listed.length === 0 || entry.key !== undefined || entry.secret !== undefined;
  const all: (readonly [KeyEntry | undefined, string])[] = isAlone
    ? [[entry, path], ...listed]
    : listed;
  return all.flatMap(([pair, where]) => {
    if (pair === undefined) return [];
    const { key, secret } = pair;
    if (key === undefined) faults.push(unwanted(`${where}.key`, undefined, 'a value'));
    if (secret === undefined) faults.push(unwanted(`${where}.secret`, undefined, 'a value'));
    return { key: key ?? '', secret: secret ?? '' };
  });
}

function toWebhooks(
  entries: readonly (WebhookEntry | undefined)[],
  path: string,
  faults: Fault[],
): WebhookEndpoint[] {
  return entries.flatMap((entry, index) => {
    if (entry === undefined) return [];
    if (entry.url === undefined)
      faults.push(unwanted(`${path}[${index}].url`, undefined, 'a value'));
    return {
      url: entry.url ?? '',
      eventTypes: entry.event_types ?? [],
      headers: entry.headers ?? {},
      channelNameStartsWith: entry.filter?.channel_name_starts_with ?? '',
      channelNameEndsWith: entry.filter?.channel_name_ends_with ?? '',
    };
  });
}

function toSettings(entry: ApplicationEntry, fallback: ApplicationSettings): ApplicationSettings {
  const limit = entry.rate_limiting;
  return {
    enabled: entry.enabled ?? fallback.enabled,
    allowedOrigins: entry.allowed_origins ?? fallback.allowedOrigins,
    pingIntervalSeconds: entry.ping_interval ?? fallback.pingIntervalSeconds,
    activityTimeoutSeconds: entry.activity_timeout ?? fallback.activityTimeoutSeconds,
    maxConnections:
      entry.max_connections === undefined ? fallback.maxConnections : entry.max_connections,
    maxMessageSize: entry.max_message_size ?? fallback.maxMessageSize,
    maxEventSize: entry.max_event_size ?? fallback.maxEventSize,
    acceptClientEventsFrom: entry.accept_client_events_from ?? fallback.acceptClientEventsFrom,
    rateLimiting: {
      enabled: limit?.enabled ?? fallback.rateLimiting.enabled,
      maxAttempts: limit?.max_attempts ?? fallback.rateLimiting.maxAttempts,
      decaySeconds: limit?.decay_seconds ?? fallback.rateLimiting.decaySeconds,
      terminateOnLimit: limit?.terminate_on_limit ?? fallback.rateLimiting.terminateOnLimit,
    },
    clientEventsPerSecond: entry.client_events_per_second ?? fallback.clientEventsPerSecond,
    maxPresenceMembers: entry.max_presence_members ?? fallback.maxPresenceMembers,
    maxPresenceUserInfoSize: entry.max_presence_user_info_size ?? fallback.maxPresenceUserInfoSize,
    maxChannelNameLength: entry.max_channel_name_length ?? fallback.maxChannelNameLength,
    maxEventNameLength: entry.max_event_name_length ?? fallback.maxEventNameLength,
    maxEventChannels: entry.max_event_channels ?? fallback.maxEventChannels,
    maxBatchSize: entry.max_batch_size ?? fallback.maxBatchSize,
    maxSubscriptions: entry.max_subscriptions ?? fallback.maxSubscriptions,
    cacheTtlSeconds: entry.cache_ttl ?? fallback.cacheTtlSeconds,
    subscriptionCount: entry.subscription_count ?? fallback.subscriptionCount,
    authorizedConnections: entry.authorized_connections ?? fallback.authorizedConnections,
    authorizationTimeoutSeconds:
      entry.authorization_timeout ?? fallback.authorizationTimeoutSeconds,
    tlsOnly: entry.tls_only ?? fallback.tlsOnly,
    publishesPerSecond: entry.publishes_per_second ?? fallback.publishesPerSecond,
    readsPerSecond: entry.reads_per_second ?? fallback.readsPerSecond,
    webhooks: fallback.webhooks,
  };
}
