import { withDefaults } from '../with-defaults.js';

/** Who may send client events: any connection, only members of the channel, or nobody. */
export type ClientEventPolicy = 'all' | 'members' | 'none';

/** One key and its secret. An application may hold several, so that keys can be rotated with an overlap. */
export interface ApplicationKey {
  readonly key: string;
  readonly secret: string;
}

/** Reverb's message limit: every client message counts, in windows of `decaySeconds` that open with a message. */
export interface MessageRateLimit {
  readonly enabled: boolean;
  readonly maxAttempts: number;
  readonly decaySeconds: number;
  /** Close the connection with 4200 after the error, instead of only dropping the message. */
  readonly terminateOnLimit: boolean;
}

/** An endpoint that is told what happens in an application. */
export interface WebhookEndpoint {
  readonly url: string;
  /** Names of the events wanted; empty means all. */
  readonly eventTypes: readonly string[];
  readonly channelNameStartsWith: string;
  readonly channelNameEndsWith: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything of an application that has a default. */
export interface ApplicationSettings {
  /** A disabled application refuses connections (4003) and API requests (403). */
  readonly enabled: boolean;
  /** `*`, host names with `*` as a wildcard, or full origins with scheme and port. */
  readonly allowedOrigins: readonly string[];
  /** Silence after which the server pings a connection. */
  readonly pingIntervalSeconds: number;
  /** Further silence after which the connection is closed with 4201. Never 0. */
  readonly activityTimeoutSeconds: number;
  /** Open connections of the application in the whole cluster; null means no limit. */
  readonly maxConnections: number | null;
  /** Bytes of one message from a client, inclusive. */
  readonly maxMessageSize: number;
  /** Bytes of `data` of one published event, inclusive. */
  readonly maxEventSize: number;
  readonly acceptClientEventsFrom: ClientEventPolicy;
  readonly rateLimiting: MessageRateLimit;
  /** Per connection; 0 means no limit. */
  readonly clientEventsPerSecond: number;
  /** Users in one presence channel; 0 means no limit. */
  readonly maxPresenceMembers: number;
  /** Bytes of `user_info`, inclusive. */
  readonly maxPresenceUserInfoSize: number;
  readonly maxChannelNameLength: number;
  readonly maxEventNameLength: number;
  /** Channels named by one publish. */
  readonly maxEventChannels: number;
  /** Events in one batch. */
  readonly maxBatchSize: number;
  /** Channels one connection may be subscribed to; 0 means no limit. */
  readonly maxSubscriptions: number;
  /** How long a cache channel remembers its last event. */
  readonly cacheTtlSeconds: number;
  /** Tell subscribers of non-presence channels how many they are. */
  readonly subscriptionCount: boolean;
  /** Close connections that neither signed in nor joined a private or presence channel in time. */
  readonly authorizedConnections: boolean;
  readonly authorizationTimeoutSeconds: number;
  /** Refuse plain connections with 4000. */
  readonly tlsOnly: boolean;
  /** HTTP publishes of the application over the cluster; 0 means no limit. */
  readonly publishesPerSecond: number;
  /** HTTP reads of the application over the cluster; 0 means no limit. */
  readonly readsPerSecond: number;
  readonly webhooks: readonly WebhookEndpoint[];
}

/** A tenant of the server: its identity, its keys and its limits. Immutable; a change makes a new one. */
export interface Application extends ApplicationSettings {
  readonly id: string;
  /** Never empty. The first key signs webhooks. */
  readonly keys: readonly ApplicationKey[];
  /** One of the server's own: its channels are all private, and nobody is told that they are occupied or vacated. */
  readonly isReserved?: true;
}

/** The settings of an application that says nothing about them. */
export const DEFAULT_APPLICATION_SETTINGS: ApplicationSettings = Object.freeze({
  enabled: true,
  allowedOrigins: ['*'],
  pingIntervalSeconds: 60,
  activityTimeoutSeconds: 30,
  maxConnections: null,
  maxMessageSize: 10_000,
  maxEventSize: 10_000,
  acceptClientEventsFrom: 'members',
  rateLimiting: { enabled: false, maxAttempts: 60, decaySeconds: 60, terminateOnLimit: false },
  clientEventsPerSecond: 10,
  maxPresenceMembers: 0,
  maxPresenceUserInfoSize: 2048,
  maxChannelNameLength: 200,
  maxEventNameLength: 200,
  maxEventChannels: 100,
  maxBatchSize: 10,
  maxSubscriptions: 0,
  cacheTtlSeconds: 1800,
  subscriptionCount: false,
  authorizedConnections: false,
  authorizationTimeoutSeconds: 30,
  tlsOnly: false,
  publishesPerSecond: 0,
  readsPerSecond: 0,
  webhooks: [],
});

/** What it takes to describe an application: its identity, and whatever differs from the defaults. */
export type ApplicationDescription = Partial<ApplicationSettings> &
  Pick<Application, 'id' | 'keys'>;

/**
 * Completes a description with the defaults; what is undefined counts as not given.
 * @throws RangeError when it has no key or a zero activity timeout, which no client library survives.
 */
export function createApplication(description: ApplicationDescription): Application {
  const { id, keys, ...settings } = description;
  const application: Application = {
    ...withDefaults(DEFAULT_APPLICATION_SETTINGS, settings),
    id,
    keys,
  };
  if (application.keys.length === 0) {
    throw new RangeError(`Application ${application.id} needs at least one key.`);
  }
  if (!(application.activityTimeoutSeconds > 0) || !(application.pingIntervalSeconds > 0)) {
    throw new RangeError(
      `Application ${application.id} needs activityTimeoutSeconds and pingIntervalSeconds above 0.`,
    );
  }
  return Object.freeze(application);
}

/** The secret that belongs to a key of this application, if it has that key. */
export function secretOf(application: Application, key: string): string | undefined {
  for (const candidate of application.keys) {
    if (candidate.key === key) return candidate.secret;
  }
  return undefined;
}
