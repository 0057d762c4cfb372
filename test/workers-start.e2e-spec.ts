import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { member, publishNumbers, subscriber, untilHeard } from './harness/cluster-clients.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  signal,
  startWorkers,
  untilAllAnswer,
  workersOf,
} from './harness/server-workers.js';
import { parseJson, plainRequest, type Json } from './harness/signed-request.js';

afterEach(closeAll);

const COUNT = 2;
const WORKERS = { REVERB_WORKERS: String(COUNT), REVERB_SHUTDOWN_DRAIN: '0' };
const SECRET = 'the-secret-of-the-application';

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

/** A file of a directory of its own. */
function fileWith(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  registerForClose(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return path;
}

/** What is in `/proc` of the server and of each worker. */
const procOf = (server: ServerProcess, name: 'cmdline' | 'environ') =>
  [server, ...workersOf(server)].map(({ pid }) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));

/** Resolves with the exit code and the lines of a server that cannot start. */
async function failedStart(variables: Record<string, string>, args?: readonly string[]) {
  const server = ServerProcess.launch({ variables: { ...WORKERS, ...variables }, args });
  return { exit: await server.ended(), lines: linesOf(server.output) };
}

describe('A server with several workers', () => {
  it('announces itself once, and says what there is to say once', async () => {
    const variables = { REVERB_HOTS: 'a' };
    const server = await startWorkers(COUNT, { variables });
    const entries = linesOf(server.output).map(parseJson);
    expect(entries.map(({ message }: Json) => message)).toEqual([
      'REVERB_HOTS is not a variable of this server; did you mean REVERB_HOST?',
      'The server listens',
    ]);
    expect(entries[1].params).toMatchObject({ webSocketUrl: server.url, workers: COUNT });
    expect(procOf(server, 'cmdline').map((title) => title.replaceAll('\0', ''))).toEqual([
      'revurb supervisor',
      'revurb worker 1',
      'revurb worker 2',
    ]);
  });

  it('shows a banner, and the number of the worker that logs', async () => {
    const variables = { REVERB_LOG_FORMAT: 'pretty', NO_COLOR: '1' };
    const server = await startWorkers(COUNT, { variables });
    await server.said(/events:trigger/);
    expect(server.stdout).toContain(`Workers       ${COUNT}\n`);
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    expect(server.stdout).toMatch(/^\[Revurb 1\] .* Closed 0 connections$/m);
    expect(server.stdout).toMatch(/^\[Revurb 2\] .* Closed 0 connections$/m);
    expect(server.stdout.match(/WebSocket {5}/g)).toHaveLength(1);
  });

  it('serves what flags and file say, and tells no secret to whoever lists processes', async () => {
    const file = fileWith(
      `REVERB_APP_ID=7\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=${SECRET}\nREVERB_WORKERS=${COUNT}\nREVERB_MAX_CONNECTIONS=3\n`,
    );
    const unset = { REVERB_APP_ID: undefined, REVERB_APP_KEY: undefined };
    const server = ServerProcess.launch({
      args: [
        'dist/cli/main.js',
        'start',
        '--config',
        file,
        '--path',
        'ws',
        '--hostname',
        'localhost',
      ],
      variables: { ...unset, REVERB_APP_SECRET: undefined, REVERB_SHUTDOWN_DRAIN: '0' },
    });
    const [, port] = await server.said(/"webSocketUrl":"ws:\/\/localhost:(\d+)\/ws"/);
    // It is read once: whoever comes later gets the same.
    rmSync(file);
    signal(workersOf(server)[0]!.pid, 'SIGKILL');
    await server.said(/Worker 1 is back/);
    const target = { url: `ws://127.0.0.1:${port}/ws`, key: 'k', secret: SECRET };
    // Each worker takes its share of three, which is two.
    for (let i = 0; i < 4; i++) await member(target, 'presence-room', `user-${i}`);
    expect((await PusherClient.refused(target)).closeCode).toBe(4100);
    for (const text of [
      ...procOf(server, 'cmdline'),
      ...procOf(server, 'environ'),
      server.output,
    ]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toMatch(/token/);
    }
  });

  it('has as many workers as there are processors with auto', async () => {
    const server = await ServerProcess.start({ variables: { ...WORKERS, REVERB_WORKERS: 'auto' } });
    const count = availableParallelism();
    expect(workersOf(server)).toHaveLength(count > 1 ? count : 0);
  });

  it('takes a change of the file of applications in all of them, and tells of it once', async () => {
    const entry = (id: string) => ({ app_id: id, key: id, secret: SECRET });
    const file = fileWith(JSON.stringify([entry('one')]));
    const variables = {
      REVERB_APPS_FILE: file,
      REVERB_APP_ID: undefined,
      REVERB_APP_KEY: undefined,
      REVERB_APP_SECRET: undefined,
    };
    const server = await startWorkers(COUNT, { variables });
    writeFileSync(file, JSON.stringify([entry('one'), entry('two')]));
    await server.said(/The applications were read again/);
    const { pid, httpUrl } = server;
    const target = { pid, httpUrl, appId: 'two', key: 'two', secret: SECRET };
    await untilAllAnswer(target, 'connections', { connections: 0 });
    writeFileSync(file, 'nonsense');
    await server.said(/cannot be used; the old ones stay/);
    // One that is started now has the old ones, too.
    signal(workersOf(server)[0]!.pid, 'SIGKILL');
    await server.said(/Worker 1 is back/);
    await untilAllAnswer(target, 'connections', { connections: 0 });
    expect(server.output.match(/were read again|cannot be used/g)).toHaveLength(2);
  });

  it('speaks TLS in each of them', async () => {
    const variables = {
      REVERB_TLS_CERT: resolve('test/fixtures/tls/first.crt'),
      REVERB_TLS_KEY: resolve('test/fixtures/tls/first.key'),
    };
    const server = ServerProcess.launch({ variables: { ...WORKERS, ...variables } });
    const [, port] = await server.said(/"webSocketUrl":"wss:\/\/127\.0\.0\.1:(\d+)"/);
    const httpUrl = `https://127.0.0.1:${port}`;
    for (let i = 0; i < 2 * COUNT; i++) {
      expect((await plainRequest(httpUrl, 'GET', '/up', { isAlone: true })).status).toBe(200);
      const target = { url: `wss://127.0.0.1:${port}`, key: server.key };
      await PusherClient.connect(target, { rejectUnauthorized: false });
    }
  });

  it('is as many nodes of a larger cluster with Redis', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(1, redis);
    const lone = cluster.nodes[0]!;
    const server = await cluster.add(WORKERS);
    const clients = [lone, server, server].map((node, i) => member(node, 'presence-room', `u${i}`));
    for (const client of await Promise.all(clients)) {
      await eventually(() =>
        expect(rosterSeenBy(client, 'presence-room')).toEqual(['u0', 'u1', 'u2']),
      );
    }
    const listeners = await Promise.all(
      [lone, server, server].map((node) => subscriber(node, 'news')),
    );
    await publishNumbers(lone, 'news', [1]);
    expect(
      await askNext(server, 'POST', 'events', {
        body: { name: 'number', channel: 'news', data: '2' },
      }),
    ).toMatchObject({ status: 200 });
    for (const listener of listeners) await untilHeard(listener, 'news', [1, 2]);
    await untilAllAnswer(server, 'connections', { connections: 6 });
    // Its workers stand in for a process manager.
    const restart = ServerProcess.launch({
      args: ['dist/cli/main.js', 'restart', '--all-at-once'],
      variables: { REVERB_SCALING_ENABLED: 'true', ...redis.variables },
    });
    expect(await restart.ended()).toBe(0);
    for (const number of [1, 2]) await server.said(new RegExp(`Worker ${number} is back`));
    expect(await lone.ended()).toBe(0);
  }, 40_000);
});

describe('With one worker', () => {
  it.each([undefined, '1'])('there is one process, as ever (%s)', async (workers) => {
    const server = await ServerProcess.start({ variables: { REVERB_WORKERS: workers } });
    expect(workersOf(server)).toEqual([]);
    expect(parseJson(server.stdout).params).not.toHaveProperty('workers');
    expect(procOf(server, 'cmdline')[0]).toMatch(/dist.main\.js/);
  });
});

describe('A start with several workers that fails', () => {
  it.each(['json', 'pretty'])('at a port in use says so in one line (%s)', async (format) => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => occupant.once('listening', listening));
    registerForClose(() => occupant.close());
    const port = String((occupant.address() as AddressInfo).port);
    const variables = { REVERB_SERVER_PORT: port, REVERB_LOG_FORMAT: format };
    const { exit, lines } = await failedStart(variables);
    expect(exit).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`Port ${port} is in use. Stop what listens`)]);
  });

  it('at an address of another machine says so in one line', async () => {
    const { exit, lines } = await failedStart({ REVERB_SERVER_HOST: '192.0.2.1' });
    expect([exit, lines.length]).toEqual([1, 1]);
    expect(lines[0]).toContain('REVERB_SERVER_HOST is not an address of this machine');
  });

  it.each(['0', '1025', '-1', 'many', '1.5'])(
    'at %s workers says so in one line',
    async (workers) => {
      for (const args of [['dist/main.js'], ['dist/cli/main.js', 'start']]) {
        expect(await failedStart({ REVERB_WORKERS: workers }, args)).toEqual({
          exit: 1,
          lines: [`REVERB_WORKERS: got "${workers}"; wants a whole number from 1 to 1024, or auto`],
        });
      }
    },
  );

  it('at faults of the configuration has a line for each', async () => {
    const { exit, lines } = await failedStart({ REVERB_SERVER_PATH: '?', REVERB_TLS_CERT: 'none' });
    expect(exit).toBe(1);
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'REVERB_SERVER_PATH',
      'REVERB_TLS_CERT',
      'REVERB_TLS_KEY',
    ]);
  });
});
