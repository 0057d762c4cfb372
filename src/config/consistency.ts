import { isServed } from '../pusher/http/api-routes.js';
import type { Fault } from './configuration-error.js';
import type { EnvironmentVariables } from './environment-variables.js';
import { metricsPortOf } from './served-paths.js';

type Name = keyof EnvironmentVariables & string;

/** A variable that is given calls for others, and gets one fault for each that is missing. */
const COMPANIONS: readonly (readonly [given: Name, needs: Name])[] = [
  ['REVERB_TLS_CERT', 'REVERB_TLS_KEY'],
  ['REVERB_TLS_KEY', 'REVERB_TLS_CERT'],
  ['REVERB_TLS_PASSPHRASE', 'REVERB_TLS_KEY'],
  ['REVERB_TLS_CA', 'REVERB_TLS_CERT'],
  ['REVERB_REDIS_TLS_CERT', 'REVERB_REDIS_TLS_KEY'],
  ['REVERB_REDIS_TLS_KEY', 'REVERB_REDIS_TLS_CERT'],
  ['REVERB_APP_ID', 'REVERB_APP_KEY'],
  ['REVERB_APP_ID', 'REVERB_APP_SECRET'],
  ['REVERB_APP_KEY', 'REVERB_APP_ID'],
  ['REVERB_APP_KEY', 'REVERB_APP_SECRET'],
  ['REVERB_APP_SECRET', 'REVERB_APP_ID'],
  ['REVERB_APP_SECRET', 'REVERB_APP_KEY'],
];

/** What is wrong between variables that are each good on their own. */
export function consistencyFaults(
  variables: EnvironmentVariables,
  given: ReadonlySet<string>,
): Fault[] {
  return [
    ...missingCompanions(given),
    ...applicationFaults(given),
    ...scalingFaults(variables, given),
    ...metricsFaults(variables),
  ];
}

function missingCompanions(given: ReadonlySet<string>): Fault[] {
  const missing = new Map<string, string>();
  for (const [name, needs] of COMPANIONS) {
    if (given.has(name) && !given.has(needs) && !missing.has(needs)) missing.set(needs, name);
  }
  return [...missing].map(([variable, because]) => ({
    variable,
    complaint: `got nothing; wants a value, because ${because} is given`,
  }));
}

function applicationFaults(given: ReadonlySet<string>): Fault[] {
  const faults: Fault[] = [];
  const hasList = given.has('REVERB_APPS') || given.has('REVERB_APPS_FILE');
  if (given.has('REVERB_APPS') && given.has('REVERB_APPS_FILE')) {
    faults.push({
      variable: 'REVERB_APPS_FILE',
      complaint: 'wants to stand alone, but REVERB_APPS is given too; use one of the two',
    });
  }
  if (given.has('REVERB_WEBHOOKS') && hasList && !given.has('REVERB_APP_ID')) {
    faults.push({
      variable: 'REVERB_WEBHOOKS',
      complaint:
        'is for the application of REVERB_APP_ID, which is not given; use the field webhooks of the application',
    });
  }
  return faults;
}

function scalingFaults(variables: EnvironmentVariables, given: ReadonlySet<string>): Fault[] {
  const faults: Fault[] = [];
  const { REVERB_SCALING_HEARTBEAT: heartbeat, REVERB_SCALING_LEASE: lease } = variables;
  if (heartbeat * 3 > lease) {
    faults.push({
      variable: 'REVERB_SCALING_HEARTBEAT',
      complaint: `got ${heartbeat}; wants at most a third of REVERB_SCALING_LEASE, which is ${lease}`,
    });
  }
  if (variables.REDIS_URL?.toLowerCase().startsWith('redis:')) {
    for (const variable of ['REVERB_REDIS_TLS_CA', 'REVERB_REDIS_TLS_CERT'].filter((name) =>
      given.has(name),
    )) {
      faults.push({
        variable,
        complaint: 'is for TLS; wants a REDIS_URL that starts with rediss://',
      });
    }
  }
  return variables.REVERB_SCALING_ENABLED ? [...faults, ...driverFaults(variables)] : faults;
}

function driverFaults(variables: EnvironmentVariables): Fault[] {
  const { REVERB_SCALING_DRIVER: driver } = variables;
  if (driver === 'redis-sentinel' && !variables.REVERB_REDIS_SENTINELS) {
    const complaint = 'got nothing; wants host:port,host:port for the driver redis-sentinel';
    return [{ variable: 'REVERB_REDIS_SENTINELS', complaint }];
  }
  if (driver === 'redis-cluster' && variables.REDIS_DB !== 0) {
    const complaint = `got ${variables.REDIS_DB}; wants 0, a Redis Cluster has no other database`;
    return [{ variable: 'REDIS_DB', complaint }];
  }
  return [];
}

function metricsFaults(variables: EnvironmentVariables): Fault[] {
  const { REVERB_METRICS_ENABLED: isEnabled, REVERB_METRICS_PATH: path } = variables;
  if (!isEnabled || metricsPortOf(variables) !== null || !isServed(path)) return [];
  const complaint = `got "${path}"; wants a path that the server does not need itself, or REVERB_METRICS_PORT for a port of its own`;
  return [{ variable: 'REVERB_METRICS_PATH', complaint }];
}
