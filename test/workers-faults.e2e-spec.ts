import { setTimeout as sleep } from 'node:timers/promises';
import {
  changesSeenBy,
  heard,
  member,
  NUMBER,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket } from './harness/raw-socket.js';
import type { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  isRunning,
  signal,
  startWorkers,
  untilAllAnswer,
  untilEnded,
  workersOf,
  type ServerWorker,
} from './harness/server-workers.js';

afterEach(closeAll);

const COUNT = 2;
const ROOM = 'presence-room';

const start = (variables: Record<string, string> = {}) =>
  startWorkers(COUNT, {
    variables: { REVERB_SCALING_HEARTBEAT: '1', REVERB_SCALING_LEASE: '3', ...variables },
  });

const UPGRADE = [
  'GET /app/app-key?protocol=7 HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

const pidsOf = (workers: readonly ServerWorker[]) => workers.map(({ pid }) => pid);

/** Members, half of them with each worker. */
async function populate(server: ServerProcess, count = 6): Promise<PusherClient[]> {
  const clients: PusherClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await member(server, ROOM, `user-${i}`));
  const everybody = clients.map((_, i) => `user-${i}`);
  await eventually(() => {
    for (const client of clients) expect(rosterSeenBy(client, ROOM)).toEqual(everybody);
  });
  return clients;
}

/** Who was there in the beginning, and who still is. */
function halves(clients: readonly PusherClient[]) {
  const named = clients.map((client, i) => ({ client, name: `user-${i}` }));
  return {
    gone: named.filter(({ client }) => !client.isOpen).map(({ name }) => name),
    left: named.filter(({ client }) => client.isOpen).map(({ client }) => client),
  };
}

/** Resolves once the clients of one worker were closed, and are half of all. */
async function untilHalfIsGone(clients: readonly PusherClient[]) {
  await eventually(() => expect(halves(clients).gone).toHaveLength(clients.length / 2), {
    withinMs: SWEEP_MS,
  });
  return halves(clients);
}

/** Publishes numbers until told to stop, through one worker after the other. Gives those accepted. */
function publishOn(server: ServerProcess, channel: string): () => Promise<number[]> {
  const accepted: number[] = [];
  let isOver = false;
  const run = async () => {
    for (let number = 0; !isOver; number++) {
      const body = { name: NUMBER, channel, data: String(number) };
      // Whoever dies over a request does not answer it.
      const answer = await askNext(server, 'POST', 'events', { body }).catch(() => undefined);
      if (answer?.status === 200) accepted.push(number);
      await sleep(2);
    }
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
    return accepted;
  };
}

describe('When a worker is killed', () => {
  it('its clients are closed, its members leave once, and the other clients lose nothing', async () => {
    const server = await start();
    const clients = await populate(server);
    for (const client of clients) await client.subscribe('news');
    const stop = publishOn(server, 'news');
    const [doomed, other] = workersOf(server) as [ServerWorker, ServerWorker];
    await eventually(() => expect(heard(clients[0]!, 'news').length).toBeGreaterThan(5));
    signal(doomed.pid, 'SIGKILL');
    const { gone, left } = await untilHalfIsGone(clients);
    await server.said(/Worker 1 is back/);
    await sleep(100);
    const accepted = await stop();
    for (const client of left) {
      await eventually(() =>
        expect(heard(client, 'news')).toEqual(expect.arrayContaining(accepted)),
      );
      expect(heard(client, 'news')).toEqual(
        [...new Set(heard(client, 'news'))].sort((a, b) => a - b),
      );
      const removed = changesSeenBy(client, ROOM).filter((change) => change.startsWith('removed'));
      expect(removed.sort()).toEqual(gone.map((name) => `removed ${name}`));
    }
    expect(server.output.match(/Worker 1 died: SIGKILL/g)).toHaveLength(1);
    const workers = workersOf(server);
    expect(workers).toEqual([{ number: 1, pid: expect.any(Number) }, other]);
    expect(workers[0]!.pid).not.toBe(doomed.pid);
  });

  it('another takes its place, and part in everything', async () => {
    const server = await start();
    const [doomed] = workersOf(server);
    const port = server.port;
    signal(doomed!.pid, 'SIGKILL');
    await server.said(/Worker 1 is back/);
    const clients = await populate(server);
    await untilAllAnswer(server, 'connections', { connections: 6 });
    await untilAllAnswer(server, 'channels', { channels: { [ROOM]: {} } });
    for (let i = 0; i < COUNT; i++) {
      const body = { name: NUMBER, channel: ROOM, data: String(i) };
      expect(await askNext(server, 'POST', 'events', { body })).toMatchObject({ status: 200 });
    }
    for (const client of clients) await untilHeard(client, ROOM, [0, 1]);
    expect(server.port).toBe(port);
  });

  it('and the others with it, the server is there again', async () => {
    const server = await start();
    const client = await subscriber(server, 'news');
    for (const { pid } of workersOf(server)) signal(pid, 'SIGKILL');
    await client.expectClose(1006);
    for (const number of [1, 2]) await server.said(new RegExp(`Worker ${number} is back`));
    // Any free port will do, as it is 0.
    const [, port] = await server.said(/listens at port (\d+) now/);
    const httpUrl = `http://127.0.0.1:${port}`;
    const { pid, appId, key, secret } = server;
    await untilAllAnswer({ pid, httpUrl, appId, key, secret }, 'connections', { connections: 0 });
    await subscriber({ url: `ws://127.0.0.1:${port}`, key }, 'news');
  });
});

describe('When a worker hangs', () => {
  it('it is replaced after the lease, and nobody else notices more than who is gone', async () => {
    const server = await start();
    const clients = await populate(server);
    const [hung] = workersOf(server) as [ServerWorker, ServerWorker];
    signal(hung.pid, 'SIGSTOP');
    const { gone, left } = await untilHalfIsGone(clients);
    await untilEnded([hung.pid]);
    await server.said(/Worker 1 died: it gave no sign of life/);
    await server.said(/Worker 1 is back/);
    for (const client of left) {
      await eventually(() =>
        expect(
          changesSeenBy(client, ROOM)
            .filter((change) => /removed/.test(change))
            .sort(),
        ).toEqual(gone.map((name) => `removed ${name}`)),
      );
    }
    await untilAllAnswer(server, 'connections', { connections: clients.length / 2 });
  });

  it('newcomers that were given to it are let go, and the others served', async () => {
    const server = await start();
    signal(workersOf(server)[0]!.pid, 'SIGSTOP');
    const newcomers = await Promise.all(
      Array.from({ length: 6 }, () => RawSocket.open(server.port)),
    );
    for (const newcomer of newcomers) newcomer.write(UPGRADE);
    const isDecided = ({ isClosed, statuses }: RawSocket) => isClosed || statuses.length > 0;
    await eventually(() => expect(newcomers.filter(isDecided)).toHaveLength(6), {
      withinMs: SWEEP_MS,
    });
    const served = newcomers.filter(({ statuses }) => statuses[0] === 101);
    expect(served.length).toBeGreaterThanOrEqual(5);
  });
});

describe('A worker that is told to stop', () => {
  it('says goodbye to its clients and is replaced, and the others go on', async () => {
    const server = await start();
    const clients = await populate(server);
    const [leaving] = workersOf(server);
    signal(leaving!.pid, 'SIGTERM');
    const { gone, left } = await untilHalfIsGone(clients);
    for (const client of clients) if (!left.includes(client)) await client.expectClose(4200);
    await server.said(/Worker 1 is stopping: SIGTERM/);
    await server.said(/Worker 1 is back/);
    expect(server.output).not.toMatch(/died/);
    // Who comes back in time was never away.
    const back = await Promise.all(gone.map((name) => member(server, ROOM, name)));
    for (const client of [...left, ...back]) {
      await client.roundTrip();
      expect(changesSeenBy(client, ROOM).filter((change) => /removed/.test(change))).toEqual([]);
    }
    expect(left).toHaveLength(clients.length / 2);
  });

  it('takes no newcomers while it drains, so that nobody meets a closing server', async () => {
    const server = await start({ REVERB_SHUTDOWN_DRAIN: '60' });
    const crowd: PusherClient[] = [];
    for (let i = 0; i < 104; i++) crowd.push(await PusherClient.connect(server));
    const [leaving] = workersOf(server);
    signal(leaving!.pid, 'SIGTERM');
    await server.said(/Worker 1 is back/);
    for (let i = 0; i < 2 * COUNT; i++) {
      await PusherClient.connect(server);
      expect((await askNext(server, 'GET', '/up')).status).toBe(200);
    }
    expect(isRunning(leaving!.pid)).toBe(true);
    signal(leaving!.pid, 'SIGTERM');
    await crowd.at(-1)!.roundTrip();
    expect(crowd.filter(({ isOpen }) => isOpen).length).toBeGreaterThan(COUNT * 40);
  });
});

describe('SIGUSR2', () => {
  it('replaces all workers, one after the other, and no request is refused meanwhile', async () => {
    const server = await start();
    const before = pidsOf(workersOf(server));
    const clients = await populate(server);
    const stop = publishOn(server, 'news');
    server.kill('SIGUSR2');
    server.kill('SIGUSR2');
    for (const client of clients) await client.expectClose(4200, 15_000);
    await server.said(/Worker 2 was replaced/);
    const accepted = await stop();
    expect(accepted).toEqual(accepted.map((_, i) => i));
    expect(accepted.length).toBeGreaterThan(10);
    await untilEnded(before);
    const after = pidsOf(workersOf(server));
    expect(after).toHaveLength(COUNT);
    for (const pid of after) expect(before).not.toContain(pid);
    expect(server.output.match(/was replaced/g)).toHaveLength(COUNT);
    await subscriber(server, 'news');
  });
});
