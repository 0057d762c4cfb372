import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { changesSeenBy, heard, member, NUMBER, subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket } from './harness/raw-socket.js';
import type { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  signal,
  startWorkers,
  untilAllAnswer,
  untilEnded,
  workersOf,
  type ServerWorker,
} from './harness/server-workers.js';

jest.setTimeout(40_000);

const COUNT = 2;
const VARIABLES = { REVERB_SCALING_HEARTBEAT: '1', REVERB_SCALING_LEASE: '3' };

const UPGRADE = [
  'GET /app/app-key?protocol=7 HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

/** Looked after by itself, so one server is enough for most of it. */
let server: ServerProcess;
/** How much was said before the test. */
let before: { stdout: number; stderr: number };
let room: string;
let rooms = 0;

beforeAll(async () => {
  server = await startWorkers(COUNT, { variables: VARIABLES });
});
beforeEach(() => {
  before = { stdout: server.stdout.length, stderr: server.stderr.length };
  room = `presence-room-${++rooms}`;
});
afterAll(closeAll);

/** What the server has said in the course of the test. */
const saidSoFar = () => server.stdout.slice(before.stdout) + server.stderr.slice(before.stderr);

/** Resolves once the server has said this in the course of the test. */
async function said(pattern: RegExp): Promise<RegExpExecArray> {
  const isSaid = () => {
    expect(saidSoFar()).toMatch(pattern);
    return pattern.exec(saidSoFar())!;
  };
  return eventually(isSaid, { withinMs: 3 * SWEEP_MS });
}

/** Members, half of them with each worker, and a watcher of the channel `news`. */
async function populate(count = 6): Promise<PusherClient[]> {
  const clients: PusherClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await member(server, room, `user-${i}`));
  const everybody = clients.map((_, i) => `user-${i}`);
  await eventually(() => {
    for (const client of clients) expect(rosterSeenBy(client, room)).toEqual(everybody);
  });
  return clients;
}

/** Resolves with who is gone and who is left, once the clients of one worker were closed: half of all. */
async function untilHalfIsGone(clients: readonly PusherClient[]) {
  const gone = () => clients.filter(({ isOpen }) => !isOpen);
  await eventually(() => expect(gone().length).toBe(clients.length / 2), { withinMs: SWEEP_MS });
  const left = clients.filter(({ isOpen }) => isOpen);
  return { gone: gone(), left, lost: gone().map((client) => `user-${clients.indexOf(client)}`) };
}

/** Resolves once each of these was told, once, that those are gone, and nobody else. */
async function untilToldOf(clients: readonly PusherClient[], lost: readonly string[]) {
  const removed = (client: PusherClient) =>
    changesSeenBy(client, room).filter((change) => change.startsWith('removed'));
  for (const client of clients) {
    await eventually(() =>
      expect(removed(client).sort()).toEqual(lost.map((name) => `removed ${name}`)),
    );
  }
}

/** Publishes numbers through one worker after the other, until it is called. Gives those that were accepted. */
function publishOn(channel: string): () => Promise<number[]> {
  const accepted: number[] = [];
  const end = new AbortController();
  const run = async () => {
    for (let number = 0; !end.signal.aborted; number++) {
      const body = { name: NUMBER, channel, data: String(number) };
      // Whoever dies over a request does not answer it.
      const answer = await askNext(server, 'POST', 'events', { body }).catch(() => undefined);
      if (answer?.status === 200) accepted.push(number);
      await sleep(5);
    }
  };
  const running = run();
  const stop = async () => {
    end.abort();
    await running;
    return accepted;
  };
  registerForClose(stop);
  return stop;
}

describe('When a worker is killed', () => {
  it('its members leave once, it is replaced, and the clients of the others lose nothing', async () => {
    const clients = await populate();
    for (const client of clients) await client.subscribe('news');
    const stop = publishOn('news');
    const [doomed, other] = workersOf(server) as [ServerWorker, ServerWorker];
    await eventually(() => expect(heard(clients[0]!, 'news').length).toBeGreaterThan(5));
    signal(doomed.pid, 'SIGKILL');
    const { left, lost } = await untilHalfIsGone(clients);
    await said(/Worker 1 is back/);
    const accepted = await stop();
    for (const client of left) {
      await eventually(() =>
        expect(heard(client, 'news')).toEqual(expect.arrayContaining(accepted)),
      );
      const numbers = heard(client, 'news');
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
    await untilToldOf(left, lost);
    expect(saidSoFar().match(/Worker 1 died: SIGKILL/g)).toHaveLength(1);
    const workers = workersOf(server);
    expect(workers).toEqual([{ number: 1, pid: expect.any(Number) }, other]);
    expect(workers[0]!.pid).not.toBe(doomed.pid);
  });

  it('the next one takes part in everything', async () => {
    const clients = await populate();
    await untilAllAnswer(server, `channels/${room}/users`, {
      users: clients.map((_, i) => ({ id: `user-${i}` })),
    });
    signal(workersOf(server)[1]!.pid, 'SIGKILL');
    const { left, lost } = await untilHalfIsGone(clients);
    await said(/Worker 2 is back/);
    left.push(...(await Promise.all(lost.map((name) => member(server, room, name)))));
    await untilAllAnswer(
      server,
      `channels/${room}`,
      {
        occupied: true,
        subscription_count: clients.length,
        user_count: clients.length,
      },
      { query: { info: 'user_count,subscription_count' } },
    );
    const stop = publishOn(room);
    await eventually(() => expect(heard(left[0]!, room).length).toBeGreaterThan(5));
    const accepted = await stop();
    for (const client of left) {
      await eventually(() => expect(heard(client, room)).toEqual(accepted));
    }
  });
});

describe('When a worker hangs', () => {
  it('another one takes its place after the lease, and its members leave once', async () => {
    const clients = await populate();
    const [hung] = workersOf(server) as [ServerWorker];
    signal(hung.pid, 'SIGSTOP');
    const { left, lost } = await untilHalfIsGone(clients);
    expect(lost).toHaveLength(clients.length / 2);
    await untilEnded([hung.pid]);
    await said(/Worker 1 died: it gave no sign of life/);
    await untilToldOf(left, lost);
    await said(/Worker 1 is back/);
  });

  it('newcomers that were given to it are let go, and the others served', async () => {
    signal(workersOf(server)[0]!.pid, 'SIGSTOP');
    const dialled = Array.from({ length: 6 }, () => RawSocket.open(server.port));
    const newcomers = await Promise.all(dialled);
    for (const newcomer of newcomers) newcomer.write(UPGRADE);
    const undecided = () =>
      newcomers.filter(({ isClosed, statuses }) => !isClosed && statuses.length === 0).length;
    await eventually(() => expect(undecided()).toBe(0), { withinMs: SWEEP_MS });
    const served = newcomers.filter(({ statuses }) => statuses[0] === 101);
    expect(served.length).toBeGreaterThanOrEqual(5);
    await said(/Worker 1 is back/);
  });
});

describe('A worker that is told to stop', () => {
  it('says goodbye to its clients and is replaced; who comes back was never away', async () => {
    const clients = await populate();
    signal(workersOf(server)[0]!.pid, 'SIGTERM');
    const { gone, left, lost } = await untilHalfIsGone(clients);
    for (const client of gone) await client.expectClose(4200);
    const back = await Promise.all(lost.map((name) => member(server, room, name)));
    await said(/Worker 1 is stopping: SIGTERM/);
    await said(/Worker 1 is back/);
    expect(saidSoFar()).not.toMatch(/died/);
    for (const client of [...left, ...back]) await client.roundTrip();
    await untilToldOf([...left, ...back], []);
  });
});

describe('SIGUSR2', () => {
  it('replaces the workers, one after the other, and no publish is refused meanwhile', async () => {
    const replaced = workersOf(server).map(({ pid }) => pid);
    const clients = await populate();
    const stop = publishOn('news');
    server.kill('SIGUSR2');
    server.kill('SIGUSR2');
    for (const client of clients) await client.expectClose(4200, 2 * SWEEP_MS);
    await said(/Worker 2 was replaced/);
    const accepted = await stop();
    expect(accepted).toEqual(accepted.map((_, i) => i));
    expect(accepted.length).toBeGreaterThan(10);
    await untilEnded(replaced);
    const after = workersOf(server);
    expect(after.map(({ number }) => number)).toEqual([1, 2]);
    for (const { pid } of after) expect(replaced).not.toContain(pid);
    expect(saidSoFar().match(/was replaced/g)).toHaveLength(COUNT);
  });
});

describe('When all workers are killed', () => {
  it('the server is there again', async () => {
    const client = await subscriber(server, 'news');
    for (const { pid } of workersOf(server)) signal(pid, 'SIGKILL');
    await client.expectClose(1006);
    for (const number of [1, 2]) await said(new RegExp(`Worker ${number} is back`));
    // Any free port would do, as it is 0.
    const [, port] = await said(/listens at port (\d+) now/);
    const { pid, appId, key, secret } = server;
    const target = { pid, httpUrl: `http://127.0.0.1:${port}`, appId, key, secret };
    await untilAllAnswer(target, 'connections', { connections: 0 });
    await subscriber({ url: `ws://127.0.0.1:${port}`, key }, 'news');
  });
});
