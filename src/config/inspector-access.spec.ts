import { ConfigurationError } from './configuration-error.js';
import { describeVariables } from './describe-variables.js';
import { loadConfiguration } from './load-configuration.js';

type Variables = Readonly<Record<string, string>>;

const APPLICATION = { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k', REVERB_APP_SECRET: 's'.repeat(12) };
const LOCAL = { ...APPLICATION, REVERB_SERVER_HOST: '127.0.0.1' };
const ON = { REVERB_INSPECTOR_ENABLED: 'true' };
const PASSWORD = { REVERB_INSPECTOR_PASSWORD: 'twelve chars' };
const TOKEN = { REVERB_INSPECTOR_TOKEN: 'a-token-of-mine' };
const PRODUCTION = { NODE_ENV: 'production' };

const load = (env: Variables) => loadConfiguration({ env, envFilePath: null });
const inspectorOf = (env: Variables) => load(env).configuration.inspector;
const warningsOf = (env: Variables) => load(env).configuration.warnings;

function faultsOf(env: Variables): readonly string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n');
  }
}

describe('The inspector is on by itself', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '::ffff:127.0.0.1'])(
    'on %s, where only this machine reaches it',
    (host) =>
      expect(inspectorOf({ ...APPLICATION, REVERB_SERVER_HOST: host })).toMatchObject({
        enabled: true,
        isOffForAddress: false,
      }),
  );

  it('with the development application', () => expect(inspectorOf({}).enabled).toBe(true));

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', 'localhost.example.com', '128.0.0.1'])(
    'but not on %s',
    (host) =>
      expect(inspectorOf({ ...APPLICATION, REVERB_SERVER_HOST: host })).toMatchObject({
        enabled: false,
        token: undefined,
        isOffForAddress: true,
      }),
  );

  it('and not in production', () =>
    expect(inspectorOf({ ...LOCAL, ...PRODUCTION, ...PASSWORD })).toMatchObject({
      enabled: false,
      isOffForAddress: false,
    }));

  it('nor when it is switched off', () =>
    expect(inspectorOf({ ...LOCAL, REVERB_INSPECTOR_ENABLED: 'false' })).toMatchObject({
      enabled: false,
      token: undefined,
      isTokenGenerated: false,
      isOffForAddress: false,
    }));

  it('which is told as what is in force', () => {
    const value = describeVariables(load(LOCAL)).find(
      ({ name }) => name === 'REVERB_INSPECTOR_ENABLED',
    );
    expect(value).toMatchObject({ value: 'true', source: 'default' });
  });
});

describe('Who signs in to the inspector needs', () => {
  it('a token that was made up, where nobody has given a secret and only this machine is served', () => {
    const [first, second] = [inspectorOf(LOCAL), inspectorOf({ ...LOCAL, ...ON })];
    expect(first.token).toMatch(/^[\w-]{32}$/);
    expect(second.token).toMatch(/^[\w-]{32}$/);
    expect(first.token).not.toBe(second.token);
    expect([first, second]).toMatchObject([{ isTokenGenerated: true }, { isTokenGenerated: true }]);
  });

  it.each([
    [PASSWORD, { password: 'twelve chars', token: undefined }],
    [TOKEN, { password: undefined, token: 'a-token-of-mine' }],
    [
      { ...PASSWORD, ...TOKEN },
      { password: 'twelve chars', token: 'a-token-of-mine' },
    ],
  ])('what was given, and nothing else: %j', (secrets, expected) => {
    for (const env of [
      LOCAL,
      { ...APPLICATION, ...ON },
      { ...APPLICATION, ...ON, ...PRODUCTION },
    ]) {
      const inspector = inspectorOf({ ...env, ...secrets } as Variables);
      expect(inspector).toMatchObject({ ...expected, enabled: true, isTokenGenerated: false });
    }
  });

  it.each([
    [ON, 'REVERB_SERVER_HOST is not a loopback address'],
    [{ ...ON, ...PRODUCTION }, 'NODE_ENV is production'],
    [{ ...ON, ...PRODUCTION, REVERB_SERVER_HOST: '127.0.0.1' }, 'NODE_ENV is production'],
  ])('a secret of their own, or there is no start: %j', (env, because) =>
    expect(faultsOf({ ...APPLICATION, ...env } as Variables)).toEqual([
      `REVERB_INSPECTOR_PASSWORD: got nothing; wants a password, because REVERB_INSPECTOR_ENABLED is true and ${because} (or give REVERB_INSPECTOR_TOKEN, or leave the inspector off)`,
    ]),
  );

  it.each(['REVERB_INSPECTOR_PASSWORD', 'REVERB_INSPECTOR_TOKEN'])(
    'one of 12 to 200 characters that stays hidden: %s',
    (name) => {
      for (const bad of [
        'secret',
        'password',
        'x'.repeat(11),
        'x'.repeat(201),
        'two lines\nof it',
      ]) {
        const faults = faultsOf({ ...APPLICATION, ...ON, [name]: bad });
        expect(faults).toEqual([`${name}: got (hidden); wants 12 to 200 characters, on one line`]);
      }
      for (const good of ['x'.repeat(12), 'x'.repeat(200), ' with blanks ', '密'.repeat(12)]) {
        const { password, token } = inspectorOf({ ...APPLICATION, ...ON, [name]: good });
        expect(password ?? token).toBe(good);
      }
    },
  );

  it.each([
    { ...APPLICATION, REVERB_APP_ID: 'revurb-inspector' },
    { ...APPLICATION, REVERB_APP_KEY: 'revurb-inspector' },
  ])('a name that no application has: %j', (application) => {
    const env = { ...application, REVERB_INSPECTOR_PASSWORD: 'x'.repeat(12) };
    expect(faultsOf({ ...env, ...ON })).toEqual([
      'REVERB_INSPECTOR_ENABLED: got "true"; wants applications with other ids and keys than "revurb-inspector", which is its own',
    ]);
    expect(faultsOf({ ...env, REVERB_INSPECTOR_ENABLED: 'false' })).toEqual([]);
  });

  it.each(['REVERB_INSPECTOR_PASSWORD', 'REVERB_INSPECTOR_TOKEN'])(
    'another secret than any of an application: %s',
    (name) => {
      const fault = `${name}: got (hidden); wants another one than the secret of an application`;
      const REVERB_APPS = JSON.stringify([
        { app_id: '2', key: 'k2', secret: 'x', keys: [{ key: 'k3', secret: 'the-second-one' }] },
      ]);
      for (const secret of [APPLICATION.REVERB_APP_SECRET, 'the-second-one']) {
        const env = { ...APPLICATION, REVERB_APPS, [name]: secret };
        expect(faultsOf({ ...env, ...ON })).toEqual([fault]);
        expect(faultsOf(env)).toEqual([]);
      }
    },
  );

  it('to know nothing of it from `revurb config`', () => {
    const loaded = load({ ...LOCAL, ...PASSWORD, ...TOKEN });
    const generated = load(LOCAL);
    const told = JSON.stringify([describeVariables(loaded), describeVariables(generated)]);
    const secrets = [PASSWORD.REVERB_INSPECTOR_PASSWORD, TOKEN.REVERB_INSPECTOR_TOKEN];
    for (const secret of [...secrets, generated.configuration.inspector.token]) {
      expect(told).not.toContain(secret);
    }
  });
});

describe('The path of the inspector', () => {
  const FREE = 'a path that the server does not need itself';
  const APART = 'a path apart from REVERB_METRICS_PATH, which is';

  it.each([
    ['/apps', {}, FREE],
    ['/app/inspector', {}, FREE],
    ['/up', {}, FREE],
    ['/health', {}, FREE],
    ['/users/me', {}, FREE],
    ['/metrics', { REVERB_METRICS_ENABLED: '1' }, `${APART} "/metrics"`],
    ['/metrics/inspector', { REVERB_METRICS_ENABLED: '1' }, `${APART} "/metrics"`],
    ['/a', { REVERB_METRICS_ENABLED: '1', REVERB_METRICS_PATH: '/a/b' }, `${APART} "/a/b"`],
    ['/metrics', { REVERB_METRICS_ENABLED: '1', REVERB_METRICS_PORT: '8080' }, APART],
  ])('is none that is taken: %s, %j', (path, env, wants) => {
    const faults = faultsOf({ ...LOCAL, ...env, REVERB_INSPECTOR_PATH: path } as Variables);
    expect(faults).toEqual([
      expect.stringContaining(`REVERB_INSPECTOR_PATH: got "${path}"; wants ${wants}`),
    ]);
    const off = { REVERB_INSPECTOR_ENABLED: '0', REVERB_INSPECTOR_PATH: path };
    expect(faultsOf({ ...LOCAL, ...env, ...off } as Variables)).toEqual([]);
  });

  it.each(['inspector', '/', '/inspector/', '/a b', '/a?b', '/a#b', '//a'])(
    'is one: not %j',
    (path) =>
      expect(faultsOf({ ...LOCAL, REVERB_INSPECTOR_PATH: path })).toEqual([
        `REVERB_INSPECTOR_PATH: got "${path}"; wants a path such as /inspector`,
      ]),
  );

  it.each([
    ['/look', {}],
    ['/applications', {}],
    ['/metrics', {}],
    ['/metrics', { REVERB_METRICS_ENABLED: '1', REVERB_METRICS_PORT: '9090' }],
    ['/metrics-of-mine', { REVERB_METRICS_ENABLED: '1' }],
  ])('may be %s with %j', (path, env) =>
    expect(inspectorOf({ ...LOCAL, ...env, REVERB_INSPECTOR_PATH: path } as Variables).path).toBe(
      path,
    ),
  );
});

describe('That a password can be read on its way', () => {
  const WARNING = /^The inspector is reached from other machines without TLS: /;
  const reachable = { ...APPLICATION, ...ON, ...PASSWORD };

  it('is a warning', () => expect(warningsOf(reachable)).toEqual([expect.stringMatching(WARNING)]));

  it.each<Variables>([
    { REVERB_INSPECTOR_ENABLED: 'false' },
    { REVERB_SERVER_HOST: 'localhost' },
    { REVERB_TRUSTED_PROXIES: '10.0.0.1' },
    {
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
    },
  ])('is not so with %j', (env) => expect(warningsOf({ ...reachable, ...env })).toEqual([]));

  it('is none in production behind a proxy on the same machine, but that it is not known is', () => {
    const env = { ...LOCAL, ...ON, ...PASSWORD, ...PRODUCTION };
    expect(warningsOf(env)).toEqual([
      expect.stringMatching(
        /^The inspector is on in production, but TLS is not\. .*TRUSTED_PROXIES/,
      ),
    ]);
    expect(warningsOf({ ...env, REVERB_TRUSTED_PROXIES: '127.0.0.1' })).toEqual([]);
  });
});

describe('The session of the inspector', () => {
  it('is 8 hours, and at least a minute', () => {
    expect(inspectorOf({})).toMatchObject({ sessionSeconds: 28_800, payloads: false });
    expect(inspectorOf({ REVERB_INSPECTOR_SESSION: '60' }).sessionSeconds).toBe(60);
    expect(faultsOf({ REVERB_INSPECTOR_SESSION: '59' })).toEqual([
      'REVERB_INSPECTOR_SESSION: got "59"; wants a whole number from 60 to 2147483',
    ]);
  });
});
