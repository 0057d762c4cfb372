import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from './configuration-error.js';
import { loadConfiguration } from './load-configuration.js';
import { reloadConfiguration } from './reload-configuration.js';

const APPLICATION = { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k', REVERB_APP_SECRET: 's' };

let directory: string;
let envFilePath: string;
let appsFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  envFilePath = join(directory, '.env');
  appsFile = join(directory, 'apps.json');
});

afterEach(() => rmSync(directory, { recursive: true }));

type Variables = Readonly<Record<string, string>>;

const write = (variables: Variables) =>
  writeFileSync(
    envFilePath,
    Object.entries(variables)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
  );

function load(variables: Variables, env: Variables = {}, overrides: Variables = {}) {
  write(variables);
  return loadConfiguration({ env, envFilePath, overrides });
}

function faultsOf(current: ReturnType<typeof load>): readonly string[] {
  try {
    reloadConfiguration(current);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map(({ variable }) => variable);
    throw error;
  }
  return [];
}

describe('A configuration that is read again', () => {
  it('changes applications, their settings and the level of the log', () => {
    const current = load(APPLICATION);
    write({
      ...APPLICATION,
      REVERB_APP_SECRET: 'new',
      REVERB_APP_MAX_SUBSCRIPTIONS: '3',
      REVERB_APPS: '[{"app_id":"2","key":"k2","secret":"s2"}]',
      REVERB_LOG_LEVEL: 'debug',
    });
    const { loaded, needingRestart } = reloadConfiguration(current);
    expect(needingRestart).toEqual([]);
    expect(loaded.configuration.log.level).toBe('debug');
    expect(loaded.configuration.applications).toMatchObject([
      { id: '1', keys: [{ key: 'k', secret: 'new' }], maxSubscriptions: 3 },
      { id: '2', maxSubscriptions: 3 },
    ]);
  });

  it('changes nothing that needs a restart, and names it each time', () => {
    const current = load({ ...APPLICATION, REVERB_SERVER_PORT: '1' });
    write({
      ...APPLICATION,
      REVERB_SERVER_PORT: '2',
      REVERB_SCALING_CHANNEL: 'other',
      REVERB_APP_CACHE_TTL: '7',
    });
    const once = reloadConfiguration(current);
    expect(once.needingRestart).toEqual(['REVERB_SERVER_PORT', 'REVERB_SCALING_CHANNEL']);
    expect(once.loaded.configuration).toMatchObject({
      listen: { port: 1 },
      scaling: { prefix: 'reverb' },
      applications: [{ cacheTtlSeconds: 7 }],
    });
    const again = reloadConfiguration(once.loaded);
    expect(again.needingRestart).toEqual(once.needingRestart);
    expect(again.loaded.environment).toMatchObject({ REVERB_SERVER_PORT: '1' });
    write({ ...APPLICATION, REVERB_SERVER_PORT: '1' });
    expect(reloadConfiguration(again.loaded).needingRestart).toEqual([]);
  });

  it('keeps what flags and the environment say', () => {
    const env = { REVERB_APP_MAX_MESSAGE_SIZE: '1' };
    const current = load(APPLICATION, env, { REVERB_LOG_LEVEL: 'debug' });
    write({ ...APPLICATION, REVERB_APP_MAX_MESSAGE_SIZE: '2', REVERB_LOG_LEVEL: 'warn' });
    const { configuration } = reloadConfiguration(current).loaded;
    expect(configuration.log.level).toBe('debug');
    expect(configuration.applications[0]!.maxMessageSize).toBe(1);
  });

  it('takes back what is not said any more', () => {
    const current = load({ ...APPLICATION, REVERB_APP_CACHE_TTL: '7', REVERB_LOG_LEVEL: 'warn' });
    write(APPLICATION);
    const { configuration } = reloadConfiguration(current).loaded;
    expect(configuration.log.level).toBe('log');
    expect(configuration.applications[0]!.cacheTtlSeconds).toBe(1800);
  });

  it('may move its applications to a file', () => {
    const current = load(APPLICATION);
    writeFileSync(appsFile, '[{"app_id":"2","key":"k2","secret":"s2"}]');
    write({ REVERB_APPS_FILE: appsFile });
    const { loaded } = reloadConfiguration(current);
    expect(loaded.configuration.applications.map(({ id }) => id)).toEqual(['2']);
    expect(loaded.applicationFile?.content).toContain('k2');
  });

  it('tells each warning once', () => {
    const current = load({ ...APPLICATION, REVERB_ODD: '1' });
    write({ ...APPLICATION, REVERB_ODD: '1', REVERB_ODDER: '1' });
    const once = reloadConfiguration(current);
    expect(once.warnings).toEqual([expect.stringContaining('REVERB_ODDER')]);
    expect(reloadConfiguration(once.loaded).warnings).toEqual([]);
  });

  it('is refused as a whole, with every fault', () => {
    const current = load(APPLICATION);
    write({ ...APPLICATION, REVERB_APP_CACHE_TTL: 'x', REVERB_SERVER_PORT: 'y' });
    expect(faultsOf(current)).toEqual(['REVERB_SERVER_PORT', 'REVERB_APP_CACHE_TTL']);
  });

  it('is refused when a file of it is gone', () => {
    writeFileSync(appsFile, '[]');
    const current = load({ REVERB_APPS_FILE: appsFile });
    rmSync(appsFile);
    expect(faultsOf(current)).toEqual(['REVERB_APPS_FILE']);
    rmSync(envFilePath);
    expect(faultsOf(current)).toEqual([envFilePath]);
  });

  it('is refused without an application, which would be one that everybody knows', () => {
    const current = load(APPLICATION);
    write({});
    expect(faultsOf(current)).toEqual(['REVERB_APP_ID']);
  });

  it('may bring the first application of its own, but no other address to listen on', () => {
    const current = load({});
    write(APPLICATION);
    const { loaded, needingRestart } = reloadConfiguration(current);
    expect(needingRestart).toEqual(['REVERB_SERVER_HOST', 'REVERB_INSPECTOR_ENABLED']);
    expect(loaded.configuration).toMatchObject({
      isDevelopmentApplication: false,
      listen: { host: '127.0.0.1' },
    });
  });

  it('changes nothing of the inspector', () => {
    const secret = { REVERB_INSPECTOR_ENABLED: '1', REVERB_INSPECTOR_TOKEN: 'the-first-token' };
    const current = load({ ...APPLICATION, ...secret });
    write({
      ...APPLICATION,
      REVERB_INSPECTOR_ENABLED: '0',
      REVERB_INSPECTOR_PATH: '/look',
      REVERB_INSPECTOR_TOKEN: 'the-second-token',
      REVERB_INSPECTOR_PASSWORD: 'the-first-password',
      REVERB_INSPECTOR_PAYLOADS: '1',
      REVERB_INSPECTOR_SESSION: '60',
    });
    const { loaded, needingRestart } = reloadConfiguration(current);
    expect(loaded.configuration.inspector).toEqual(current.configuration.inspector);
    expect(needingRestart).toEqual([
      'REVERB_INSPECTOR_ENABLED',
      'REVERB_INSPECTOR_PATH',
      'REVERB_INSPECTOR_PASSWORD',
      'REVERB_INSPECTOR_TOKEN',
      'REVERB_INSPECTOR_PAYLOADS',
      'REVERB_INSPECTOR_SESSION',
    ]);
  });

  it('keeps the token of the inspector that was generated, each time, until one is given', () => {
    const current = load({});
    const { inspector } = current.configuration;
    expect(inspector.isTokenGenerated).toBe(true);
    let { loaded, needingRestart } = reloadConfiguration(current);
    for (let i = 0; i < 2; i++) {
      expect(loaded.configuration.inspector).toEqual(inspector);
      expect(loaded.environment.REVERB_INSPECTOR_TOKEN).toBe(inspector.token);
      expect(needingRestart).toEqual([]);
      ({ loaded, needingRestart } = reloadConfiguration(loaded));
    }
    write({ REVERB_INSPECTOR_TOKEN: 'the-first-token' });
    ({ loaded, needingRestart } = reloadConfiguration(loaded));
    expect(loaded.configuration.inspector).toEqual(inspector);
    expect(needingRestart).toEqual(['REVERB_INSPECTOR_TOKEN']);
  });

  it('is refused when the secret of an application becomes that of the inspector', () => {
    const password = 'the-first-password';
    const inspector = { REVERB_INSPECTOR_ENABLED: '1', REVERB_INSPECTOR_PASSWORD: password };
    const current = load({ ...APPLICATION, ...inspector });
    write({ ...APPLICATION, ...inspector, REVERB_APP_SECRET: password });
    expect(faultsOf(current)).toEqual(['REVERB_INSPECTOR_PASSWORD']);
  });

  it('has no file that was not there at the start', () => {
    const current = loadConfiguration({ env: APPLICATION, envFilePath: null });
    expect(reloadConfiguration(current).loaded.configuration.applications[0]!.id).toBe('1');
  });

  it.each([true, false])('cannot turn TLS on or off: it was on, %s', (wasOn) => {
    const tls = {
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
    };
    const [before, after] = wasOn ? [tls, {}] : [{}, tls];
    const current = load({ ...APPLICATION, ...before });
    write({ ...APPLICATION, ...after });
    const { loaded, needingRestart } = reloadConfiguration(current);
    expect(needingRestart).toEqual(['REVERB_TLS_CERT', 'REVERB_TLS_KEY']);
    expect(loaded.configuration.listen.tls !== undefined).toBe(wasOn);
  });
});
