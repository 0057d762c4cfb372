import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeVariables } from './describe-variables.js';
import { loadConfiguration, type LoadOptions } from './load-configuration.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  file = join(directory, 'env');
  writeFileSync(file, '');
});

afterEach(() => rmSync(directory, { recursive: true }));

const APPLICATION = { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k', REVERB_APP_SECRET: 's' };

/** Loads without looking at the environment of the test run. */
function load(env: Record<string, string> = {}, options: LoadOptions = {}) {
  return loadConfiguration({ env, envFilePath: file, ...options });
}

function faultsOf(env: Record<string, string>, options: LoadOptions = {}): string {
  try {
    load(env, options);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('Precedence', () => {
  it('is flag, environment, file, default; and each is told', () => {
    writeFileSync(file, 'REVERB_SERVER_PORT=1\nREVERB_SERVER_PATH=file\nREVERB_HOST=file');
    const { configuration, sources } = load(
      { REVERB_SERVER_PATH: 'environment', REVERB_HOST: 'environment' },
      { overrides: { REVERB_HOST: 'flag', REVERB_SERVER_PATH: undefined } },
    );
    expect(configuration.listen).toMatchObject({ port: 1, hostname: 'flag' });
    expect(configuration.pusher.path).toBe('/environment');
    expect(
      ['HOST', 'SERVER_PATH', 'SERVER_PORT', 'MAX_CONNECTIONS'].map((name) =>
        sources.get(`REVERB_${name}`),
      ),
    ).toEqual([
      { kind: 'flag' },
      { kind: 'environment' },
      { kind: 'file', path: file },
      { kind: 'default' },
    ]);
  });

  it('lets an empty variable of the environment hide the file', () => {
    writeFileSync(file, 'REVERB_SERVER_PORT=1');
    const { variables, sources } = load({ REVERB_SERVER_PORT: '' });
    expect(variables.REVERB_SERVER_PORT).toBe(8080);
    expect(sources.get('REVERB_SERVER_PORT')).toEqual({ kind: 'default' });
  });

  it('leaves process.env alone', () => {
    const before = { ...process.env };
    writeFileSync(file, 'REVERB_SERVER_PORT=1');
    load();
    expect(process.env).toEqual(before);
  });

  it('refuses a named file that is not there', () =>
    expect(faultsOf({}, { envFilePath: join(directory, 'none') })).toBe(
      `${join(directory, 'none')}: cannot be read (ENOENT)`,
    ));

  it("reads Laravel's .env as it is", () => {
    writeFileSync(
      file,
      [
        'APP_NAME=Laravel',
        'BROADCAST_CONNECTION=reverb',
        'REDIS_CLIENT=phpredis',
        'REDIS_PASSWORD=null',
        'REVERB_APP_ID=123456',
        'REVERB_APP_KEY=key',
        'REVERB_APP_SECRET=secret',
        'REVERB_HOST="localhost"',
        'REVERB_PORT=8080',
        'REVERB_SCHEME=http',
        'VITE_REVERB_APP_KEY="${REVERB_APP_KEY}"',
      ].join('\n'),
    );
    const { configuration } = load();
    expect(configuration.warnings).toEqual([]);
    expect(configuration.listen).toMatchObject({ host: '0.0.0.0', port: 8080 });
    expect(configuration.scaling.redis.password).toBeUndefined();
    expect(configuration.applications).toMatchObject([
      { id: '123456', keys: [{ key: 'key', secret: 'secret' }] },
    ]);
  });
});

describe('No application', () => {
  const REFUSAL =
    /^REVERB_APP_ID: got nothing; wants an application, because .* \(run `revurb install` to make one\)$/;

  it('starts the development application on the loopback address, with a warning', () => {
    const { configuration, variables } = load();
    expect(configuration).toMatchObject({
      isDevelopmentApplication: true,
      listen: { host: '127.0.0.1' },
      applications: [{ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }],
      warnings: [expect.stringContaining('revurb install')],
    });
    expect(variables.REVERB_SERVER_HOST).toBe('127.0.0.1');
  });

  it.each(['localhost', '127.0.0.2', '::1', '::ffff:127.0.0.1'])(
    'may be given the host %s',
    (host) =>
      expect(load({ REVERB_SERVER_HOST: host }).configuration).toMatchObject({
        isDevelopmentApplication: true,
        listen: { host },
      }),
  );

  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', 'localhost.example.com'])(
    'is refused on the host %s, whoever gives it',
    (host) => {
      expect(faultsOf({ REVERB_SERVER_HOST: host })).toMatch(REFUSAL);
      expect(faultsOf({}, { overrides: { REVERB_SERVER_HOST: host } })).toMatch(REFUSAL);
    },
  );

  it('is refused in production', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toMatch(REFUSAL);
    expect(faultsOf({ NODE_ENV: 'production', REVERB_SERVER_HOST: '127.0.0.1' })).toMatch(REFUSAL);
  });

  it('is what an empty list means, but not an empty file', () => {
    expect(load({ REVERB_APPS: '[]' }).configuration.isDevelopmentApplication).toBe(true);
    const path = join(directory, 'apps.json');
    writeFileSync(path, '[]');
    expect(load({ REVERB_APPS_FILE: path }).configuration).toMatchObject({
      isDevelopmentApplication: false,
      applications: [],
      applicationsFile: path,
    });
  });

  it('follows REVERB_APP_* and REVERB_WEBHOOKS', () =>
    expect(
      load({ REVERB_APP_MAX_CONNECTIONS: '5', REVERB_WEBHOOKS: '[{"url":"http://a"}]' })
        .configuration.applications[0],
    ).toMatchObject({ maxConnections: 5, webhooks: [{ url: 'http://a' }] }));
});

describe('Several applications', () => {
  it('are the single one first, then those of the list', () => {
    const REVERB_APPS = '[{"app_id":"2","key":"k2","secret":"s"}]';
    const { configuration } = load({
      ...APPLICATION,
      REVERB_APPS,
      REVERB_WEBHOOKS: '[{"url":"http://a"}]',
    });
    expect(configuration.applications).toMatchObject([
      { id: '1', webhooks: [{ url: 'http://a' }] },
      { id: '2', webhooks: [] },
    ]);
  });

  it('may not share an id or a key', () => {
    const REVERB_APPS =
      '[{"app_id":1,"key":"k2","secret":"s"},{"app_id":"2","key":"k3","secret":"s","keys":[{"key":"k","secret":"s"}]}]';
    expect(faultsOf({ ...APPLICATION, REVERB_APPS }).split('\n')).toEqual([
      'REVERB_APPS[0].app_id: got "1"; wants an id that no other application has',
      'REVERB_APPS[1]: got "k"; wants every key only once',
    ]);
  });

  it('come from a file as well', () => {
    const path = join(directory, 'apps.json');
    writeFileSync(path, '[{"app_id":"2","key":"k2","secret":"s","enable":true}]');
    expect(faultsOf({ REVERB_APPS_FILE: path })).toBe(
      'REVERB_APPS_FILE[0].enable: unknown field, did you mean enabled?',
    );
    expect(faultsOf({ REVERB_APPS_FILE: join(directory, 'none') })).toBe(
      `REVERB_APPS_FILE: got ${JSON.stringify(join(directory, 'none'))}; wants a file that can be read (ENOENT)`,
    );
  });
});

describe('The server configuration', () => {
  it('has the defaults of the modules', () => {
    const { configuration } = load(APPLICATION);
    expect(configuration.metrics).toEqual({
      enabled: false,
      port: null,
      path: '/metrics',
      token: undefined,
    });
    expect(configuration.webhooks).toEqual({
      privateAddresses: true,
      graceSeconds: 3,
      timeoutSeconds: 5,
      retryWindowSeconds: 300,
      batchWindowMs: 0,
    });
    expect(configuration.scaling).toMatchObject({
      enabled: false,
      driver: 'redis',
      prefix: 'reverb',
      heartbeatSeconds: 2,
      leaseSeconds: 10,
    });
  });

  it.each([
    [{}, { host: '127.0.0.1', port: 6379, db: 0, tls: undefined }],
    [
      { REDIS_HOST: 'a', REDIS_PASSWORD: 'p', REDIS_DB: '3' },
      { host: 'a', password: 'p', db: 3 },
    ],
    [
      {
        REDIS_URL: 'rediss://u:p%40@h:1/2',
        REDIS_HOST: 'a',
        REDIS_PORT: '9',
        REDIS_PASSWORD: 'x',
        REDIS_DB: '3',
      },
      { host: 'h', port: 1, username: 'u', password: 'p@', db: 2, tls: {} },
    ],
    [
      { REDIS_URL: 'redis://[::1]', REDIS_PORT: '9', REDIS_DB: '3' },
      { host: '::1', port: 9, db: 3, tls: undefined },
    ],
    [
      { REVERB_REDIS_CLUSTER_NODES: 'a:1,b:2' },
      {
        clusterNodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    ],
    [{ REDIS_URL: 'tls://h' }, { host: 'h', port: 6379, tls: {} }],
    [{ REDIS_HOST: 'a' }, { host: 'a', clusterNodes: [] }],
  ])('takes %j apart', (env, redis) =>
    expect(load(env as Record<string, string>).configuration.scaling.redis).toMatchObject(redis),
  );

  it('takes the metrics port for the same when it is', () => {
    expect(load({ REVERB_METRICS_PORT: '8080' }).configuration.metrics.port).toBeNull();
    expect(load({ REVERB_METRICS_PORT: '9090' }).configuration.metrics.port).toBe(9090);
    const free = { REVERB_SERVER_PORT: '0', REVERB_METRICS_PORT: '0' };
    expect(load(free).configuration.metrics.port).toBe(0);
  });
});

describe('The description of the variables', () => {
  it('hides secrets wherever they are', () => {
    const descriptions = describeVariables(
      load({
        ...APPLICATION,
        REVERB_APP_SECRET: 'hunter2',
        REDIS_URL: 'redis://user:hunter2@h/1?a=hunter2',
        REDIS_PASSWORD: 'hunter2',
        REVERB_METRICS_TOKEN: 'hunter2',
        REVERB_APPS:
          '[{"app_id":"2","key":"k2","secret":"hunter2","keys":[{"key":"k3","secret":"hunter2"}]}]',
        REVERB_WEBHOOKS: '[{"url":"http://a","headers":{"Authorization":"hunter2"}}]',
        REVERB_REDIS_SENTINELS: 'a:1,[::1]:2',
      }),
    );
    expect(JSON.stringify(descriptions)).not.toContain('hunter2');
    const valueOf = (wanted: string) => descriptions.find(({ name }) => name === wanted)!.value;
    expect(valueOf('REDIS_URL')).toBe('redis://user:(hidden)@h/1?(hidden)');
    expect(valueOf('REVERB_APPS')).toContain('"key":"k3","secret":"(hidden)"');
    expect(valueOf('REVERB_REDIS_SENTINELS')).toBe('a:1,[::1]:2');
    expect(valueOf('REVERB_HOST')).toBeUndefined();
  });
});

describe('Redis variables of a Laravel application', () => {
  const UNUSABLE = { REDIS_HOST: '/run/redis.sock', REDIS_PORT: '0', REDIS_URL: 'unix:///run/x' };

  it('do not stop a server that does not scale', () => {
    const { configuration } = load({ ...APPLICATION, ...UNUSABLE });
    expect(configuration.warnings).toHaveLength(3);
    for (const name of Object.keys(UNUSABLE)) {
      const warning = expect.stringMatching(`^${name}: .*ignored, scaling is off`);
      expect(configuration.warnings).toContainEqual(warning);
    }
  });

  it('do stop one that does', () => {
    const env = { ...APPLICATION, ...UNUSABLE, REVERB_SCALING_ENABLED: 'true' };
    expect(() => load(env)).toThrow('REDIS_HOST');
  });
});

describe('A configuration that is handed over', () => {
  it('is the same again, whatever has become of the sources', () => {
    writeFileSync(file, 'REVERB_SERVER_PORT=1\nREVERB_HOST=file\nREVERB_HOTS=a');
    const first = load(
      { ...APPLICATION, REVERB_SERVER_PATH: 'ws', REVERB_APP_CACHE_TTL: 'null' },
      { overrides: { REVERB_HOST: 'flag' } },
    );
    writeFileSync(file, 'REVERB_SERVER_PORT=2');
    const second = loadConfiguration({ env: first.environment, envFilePath: null });
    const warnings = expect.any(Array);
    expect(second.configuration).toEqual({ ...first.configuration, warnings });
    expect(second.variables).toEqual(first.variables);
    expect(second.environment).toEqual(first.environment);
    expect(first.environment).not.toHaveProperty('REVERB_HOTS');
  });

  it('is that of the development application, too', () => {
    const first = load();
    const second = loadConfiguration({ env: first.environment, envFilePath: null });
    const inspector = { ...first.configuration.inspector, isTokenGenerated: false };
    expect(second.configuration).toEqual({ ...first.configuration, inspector });
    expect(second.configuration.listen.host).toBe('127.0.0.1');
  });

  it('has the content of REVERB_APPS_FILE with it, and each that comes later', () => {
    const listOf = (...ids: string[]) =>
      JSON.stringify(ids.map((app_id) => ({ app_id, key: `k${app_id}`, secret: 's' })));
    writeFileSync(file, listOf('1'));
    const env = { REVERB_APPS_FILE: file };
    const first = loadConfiguration({ env, envFilePath: null });
    expect(first.applicationFile?.content).toBe(listOf('1'));
    // It is somebody else's from here on.
    writeFileSync(file, 'nonsense');
    let later = (_content: string): void => undefined;
    const { applicationsOptions } = loadConfiguration({
      env: first.environment,
      envFilePath: null,
      applicationFile: {
        content: listOf('1'),
        watch: (replace) => {
          later = replace;
          return () => undefined;
        },
      },
    });
    const lists: string[][] = [];
    applicationsOptions.watch!((applications) => lists.push(applications.map(({ id }) => id)));
    later(listOf('1', '2'));
    expect(applicationsOptions.applications.map(({ id }) => id)).toEqual(['1']);
    expect(lists).toEqual([['1', '2']]);
  });
});
