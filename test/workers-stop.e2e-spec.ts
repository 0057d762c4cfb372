import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { ServerProcess } from './harness/server-process.js';
import {
  askNext,
  isRunning,
  signal,
  startWorkers,
  untilEnded,
  workersOf,
} from './harness/server-workers.js';

jest.setTimeout(40_000);
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

describe('A signal', () => {
  it('to the supervisor has all workers drain, ends all with 0, and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const variables = { TMPDIR: directory, REVERB_LOG_FORMAT: 'pretty', NO_COLOR: '1' };
    const server = await startWorkers(COUNT, { variables });
    expect(server.stdout).toContain(`Workers       ${COUNT}\n`);
    const pids = pidsOf(server);
    const clients = await connectAll(server, 2 * COUNT);
    expect(readdirSync(directory)).not.toEqual([]);
    server.kill('SIGTERM');
    for (const client of clients) await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
    expect(readdirSync(directory)).toEqual([]);
    for (let i = 1; i <= COUNT; i++) {
      expect(server.stdout).toMatch(new RegExp(`^\\[Revurb ${i}\\] .* Closed 2 connections$`, 'm'));
    }
    expect(server.stderr).toBe('');
  });

  it('to the whole process group is the same', async () => {
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
    const areThere = () => {
      expect(workersOf(server)).toHaveLength(COUNT);
      return pidsOf(server);
    };
    const pids = await eventually(areThere, { withinMs: 20_000 });
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    await untilEnded(pids);
    expect(server.stdout).not.toMatch(/listens/);
  });
});

describe('While connections are closed, one after the other,', () => {
  let server: ServerProcess;
  let directory: string;
  let crowd: PusherClient[];

  beforeEach(async () => {
    directory = temporaryDirectory();
    const variables = { REVERB_SHUTDOWN_DRAIN: '60', TMPDIR: directory };
    server = await startWorkers(COUNT, { variables });
    crowd = await connectAll(server, CROWD);
  });

  const statusesOfUp = async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < COUNT; i++) statuses.add((await askNext(server, 'GET', '/up')).status);
    return [...statuses];
  };

  it('of one worker, newcomers go to the others; of all, they are told so; and a second signal ends all at once with 1', async () => {
    const crowded = pidsOf(server);
    signal(crowded[0]!, 'SIGTERM');
    await server.said(/Worker 1 is back/);
    await connectAll(server, COUNT);
    expect(await statusesOfUp()).toEqual([200]);
    server.kill('SIGINT');
    await eventually(async () => expect(await statusesOfUp()).toEqual([503]));
    for (let i = 0; i < COUNT; i++) {
      expect((await PusherClient.refused(server)).closeCode).toBe(4100);
    }
    const pids = pidsOf(server);
    // A terminal and systemd tell each of them as well, and nobody is hurried by it.
    for (const pid of pids) signal(pid, 'SIGINT');
    for (const pid of pids) signal(pid, 'SIGTERM');
    for (const client of crowd.slice(-COUNT)) await client.roundTrip();
    expect(crowded.filter(isRunning)).toEqual(crowded);
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(1);
    for (const client of crowd.slice(-COUNT)) await client.expectClose(1006);
    await untilEnded(pids);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('When nobody reads the log any more', () => {
  it('all goes on; and when the supervisor is killed, its workers say goodbye and end', async () => {
    const server = await startWorkers(COUNT, { variables: { REVERB_LOG_LEVEL: 'debug' } });
    server.stopReading();
    const clients = await connectAll(server, 2 * COUNT);
    for (const client of clients) await client.subscribe('news');
    const pids = pidsOf(server);
    expect(pids).toHaveLength(COUNT);
    server.kill('SIGKILL');
    for (const client of clients) await client.expectClose(4200);
    expect(await server.ended()).toBe('SIGKILL');
    await untilEnded(pids);
  });
});
