import type { ClientEventPolicy } from '../applications/application.js';
import { WEBHOOK_EVENT_TYPES } from '../webhooks/webhook-event.js';
import { EnvironmentVariables, IDENTIFIER, identifier } from './environment-variables.js';
import { Field, NestedField, NestedList } from './field.js';
import {
  boolean,
  httpUrl,
  nullable,
  satisfies,
  secret,
  text,
  type ValueType,
} from './value-types.js';
import { variablesOf } from './variable.js';

/** The type of a variable, so that a range stands in one place only. */
function typeOf(name: keyof EnvironmentVariables): ValueType<unknown> {
  return variablesOf(EnvironmentVariables).find((definition) => definition.name === name)!.type;
}

/** JSON that cannot come from the text of a variable. */
function json(
  wants: string,
  isGood: (value: unknown) => boolean,
  isSecret = false,
): ValueType<unknown> {
  return { wants, isSecret, convert: (value) => value, validators: [satisfies('json', isGood)] };
}

function applicationId(): ValueType<unknown> {
  return json(`${identifier().wants}; or a number`, (value) =>
    typeof value === 'string' ? IDENTIFIER.test(value) : Number.isSafeInteger(value),
  );
}

const oneOfEventTypes = () =>
  json(`an array of ${WEBHOOK_EVENT_TYPES.join(', ')}`, (value) => {
    const known: readonly unknown[] = WEBHOOK_EVENT_TYPES;
    return Array.isArray(value) && value.every((item) => known.includes(item));
  });

/** Header values often are credentials. */
function headers(): ValueType<unknown> {
  const isHeader = ([name, value]: [string, unknown]) =>
    /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof value === 'string' && /^[\t -~]*$/.test(value);
  return json(
    'an object of header names and their values, as text without line breaks',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries(value).every(isHeader),
    true,
  );
}

const anyText = () => json('text', (value) => typeof value === 'string');

/** `keys[]` */
export class KeyEntry {
  @Field(identifier())
  key?: string;

  @Field(secret(text()))
  secret?: string;
}

/** `rate_limiting` */
export class RateLimitingEntry {
  @Field(typeOf('REVERB_APP_RATE_LIMITING_ENABLED'))
  enabled?: boolean;

  @Field(typeOf('REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS'))
  max_attempts?: number;

  @Field(typeOf('REVERB_APP_RATE_LIMIT_DECAY_SECONDS'))
  decay_seconds?: number;

  @Field(typeOf('REVERB_APP_RATE_LIMIT_TERMINATE'))
  terminate_on_limit?: boolean;
}

/** `webhooks[].filter` */
export class WebhookFilterEntry {
  @Field(anyText())
  channel_name_starts_with?: string;

  @Field(anyText())
  channel_name_ends_with?: string;
}

/** `webhooks[]`, and an element of REVERB_WEBHOOKS */
export class WebhookEntry {
  // One with a password is a fault, and many have a token in their query.
  @Field(secret(httpUrl()))
  url?: string;

  @Field(oneOfEventTypes())
  event_types?: string[];

  @Field(headers())
  headers?: Record<string, string>;

  @NestedField(WebhookFilterEntry)
  filter?: WebhookFilterEntry;
}

/** An element of REVERB_APPS, with Laravel's names. What is absent falls back to REVERB_APP_*. */
export class ApplicationEntry extends KeyEntry {
  @Field(applicationId())
  app_id?: string | number;

  @NestedList(KeyEntry)
  keys?: (KeyEntry | undefined)[];

  @Field(boolean())
  enabled?: boolean;

  @Field(typeOf('REVERB_ALLOWED_ORIGINS'))
  allowed_origins?: string[];

  @Field(typeOf('REVERB_APP_PING_INTERVAL'))
  ping_interval?: number;

  @Field(typeOf('REVERB_APP_ACTIVITY_TIMEOUT'))
  activity_timeout?: number;

  @Field(nullable(typeOf('REVERB_APP_MAX_CONNECTIONS')))
  max_connections?: number | null;

  @Field(typeOf('REVERB_APP_MAX_MESSAGE_SIZE'))
  max_message_size?: number;

  @Field(typeOf('REVERB_APP_MAX_EVENT_SIZE'))
  max_event_size?: number;

  @Field(typeOf('REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM'))
  accept_client_events_from?: ClientEventPolicy;

  @NestedField(RateLimitingEntry)
  rate_limiting?: RateLimitingEntry;

  @Field(typeOf('REVERB_APP_CLIENT_EVENTS_PER_SECOND'))
  client_events_per_second?: number;

  @Field(typeOf('REVERB_APP_MAX_PRESENCE_MEMBERS'))
  max_presence_members?: number;

  @Field(typeOf('REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE'))
  max_presence_user_info_size?: number;

  @Field(typeOf('REVERB_APP_MAX_CHANNEL_NAME_LENGTH'))
  max_channel_name_length?: number;

  @Field(typeOf('REVERB_APP_MAX_EVENT_NAME_LENGTH'))
  max_event_name_length?: number;

  @Field(typeOf('REVERB_APP_MAX_EVENT_CHANNELS'))
  max_event_channels?: number;

  @Field(typeOf('REVERB_APP_MAX_BATCH_SIZE'))
  max_batch_size?: number;

  @Field(typeOf('REVERB_APP_MAX_SUBSCRIPTIONS'))
  max_subscriptions?: number;

  @Field(typeOf('REVERB_APP_CACHE_TTL'))
  cache_ttl?: number;

  @Field(typeOf('REVERB_APP_SUBSCRIPTION_COUNT'))
  subscription_count?: boolean;

  @Field(typeOf('REVERB_APP_AUTHORIZED_CONNECTIONS'))
  authorized_connections?: boolean;

  @Field(typeOf('REVERB_APP_AUTHORIZATION_TIMEOUT'))
  authorization_timeout?: number;

  @Field(typeOf('REVERB_APP_TLS_ONLY'))
  tls_only?: boolean;

  @Field(typeOf('REVERB_APP_PUBLISHES_PER_SECOND'))
  publishes_per_second?: number;

  @Field(typeOf('REVERB_APP_READS_PER_SECOND'))
  reads_per_second?: number;

  @NestedList(WebhookEntry)
  webhooks?: (WebhookEntry | undefined)[];
}
