import { ConfigurationError } from './configuration-error.js';
import { EnvironmentVariables } from './environment-variables.js';
import {
  inspectEnvironment,
  validateEnvironment,
  type RawEnvironment,
} from './validate-environment.js';
import { variablesOf } from './variable.js';

function faultsOf(environment: RawEnvironment): string[] {
  try {
    validateEnvironment(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n');
  }
}

describe('An empty environment', () => {
  it('gives every variable its default, and all of them are good', () => {
    const variables = validateEnvironment({});
    for (const { name, default: byDefault } of variablesOf(EnvironmentVariables)) {
      expect([name, Reflect.get(variables, name)]).toEqual([name, byDefault]);
    }
  });

  it.each(['', '  ', 'null', '(null)', 'NULL', '(empty)'])('is one where all is %j', (nothing) => {
    const names = variablesOf(EnvironmentVariables).map(({ name }) => [name, nothing]);
    expect(inspectEnvironment(Object.fromEntries(names))).toEqual(inspectEnvironment({}));
  });
});

describe('Every fault', () => {
  it('is told at once, a line each, with what it got and what it wants', () => {
    expect(
      faultsOf({
        REVERB_SERVER_PORT: '70000',
        REVERB_APP_PING_INTERVAL: '0',
        REVERB_SCALING_ENABLED: 'maybe',
        REVERB_LOG_LEVEL: 'loud',
      }),
    ).toEqual([
      'REVERB_SERVER_PORT: got "70000"; wants a whole number from 0 to 65535',
      'REVERB_APP_PING_INTERVAL: got "0"; wants a whole number from 1 to 2147483',
      'REVERB_SCALING_ENABLED: got "maybe"; wants true or false',
      'REVERB_LOG_LEVEL: got "loud"; wants one of fatal, error, warn, log, debug, verbose',
    ]);
  });

  it('stays on one line and is not endless', () => {
    const [line, ...others] = faultsOf({ REVERB_SERVER_PORT: `1\n${'2'.repeat(10_000)}` });
    expect(others).toEqual([]);
    expect(line!.length).toBeLessThan(200);
  });

  it('never shows a secret', () => {
    expect(faultsOf({ REDIS_URL: 'http://user:hunter2@redis' })).toEqual([
      'REDIS_URL: got (hidden); wants redis://[[user]:password@]host[:port][/database] or rediss:// for TLS',
    ]);
  });
});

describe('Variables that belong together', () => {
  it.each([
    [
      { REVERB_TLS_CERT: 'a' },
      'REVERB_TLS_KEY: got nothing; wants a value, because REVERB_TLS_CERT is given',
    ],
    [
      { REVERB_TLS_KEY: 'a' },
      'REVERB_TLS_CERT: got nothing; wants a value, because REVERB_TLS_KEY is given',
    ],
    [
      { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k' },
      'REVERB_APP_SECRET: got nothing; wants a value, because REVERB_APP_ID is given',
    ],
    [
      { REVERB_SCALING_HEARTBEAT: '4' },
      'REVERB_SCALING_HEARTBEAT: got 4; wants at most a third of REVERB_SCALING_LEASE, which is 10',
    ],
    [
      { REVERB_METRICS_ENABLED: 'true', REVERB_METRICS_PATH: '/health/metrics' },
      'REVERB_METRICS_PATH: got "/health/metrics"; wants a path that the server does not need itself, or REVERB_METRICS_PORT for a port of its own',
    ],
    [
      { REVERB_APPS: '[]', REVERB_APPS_FILE: 'a' },
      'REVERB_APPS_FILE: wants to stand alone, but REVERB_APPS is given too; use one of the two',
    ],
    [
      { REVERB_APPS: '[]', REVERB_WEBHOOKS: '[]' },
      'REVERB_WEBHOOKS: is for the application of REVERB_APP_ID, which is not given; use the field webhooks of the application',
    ],
    [
      { REDIS_URL: 'redis://a', REVERB_REDIS_TLS_CA: 'a' },
      'REVERB_REDIS_TLS_CA: is for TLS; wants a REDIS_URL that starts with rediss://',
    ],
    [
      { REVERB_SCALING_ENABLED: 'true', REVERB_SCALING_DRIVER: 'redis-sentinel' },
      'REVERB_REDIS_SENTINELS: got nothing; wants host:port,host:port for the driver redis-sentinel',
    ],
    [
      { REVERB_SCALING_ENABLED: '1', REVERB_SCALING_DRIVER: 'redis-cluster', REDIS_DB: '1' },
      'REDIS_DB: got 1; wants 0, a Redis Cluster has no other database',
    ],
  ])('%j: %s', (environment, fault) =>
    expect(faultsOf(environment as RawEnvironment)).toEqual([fault]),
  );

  it('pass when they do', () => {
    expect(faultsOf({ REVERB_SCALING_HEARTBEAT: '4', REVERB_SCALING_LEASE: '12' })).toEqual([]);
    const up = { REVERB_METRICS_ENABLED: 'true', REVERB_METRICS_PATH: '/up' };
    expect(faultsOf({ ...up, REVERB_METRICS_PORT: '0' })).toEqual([]);
    expect(faultsOf({ ...up, REVERB_METRICS_PATH: '/upper' })).toEqual([]);
    expect(faultsOf({ REVERB_SCALING_DRIVER: 'nats' })).toEqual([]);
  });
});

describe('An unknown variable', () => {
  it('is a warning with the nearest known name', () => {
    const { faults, warnings } = inspectEnvironment({ REVERB_SERVR_PORT: '1' });
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      'REVERB_SERVR_PORT is not a variable of this server; did you mean REVERB_SERVER_PORT?',
    ]);
  });

  it('is none when it is of somebody else, or of Laravel itself', () => {
    const others = {
      PATH: '/bin',
      REVERB_PORT: '443',
      REVERB_SCHEME: 'https',
      REVERB_SERVER: 'reverb',
    };
    expect(inspectEnvironment(others).warnings).toEqual([]);
  });

  it('may have any name', () => {
    const hostile = JSON.parse(
      '{"__proto__":"1","constructor":"1","REVERB_":"1"}',
    ) as RawEnvironment;
    expect(inspectEnvironment(hostile).warnings).toHaveLength(1);
  });
});
