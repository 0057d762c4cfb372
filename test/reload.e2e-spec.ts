import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ApplicationProvider, ApplicationsReload, createApplication } from '../src/index.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { PusherClient } from './harness/pusher-client.js';
import { ServerProcess, type LaunchOptions } from './harness/server-process.js';
import { startWorkers, untilWorkers, workersOf, signal } from './harness/server-workers.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

type Variables = Readonly<Record<string, string>>;

const APPLICATION = {
  REVERB_APP_ID: 'app-id',
  REVERB_APP_KEY: 'app-key',
  REVERB_APP_SECRET: 'app-secret',
};
/** Not in the environment, which wins over the file and stays what it is. */
const ALL_IN_FILE = {
  REVERB_APP_ID: undefined,
  REVERB_APP_KEY: undefined,
  REVERB_APP_SECRET: undefined,
};

const linesOf = (variables: Variables) =>
  Object.entries({ REVERB_SHUTDOWN_DRAIN: '0', ...variables })
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');

const optionsFor = (variables: Variables, options: LaunchOptions = {}): LaunchOptions => ({
  ...options,
  variables: { ...ALL_IN_FILE, ...options.variables },
  files: { '.env': linesOf(variables), ...options.files },
});

const serve = (variables: Variables = APPLICATION, options?: LaunchOptions) =>
  ServerProcess.start(optionsFor(variables, options));

/** The machine may be busy. */
const ANSWER_MS = 10_000;

const DONE = /The configuration was read again/;
const REFUSED = /Nothing was read again/;

/** Writes the variables, sends the signal, and resolves with all that is said until the answer. */
async function reload(server: ServerProcess, answer: RegExp, variables?: Variables) {
  if (variables !== undefined) server.write('.env', linesOf(variables));
  const [stdout, stderr] = [server.stdout.length, server.stderr.length];
  server.kill('SIGHUP');
  return eventually(
    () => {
      const said = server.stdout.slice(stdout) + server.stderr.slice(stderr);
      expect(said).toMatch(answer);
      return said;
    },
    { withinMs: ANSWER_MS },
  );
}

const refusalOf = async (server: ServerProcess, key = 'app-key') =>
  (await PusherClient.refused({ url: server.url, key })).closeCode;

describe('SIGHUP, while all sockets stay', () => {
  it('has applications and their settings read again', async () => {
    const server = await serve(APPLICATION, { args: ['dist/cli/main.js', 'start'] });
    const client = await PusherClient.connect(server);
    await client.subscribe('first');
    const said = await reload(server, DONE, {
      ...APPLICATION,
      REVERB_APP_KEY: 'new-key',
      REVERB_APP_MAX_SUBSCRIPTIONS: '1',
    });
    expect(said).toContain('"applications":1');
    expect((await client.subscribeRefused('second')).json.type).toBe('LimitReached');
    expect(await refusalOf(server)).toBe(4001);
    await PusherClient.connect({ url: server.url, key: 'new-key' });
    await client.roundTrip();
  });

  it('reads REVERB_APPS_FILE, which is watched on with the new settings', async () => {
    const file = (...ids: string[]) =>
      JSON.stringify(ids.map((id) => ({ app_id: id, key: `${id}-key`, secret: 's' })));
    const variables = { REVERB_APPS_FILE: 'apps.json' };
    const server = await serve(variables, { files: { 'apps.json': file('a') } });
    const at = (id: string) => ({ url: server.url, key: `${id}-key` });
    const client = await PusherClient.connect(at('a'));
    server.write('apps.json', file('a', 'b'));
    await reload(server, DONE, { ...variables, REVERB_APP_ACTIVITY_TIMEOUT: '17' });
    expect((await PusherClient.connect(at('b'))).activityTimeout).toBe(17);
    server.write('apps.json', file('a', 'b', 'c'));
    await server.said(/The applications were read again/);
    expect((await PusherClient.connect(at('c'))).activityTimeout).toBe(17);
    rmSync(join(server.directory, 'apps.json'));
    const said = await reload(server, REFUSED);
    expect(said).toMatch(/Nothing was read again: REVERB_APPS_FILE: .*ENOENT/);
    await PusherClient.connect(at('c'));
    await client.roundTrip();
  });

  it('keeps what was there when something is wrong, and says so in one line for each fault', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    const faults = { REVERB_APP_CACHE_TTL: 'x', REVERB_APPS: '{', REVERB_APP_KEY: 'new-key' };
    const said = await reload(server, /REVERB_APPS:/, { ...APPLICATION, ...faults });
    const lines = said.split('\n').filter((line) => REFUSED.test(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('REVERB_APP_CACHE_TTL: got \\"x\\"; wants');
    await PusherClient.connect(server);
    expect(await refusalOf(server, 'new-key')).toBe(4001);
    rmSync(join(server.directory, '.env'));
    expect(await reload(server, REFUSED)).toContain('.env: cannot be read (ENOENT)');
    expect(await reload(server, REFUSED, {})).toContain('REVERB_APP_ID: got nothing');
    await PusherClient.connect(server);
    await client.roundTrip();
    await reload(server, DONE, { ...APPLICATION, REVERB_APP_KEY: 'new-key' });
    await PusherClient.connect({ url: server.url, key: 'new-key' });
  });

  it('names what needs a restart', async () => {
    const server = await serve();
    const said = await reload(server, DONE, {
      ...APPLICATION,
      REVERB_SERVER_PATH: '/elsewhere',
      REVERB_SCALING_ENABLED: 'true',
      REVERB_ODD: '1',
    });
    for (const name of ['REVERB_SERVER_PATH', 'REVERB_SCALING_ENABLED']) {
      expect(said).toContain(`${name} has changed, but needs a restart; the old value stays.`);
    }
    expect(said).toContain('REVERB_ODD is not a variable of this server');
    await PusherClient.connect(server);
  });

  it('raises and lowers the level of the log', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    await reload(server, DONE, { ...APPLICATION, REVERB_LOG_LEVEL: 'debug' });
    client.send({ event: 'pusher:ping', data: 'is shown' });
    await server.said(/is shown/);
    await reload(server, DONE, { ...APPLICATION, REVERB_LOG_LEVEL: 'warn' });
    const louder = { ...APPLICATION, REVERB_LOG_LEVEL: 'log' };
    await client.roundTrip();
    await reload(server, DONE, louder);
    client.send({ event: 'pusher:ping', data: 'is hidden' });
    await client.roundTrip();
    await reload(server, DONE);
    expect(server.output).not.toContain('is hidden');
  });

  it('may come several times at once', async () => {
    const server = await serve();
    const client = await PusherClient.connect(server);
    server.write('.env', linesOf({ ...APPLICATION, REVERB_APP_KEY: 'new-key' }));
    for (let i = 0; i < 5; i++) server.kill('SIGHUP');
    await reload(server, DONE);
    await PusherClient.connect({ url: server.url, key: 'new-key' });
    await client.roundTrip();
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
  });

  it('exchanges the certificate', async () => {
    const tls = (name: string) => ({
      ...APPLICATION,
      REVERB_TLS_CERT: `${process.cwd()}/test/fixtures/tls/${name}.crt`,
      REVERB_TLS_KEY: `${process.cwd()}/test/fixtures/tls/${name}.key`,
    });
    const server = ServerProcess.launch(optionsFor(tls('first')));
    const [port] = await server.said(/(?<=\bwss:\/\/127\.0\.0\.1:)\d+/);
    const target = { url: `wss://127.0.0.1:${port}`, key: 'app-key' };
    const lax = { rejectUnauthorized: false };
    const client = await PusherClient.connect(target, lax);
    expect(await certificateAt(Number(port))).toBe(nameIn('first'));
    await reload(server, DONE, tls('second'));
    expect(await certificateAt(Number(port))).toBe(nameIn('second'));
    const broken = { ...tls('first'), REVERB_TLS_KEY: tls('second').REVERB_TLS_KEY };
    expect(await reload(server, REFUSED, broken)).toContain('REVERB_TLS_CERT: wants');
    expect(await certificateAt(Number(port))).toBe(nameIn('second'));
    expect(await reload(server, DONE, APPLICATION)).toContain('REVERB_TLS_CERT has changed');
    await client.roundTrip();
    await PusherClient.connect(target, lax);
  });
});

const nameIn = (name: string) => `${name}.localhost`;

function certificateAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    registerForClose(() => socket.destroy());
    socket.once('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN)));
    socket.once('error', reject);
  });
}

describe('SIGHUP to a server of several workers', () => {
  it('reaches all of them, and those that come later', async () => {
    const server = await startWorkers(2, optionsFor(APPLICATION));
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    const before = workersOf(server).map(({ pid }) => pid);
    const limited = {
      ...APPLICATION,
      REVERB_APP_MAX_SUBSCRIPTIONS: '1',
      REVERB_WORKERS: '2',
      REVERB_SERVER_PATH: '/elsewhere',
    };
    const said = await reload(server, DONE, limited);
    expect(said).toContain('REVERB_SERVER_PATH has changed');
    for (const [i, client] of clients.entries()) {
      await client.subscribe(`first-${i}`);
      await eventually(async () => {
        client.unsubscribe('second');
        expect((await client.subscribeRefused('second')).json.type).toBe('LimitReached');
      });
    }
    const refused = { ...limited, REVERB_APP_CACHE_TTL: 'x' };
    expect(await reload(server, REFUSED, refused)).toContain('REVERB_APP_CACHE_TTL');
    // As a signal to the whole group does.
    for (const pid of before) signal(pid, 'SIGHUP');
    for (const client of clients) await client.roundTrip();
    signal(before[0]!, 'SIGKILL');
    await untilWorkers(server, 2, [before[0]!]);
    await server.said(/Worker 1 is back/);
    // They are dealt out in turn.
    for (const _ of before) {
      const client = await PusherClient.connect(server);
      await client.subscribe('first');
      await client.subscribeRefused('second');
    }
  });
});

describe('A host', () => {
  const application = (key: string) =>
    createApplication({ id: 'app-id', keys: [{ key, secret: 'app-secret' }] });

  it('exchanges the applications itself, while all sockets stay', async () => {
    const host = await startHost('Express');
    const client = await PusherClient.connect(host);
    host.app.get(ApplicationsReload).follow({ applications: [application('new-key')] });
    expect((await PusherClient.refused(host)).closeCode).toBe(4001);
    await PusherClient.connect({ ...host, key: 'new-key' });
    const target = { ...host, key: 'new-key' };
    expect((await signedRequest(target, 'GET', 'connections')).json).toEqual({ connections: 2 });
    await client.roundTrip();
  });

  it('does that in its own provider, if it has one', async () => {
    class Own extends ApplicationProvider {
      findById = () => application('app-key');
      findByKey = () => application('app-key');
    }
    const host = await startHost('Fastify', { revurb: { applicationProvider: Own } });
    const applications = host.app.get(ApplicationsReload);
    expect(() => applications.follow({ applications: [] })).toThrow('provider of your own');
    await PusherClient.connect(host);
  });
});
