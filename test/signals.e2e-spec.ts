import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ChangeSignal, closeAll, eventually, registerForClose } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { rawUpgrade } from './harness/raw-socket.js';
import { plainRequest } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const START_MS = 15_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** A server in a process of its own. */
interface ServerProcess {
  readonly port: number;
  readonly url: string;
  readonly httpUrl: string;
  readonly key: string;
  kill(signal: NodeJS.Signals): void;
  /** All lines logged so far, decoded. */
  lines(): { level: string; message: string }[];
  /** Resolves with the exit code; with the signal if that ended the process. */
  exited(): Promise<number | string>;
}

async function spawnServer(variables: Record<string, string> = {}): Promise<ServerProcess> {
  // Where no .env is.
  const cwd = mkdtempSync(join(tmpdir(), 'revurb-'));
  const child = spawn(process.execPath, [resolve('dist/main.js')], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      REVERB_SERVER_HOST: '127.0.0.1',
      REVERB_SERVER_PORT: '0',
      REVERB_LOG_FORMAT: 'json',
      REVERB_APP_ID: TEST_APPLICATION.appId,
      REVERB_APP_KEY: TEST_APPLICATION.key,
      REVERB_APP_SECRET: TEST_APPLICATION.secret,
      ...variables,
    },
  });
  const changes = new ChangeSignal();
  let output = '';
  let exit: number | string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      changes.notify();
    });
  }
  child.once('close', (code, signal) => {
    exit = code ?? signal ?? 'unknown';
    changes.notify();
  });
  const exited = async () => {
    const end = await changes.waitFor(() => exit, START_MS);
    if (end === undefined) throw new Error(`The process did not end. It said:\n${output}`);
    return end;
  };
  registerForClose(async () => {
    child.kill('SIGKILL');
    await exited();
    rmSync(cwd, { recursive: true });
  });
  const port = await changes.waitFor(
    () => /"webSocketUrl":"ws:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1],
    START_MS,
    () => exit !== undefined,
  );
  if (port === undefined) throw new Error(`The server did not start. It said:\n${output}`);
  return {
    port: Number(port),
    url: `ws://127.0.0.1:${port}`,
    httpUrl: `http://127.0.0.1:${port}`,
    key: TEST_APPLICATION.key,
    kill: (signal) => void child.kill(signal),
    lines: () =>
      output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { level: string; message: string }),
    exited,
  };
}

/** A server that takes its time to close, as so many are connected. */
async function spawnBusyServer(): Promise<ServerProcess> {
  const server = await spawnServer({ REVERB_SHUTDOWN_DRAIN: '60' });
  await Promise.all(
    Array.from({ length: 60 }, () => rawUpgrade(server.port, `/app/${server.key}?protocol=7`)),
  );
  return server;
}

async function untilItDrains(server: ServerProcess): Promise<void> {
  await eventually(async () => {
    expect((await plainRequest(server.httpUrl, 'GET', '/up')).status).toBe(503);
  });
}

describe.each(SIGNALS)('%s', (signal) => {
  it('closes every connection, says how many, and ends the process with 0', async () => {
    const server = await spawnServer();
    const clients = await Promise.all([1, 2, 3].map(() => PusherClient.connect(server)));
    await clients[0]!.subscribe('room');
    server.kill(signal);
    for (const client of clients) {
      expect((await client.expectError(4200)).json.message).toBe(
        'Server closed. Please reconnect shortly.',
      );
      await client.expectClose(4200);
    }
    expect(await server.exited()).toBe(0);
    const messages = server.lines().map(({ message }) => message);
    expect(messages).toContain('Closed 3 connections');
    expect(server.lines().filter(({ level }) => level !== 'log')).toEqual([]);
    expect(JSON.stringify(server.lines())).not.toContain(TEST_APPLICATION.secret);
  });

  it('ends a process nobody is connected to', async () => {
    const server = await spawnServer();
    server.kill(signal);
    expect(await server.exited()).toBe(0);
  });
});

describe('While a process closes', () => {
  it.each(SIGNALS)('a second signal, %s, ends it at once with 1', async (second) => {
    const server = await spawnBusyServer();
    const client = await PusherClient.connect(server);
    server.kill('SIGTERM');
    await untilItDrains(server);
    server.kill(second);
    expect(await server.exited()).toBe(1);
    // Its turn had not come.
    await client.expectClose(1006);
  });

  it('it is not ready, and refuses newcomers with 4100', async () => {
    const server = await spawnBusyServer();
    const waiting = await PusherClient.connect(server);
    server.kill('SIGINT');
    await untilItDrains(server);
    const ready = await plainRequest(server.httpUrl, 'GET', '/health/ready');
    expect(ready.status).toBe(503);
    const { errorFrame } = await PusherClient.refused(server);
    expect(errorFrame.json.code).toBe(4100);
    expect(waiting.isOpen).toBe(true);
  });
});
