import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';

const PROGRAM = 'nats-server';
const MAX_ATTEMPTS = 5;
const START_MS = 10_000;
const PAUSE_MS = 20;

/** @returns where nats-server is, if it is on PATH */
export function findNatsServer(): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, PROGRAM)).find(isExecutable);
}

/**
 * Describes something that needs a `nats-server`. Without one there is a single test instead, which
 * says so: never nothing, and never a success that looks like the real one.
 */
export function describeWithNats(name: string, body: () => void): void {
  if (findNatsServer() !== undefined) return describe(name, body);
  const sentence = `${name}: not tested, as there is no ${PROGRAM} on PATH.`;
  describe(`Without ${PROGRAM} on PATH`, () => {
    it(sentence, () => {
      process.stderr.write(`${sentence}\n`);
      expect(findNatsServer()).toBeUndefined();
    });
  });
}

/** A real NATS with JetStream, empty, on a free port of 127.0.0.1, for one test file or one test. */
export class NatsServer {
  private readonly directory = mkdtempSync(join(tmpdir(), 'nats-'));
  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();
  private port = 0;

  private constructor(private readonly program: string) {}

  /** Resolves once it answers. @throws Error when there is none on PATH */
  static async start(): Promise<NatsServer> {
    const program = findNatsServer();
    if (program === undefined) throw new Error(`There is no ${PROGRAM} on PATH.`);
    const server = new NatsServer(program);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      server.port = await freePort();
      if (await server.isUpAfterSpawn()) return server;
    }
    await server.close();
    throw new Error(`${PROGRAM} does not start.`);
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** As if the power had gone: everything it held is lost. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.exited;
  }

  /** Starts it again, empty, on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (await this.isUpAfterSpawn()) return;
    }
    throw new Error(`${PROGRAM} does not start again.`);
  }

  /** It answers no more, but its connections stay open. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  /** It goes on where it was paused. */
  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it for good, and removes what it wrote. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async isUpAfterSpawn(): Promise<boolean> {
    const listen = ['-a', '127.0.0.1', '-p', String(this.port)];
    const child = spawn(this.program, [...listen, '-js', '-sd', this.directory], {
      stdio: 'ignore',
    });
    this.child = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    this.exited = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    }).then(() => void process.off('exit', kill));
    const endMs = performance.now() + START_MS;
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    while (isRunning() && performance.now() < endMs) {
      if (await answers(this.address)) return isRunning();
      await sleep(PAUSE_MS);
    }
    await this.kill();
    return false;
  }
}

async function answers(servers: string): Promise<boolean> {
  try {
    const connection = await connect({ servers, reconnect: false, timeout: 500 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
