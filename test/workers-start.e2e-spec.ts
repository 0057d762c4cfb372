import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { member, publishNumbers, subscriber, untilHeard } from './harness/cluster-clients.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  killWorkersWith,
  signal,
  untilAllAnswer,
  workersOf,
} from './harness/server-workers.js';
import { parseJson, type Json } from './harness/signed-request.js';

jest.setTimeout(40_000);
afterEach(closeAll);

const COUNT = 2;
const WORKERS = { REVERB_WORKERS: String(COUNT), REVERB_SHUTDOWN_DRAIN: '0' };
const SECRET = 'the-secret-of-the-application';
const NO_APPLICATION = {
  REVERB_APP_ID: undefined,
  REVERB_APP_KEY: undefined,
  REVERB_APP_SECRET: undefined,
};

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

/** A file in a directory of its own. */
function fileWith(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  registerForClose(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  writeFileSync(path, content);
  return path;
}

/** What anybody, or this user, can read of the supervisor and each worker. */
const procOf = (server: ServerProcess, name: 'cmdline' | 'environ') =>
  [server, ...workersOf(server)].map(({ pid }) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));

describe('A server with several workers', () => {
  it('announces itself once, and serves what flags and file say without telling secrets', async () => {
    const file = fileWith(
      [
        'REVERB_APP_ID=7',
        'REVERB_APP_KEY=k',
        `REVERB_APP_SECRET=${SECRET}`,
        `REVERB_WORKERS=${COUNT}`,
        'REVERB_MAX_CONNECTIONS=4',
        'REVERB_HOTS=a',
      ].join('\n'),
    );
    const flags = ['--config', file, '--path', 'ws', '--hostname', 'localhost'];
    const server = ServerProcess.launch({
      args: ['dist/cli/main.js', 'start', ...flags],
      variables: { ...NO_APPLICATION, REVERB_SHUTDOWN_DRAIN: '0' },
    });
    killWorkersWith(server);
    const [, port] = await server.said(/"webSocketUrl":"ws:\/\/localhost:(\d+)\/ws"/);
    const entries = linesOf(server.output).map(parseJson);
    expect(entries.map(({ message }: Json) => message)).toEqual([
      'REVERB_HOTS is not a variable of this server; did you mean REVERB_HOST?',
      'The server listens',
    ]);
    expect(entries[1].params.workers).toBe(COUNT);
    const titles = procOf(server, 'cmdline').map((title) => title.replaceAll('\0', ''));
    expect(titles).toEqual(['revurb supervisor', 'revurb worker 1', 'revurb worker 2']);
    // It is read once: whoever comes later gets the same.
    rmSync(file);
    signal(workersOf(server)[0]!.pid, 'SIGKILL');
    await server.said(/Worker 1 is back/);
    const target = { url: `ws://127.0.0.1:${port}/ws`, key: 'k', secret: SECRET };
    // Each worker takes its half of four.
    for (let i = 0; i < 4; i++) await member(target, 'presence-room', `user-${i}`);
    expect((await PusherClient.refused(target)).closeCode).toBe(4100);
    expect([...titles, ...procOf(server, 'environ'), server.output].join()).not.toContain(SECRET);
  });

  it('speaks TLS in each, and takes a change of the file of applications in all of them', async () => {
    const entry = (id: string) => ({ app_id: id, key: id, secret: SECRET });
    const file = fileWith(JSON.stringify([entry('one')]));
    const variables = {
      ...NO_APPLICATION,
      REVERB_APPS_FILE: file,
      REVERB_TLS_CERT: resolve('test/fixtures/tls/first.crt'),
      REVERB_TLS_KEY: resolve('test/fixtures/tls/first.key'),
    };
    const server = ServerProcess.launch({ variables: { ...WORKERS, ...variables } });
    killWorkersWith(server);
    const [, port] = await server.said(/"webSocketUrl":"wss:\/\/127\.0\.0\.1:(\d+)"/);
    const { pid } = server;
    const url = `wss://127.0.0.1:${port}`;
    const httpUrl = `https://127.0.0.1:${port}`;
    const two = { pid, url, httpUrl, appId: 'two', key: 'two', secret: SECRET };
    expect(await askNext(two, 'GET', 'connections')).toMatchObject({ status: 404 });
    writeFileSync(file, JSON.stringify([entry('one'), entry('two')]));
    await server.said(/The applications were read again/);
    await untilAllAnswer(two, 'connections', { connections: 0 });
    writeFileSync(file, 'nonsense');
    await server.said(/cannot be used; the old ones stay/);
    // One that is started now has the old ones, too.
    signal(workersOf(server)[0]!.pid, 'SIGKILL');
    await server.said(/Worker 1 is back/);
    for (let i = 0; i < COUNT; i++) await PusherClient.connect(two, { rejectUnauthorized: false });
    await untilAllAnswer(two, 'connections', { connections: COUNT });
    expect(server.output.match(/were read again|cannot be used/g)).toHaveLength(2);
  });

  it('is as many nodes of a larger cluster with Redis', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(1, redis);
    const lone = cluster.nodes[0]!;
    const server = await cluster.add(WORKERS);
    killWorkersWith(server);
    const clients: PusherClient[] = [];
    for (const [i, node] of [lone, server, server].entries()) {
      clients.push(await member(node, 'presence-room', `user-${i}`));
      await clients[i]!.subscribe('news');
    }
    for (const client of clients) {
      await eventually(() => expect(rosterSeenBy(client, 'presence-room')).toHaveLength(3));
    }
    await publishNumbers(lone, 'news', [1]);
    const body = { name: 'number', channel: 'news', data: '2' };
    expect(await askNext(server, 'POST', 'events', { body })).toMatchObject({ status: 200 });
    for (const client of clients) await untilHeard(client, 'news', [1, 2]);
    await untilAllAnswer(server, 'connections', { connections: 3 });
    signal(workersOf(server)[1]!.pid, 'SIGTERM');
    await server.said(/Worker 2 is back/);
    await subscriber(server, 'news');
  });
});

describe('With one worker', () => {
  it('there is one process, as ever', async () => {
    const server = await ServerProcess.start({ variables: { REVERB_WORKERS: '1' } });
    expect(workersOf(server)).toEqual([]);
    expect(parseJson(server.stdout).params).not.toHaveProperty('workers');
    expect(procOf(server, 'cmdline')[0]).toMatch(/dist.main\.js/);
  });
});

describe('A start with several workers that fails', () => {
  it('at a port in use says so in one line', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => occupant.once('listening', listening));
    registerForClose(() => occupant.close());
    const port = String((occupant.address() as AddressInfo).port);
    const server = ServerProcess.launch({ variables: { ...WORKERS, REVERB_SERVER_PORT: port } });
    expect(await server.ended()).toBe(1);
    const [line, ...others] = linesOf(server.output).map(parseJson);
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      level: 'fatal',
      message: `Port ${port} is in use. Stop what listens there, or choose another with REVERB_SERVER_PORT.`,
    });
  });

  it.each([
    ['dist/main.js', '0'],
    ['dist/cli/main.js start', 'many'],
  ])('at a wrong number of them, too (%s)', async (command, workers) => {
    const args = command.split(' ');
    const server = ServerProcess.launch({ args, variables: { REVERB_WORKERS: workers } });
    expect(await server.ended()).toBe(1);
    expect(server.output).toBe(
      `REVERB_WORKERS: got "${workers}"; wants a whole number from 1 to 1024, or auto\n`,
    );
  });
});
