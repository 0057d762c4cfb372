import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { ServerProcess } from './harness/server-process.js';
import { askNext, signal, startWorkers, untilEnded, workersOf } from './harness/server-workers.js';

afterEach(closeAll);

const COUNT = 2;

/** So many are not closed at once, by none of the workers. */
const CROWD = 104;

const pidsOf = (server: ServerProcess) => workersOf(server).map(({ pid }) => pid);

async function connectAll(server: ServerProcess, count: number): Promise<PusherClient[]> {
  const clients: PusherClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await PusherClient.connect(server));
  return clients;
}

/** An empty directory in place of that for temporary files. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  registerForClose(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('A signal to the supervisor', () => {
  it('has all workers drain, ends all with 0, and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const server = await startWorkers(COUNT, { variables: { TMPDIR: directory } });
    const pids = pidsOf(server);
    const clients = await connectAll(server, 2 * COUNT);
    expect(readdirSync(directory)).not.toEqual([]);
    server.kill('SIGTERM');
    for (const client of clients) await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
    expect(readdirSync(directory)).toEqual([]);
    const closed = server.stdout.match(/Closed 2 connections.*"worker":[12]/g);
    expect(closed).toHaveLength(COUNT);
    expect(server.stderr).toBe('');
  });

  it('makes the server refuse newcomers as it drains, and a second one ends it at once with 1', async () => {
    const directory = temporaryDirectory();
    const variables = { REVERB_SHUTDOWN_DRAIN: '60', TMPDIR: directory };
    const server = await startWorkers(COUNT, { variables });
    const pids = pidsOf(server);
    const clients = await connectAll(server, CROWD);
    server.kill('SIGINT');
    await eventually(async () => {
      for (let i = 0; i < COUNT; i++) {
        expect((await askNext(server, 'GET', '/up')).status).toBe(503);
      }
    });
    for (let i = 0; i < COUNT; i++) {
      expect((await PusherClient.refused(server)).closeCode).toBe(4100);
    }
    // Each of them may get the signal as well, of a terminal or of systemd, and is not hurried by it.
    for (const pid of pids) signal(pid, 'SIGINT');
    for (const pid of pids) signal(pid, 'SIGTERM');
    await clients.at(-1)!.roundTrip();
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(1);
    await clients.at(-1)!.expectClose(1006);
    await untilEnded(pids);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is the same when the whole process group gets it', async () => {
    const server = await startWorkers(COUNT);
    const pids = pidsOf(server);
    const clients = await connectAll(server, 2 * COUNT);
    for (const pid of [...pids, server.pid]) signal(pid, 'SIGINT');
    for (const client of clients) await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
    expect(server.output).not.toMatch(/is stopping|died|is back/);
  });

  it('ends a server that is about to start', async () => {
    const server = ServerProcess.launch({ variables: { REVERB_WORKERS: String(COUNT) } });
    const pids = await eventually(
      () => {
        expect(workersOf(server)).toHaveLength(COUNT);
        return pidsOf(server);
      },
      { withinMs: 10_000 },
    );
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
    expect(server.stdout).not.toMatch(/listens/);
  });
});

describe('When the supervisor is killed', () => {
  it('the workers say goodbye to their clients and end', async () => {
    const server = await startWorkers(COUNT);
    const pids = pidsOf(server);
    const clients = await connectAll(server, 2 * COUNT);
    server.kill('SIGKILL');
    for (const client of clients) await client.expectClose(4200);
    await untilEnded(pids);
    expect(await server.ended()).toBe('SIGKILL');
  });
});

describe('When nobody reads the log any more', () => {
  it('all goes on, and stops as ever', async () => {
    const variables = { REVERB_LOG_LEVEL: 'debug' };
    const server = await startWorkers(COUNT, { variables });
    const pids = pidsOf(server);
    server.stopReading();
    const clients = await connectAll(server, 2 * COUNT);
    for (const client of clients) await client.subscribe('news');
    signal(pids[0]!, 'SIGKILL');
    await eventually(() => expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(COUNT));
    await clients.find(({ isOpen }) => isOpen)!.roundTrip();
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
  });
});
