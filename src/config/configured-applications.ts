import {
  createApplication,
  DEFAULT_APPLICATION_SETTINGS,
  type Application,
  type ApplicationSettings,
} from '../applications/application.js';
import { duplicateFaults, parseApplications, parseWebhooks } from './application-entries.js';
import type { Fault } from './configuration-error.js';
import type { EnvironmentVariables } from './environment-variables.js';
import { isLoopback, isProduction } from './exposure.js';

/** All applications the configuration names. */
export interface ConfiguredApplications {
  readonly applications: readonly Application[];
  /** None was named, and the development application took the place. */
  readonly isDevelopmentApplication: boolean;
  readonly faults: readonly Fault[];
  /** Says that, and what to do about it. */
  readonly warning?: string;
}

/**
 * The single application of REVERB_APP_ID first, then those of REVERB_APPS or of the file; the
 * development application when there is none and it is harmless. Pure.
 * @param fileContent what stands in REVERB_APPS_FILE, if that is given
 */
export function configuredApplications(
  variables: EnvironmentVariables,
  fileContent: string | undefined,
  given: ReadonlySet<string>,
): ConfiguredApplications {
  const { REVERB_APPS: list } = variables;
  const settings = settingsOf(variables);
  const { webhooks, faults: webhookFaults } = parseWebhooks(
    variables.REVERB_WEBHOOKS ?? '[]',
    'REVERB_WEBHOOKS',
  );
  const [source, json] =
    list === undefined ? ['REVERB_APPS_FILE', fileContent ?? '[]'] : ['REVERB_APPS', list];
  const listed = parseApplications(json, source, settings);
  const single = singleApplication(variables, { ...settings, webhooks });
  const duplicates = duplicateFaults(source, listed.applications, single);
  const applications = [...single, ...listed.applications];
  const faults = [...webhookFaults, ...listed.faults, ...duplicates];
  const isMeant = NAMES_OF_AN_APPLICATION.some((name) => given.has(name));
  if (applications.length > 0 || faults.length > 0 || isMeant) {
    return { applications, isDevelopmentApplication: false, faults };
  }
  const refusal = refusalOf(variables, given);
  return refusal ?? developmentApplication({ ...settings, webhooks });
}

/** Who gives one of these means an application, even when there is a fault in it. */
const NAMES_OF_AN_APPLICATION = [
  'REVERB_APP_ID',
  'REVERB_APP_KEY',
  'REVERB_APP_SECRET',
  'REVERB_APPS_FILE',
];

/** The settings of an application that says nothing about them, as REVERB_APP_* has them. */
export function settingsOf(variables: EnvironmentVariables): ApplicationSettings {
  return {
    ...DEFAULT_APPLICATION_SETTINGS,
    allowedOrigins: variables.REVERB_ALLOWED_ORIGINS,
    pingIntervalSeconds: variables.REVERB_APP_PING_INTERVAL,
    activityTimeoutSeconds: variables.REVERB_APP_ACTIVITY_TIMEOUT,
    maxConnections: variables.REVERB_APP_MAX_CONNECTIONS ?? null,
    maxMessageSize: variables.REVERB_APP_MAX_MESSAGE_SIZE,
    maxEventSize: variables.REVERB_APP_MAX_EVENT_SIZE,
    acceptClientEventsFrom: variables.REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM,
    rateLimiting: {
      enabled: variables.REVERB_APP_RATE_LIMITING_ENABLED,
      maxAttempts: variables.REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS,
      decaySeconds: variables.REVERB_APP_RATE_LIMIT_DECAY_SECONDS,
      terminateOnLimit: variables.REVERB_APP_RATE_LIMIT_TERMINATE,
    },
    clientEventsPerSecond: variables.REVERB_APP_CLIENT_EVENTS_PER_SECOND,
    maxPresenceMembers: variables.REVERB_APP_MAX_PRESENCE_MEMBERS,
    maxPresenceUserInfoSize: variables.REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE,
    maxChannelNameLength: variables.REVERB_APP_MAX_CHANNEL_NAME_LENGTH,
    maxEventNameLength: variables.REVERB_APP_MAX_EVENT_NAME_LENGTH,
    maxEventChannels: variables.REVERB_APP_MAX_EVENT_CHANNELS,
    maxBatchSize: variables.REVERB_APP_MAX_BATCH_SIZE,
    maxSubscriptions: variables.REVERB_APP_MAX_SUBSCRIPTIONS,
    cacheTtlSeconds: variables.REVERB_APP_CACHE_TTL,
    subscriptionCount: variables.REVERB_APP_SUBSCRIPTION_COUNT,
    authorizedConnections: variables.REVERB_APP_AUTHORIZED_CONNECTIONS,
    authorizationTimeoutSeconds: variables.REVERB_APP_AUTHORIZATION_TIMEOUT,
    tlsOnly: variables.REVERB_APP_TLS_ONLY,
    publishesPerSecond: variables.REVERB_APP_PUBLISHES_PER_SECOND,
    readsPerSecond: variables.REVERB_APP_READS_PER_SECOND,
  };
}

function singleApplication(
  variables: EnvironmentVariables,
  settings: ApplicationSettings,
): Application[] {
  const { REVERB_APP_ID: id, REVERB_APP_KEY: key, REVERB_APP_SECRET: secret } = variables;
  if (id === undefined || key === undefined || secret === undefined) return [];
  return [createApplication({ ...settings, id, keys: [{ key, secret }] })];
}

function developmentApplication(settings: ApplicationSettings): ConfiguredApplications {
  const keys = [{ key: 'app-key', secret: 'app-secret' }];
  return {
    applications: [createApplication({ ...settings, id: 'app-id', keys })],
    isDevelopmentApplication: true,
    faults: [],
    warning:
      'No application is configured: the server listens on the loopback address only, with the ' +
      'development application app-id / app-key / app-secret. Run `revurb install` to make your own.',
  };
}

/** Credentials that everybody knows must not be reachable. */
function refusalOf(
  variables: EnvironmentVariables,
  given: ReadonlySet<string>,
): ConfiguredApplications | undefined {
  const isReachable = given.has('REVERB_SERVER_HOST') && !isLoopback(variables.REVERB_SERVER_HOST);
  if (!isProduction(variables) && !isReachable) return undefined;
  const because = isProduction(variables)
    ? 'NODE_ENV is production'
    : 'REVERB_SERVER_HOST is not a loopback address';
  const complaint = `got nothing; wants an application, because ${because} (run \`revurb install\` to make one)`;
  return {
    applications: [],
    isDevelopmentApplication: false,
    faults: [{ variable: 'REVERB_APP_ID', complaint }],
  };
}
