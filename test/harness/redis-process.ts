import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { ChangeSignal, registerForClose } from './eventually.js';

const START_MS = 10_000;
const MAX_ATTEMPTS = 20;

/*
 * Below the ports that outgoing connections are given: whoever tries to reach a Redis that is down
 * must not be given that very port, and then be connected to itself.
 */
const FIRST_PORT = 12_000;
const LAST_PORT = 22_000;

const MISSING =
  'There is no redis-server on the PATH: install Redis 7 or newer ("apt-get install redis-server" on Debian and Ubuntu, "brew install redis" on macOS).';

/** What is told to `redis-server`, and how its own client gets in. */
export interface RedisLaunch {
  /** The arguments; may write into the directory, which is the working directory. */
  readonly args: (port: number, directory: string) => readonly string[];
  /** For the client of {@link RedisProcess.command}. */
  readonly client?: ClientOptions;
  /** The Cluster has a second port, 10 000 above. */
  readonly hasBusPort?: boolean;
}

/**
 * A `redis-server` of one's own on a port of 127.0.0.1, with its own empty directory. Ended and
 * cleared away by `closeAll()`, also when it is paused.
 */
export class RedisProcess {
  readonly host = '127.0.0.1';
  /** The process of the moment, for whoever wants to look at it. */
  pid = 0;
  private currentPort = 0;
  private output = '';
  private exit: number | string | undefined = 'not started';
  private child?: ChildProcess;
  private client?: Redis;
  private closing?: Promise<void>;
  private readonly ends: (() => unknown)[] = [];
  private readonly changes = new ChangeSignal();
  private readonly directory = mkdtempSync(join(tmpdir(), 'revurb-redis-'));

  protected constructor(private readonly launchOptions: RedisLaunch) {
    registerForClose(() => this.close());
  }

  /** Starts a process, on another port when somebody else has taken the first one meanwhile. */
  static async launch(options: RedisLaunch): Promise<RedisProcess> {
    const process = new RedisProcess(options);
    await process.startAnywhere();
    return process;
  }

  get port(): number {
    return this.currentPort;
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** Everything it logged. */
  get log(): string {
    return this.output;
  }

  get isRunning(): boolean {
    return this.exit === undefined;
  }

  /** As if the power had gone: everything it held is lost. Resolves when the process is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.child!.kill('SIGKILL');
    const isGone = () => this.exit;
    const exit = await this.changes.waitFor(isGone, START_MS);
    if (exit === undefined) throw new Error('A redis-server does not end.');
  }

  /** Kills it if it runs, and starts it again, empty, on the same port. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill();
    await this.startAgain();
  }

  /** It answers no more, but its connections stay open. */
  pause(): void {
    this.child!.kill('SIGSTOP');
  }

  resume(): void {
    this.child!.kill('SIGCONT');
  }

  /** Sends a command and resolves with the answer. While Redis is down it waits until it is back. */
  async command(...[name, ...args]: readonly (string | number | Buffer)[]): Promise<unknown> {
    return this.openClient().call(String(name), ...args);
  }

  /** Another client with all rights, closed with the process. */
  connect(options: ClientOptions = {}): Redis {
    const client = new Redis({
      host: this.host,
      port: this.port,
      retryStrategy: () => (this.closing ? null : 20),
      maxRetriesPerRequest: null,
      ...this.launchOptions.client,
      ...options,
    });
    client.on('error', () => undefined);
    this.whenClosed(() => disconnect(client));
    return client;
  }

  /** Ends it for good and removes its directory; a second call waits with the first. */
  close(): Promise<void> {
    return (this.closing ??= this.clearAway());
  }

  /** Has something done before the process ends for good. */
  protected whenClosed(end: () => unknown): void {
    this.ends.push(end);
  }

  /** Starts it on a free port. */
  protected async startAnywhere(): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      this.currentPort = await freePort(this.launchOptions.hasBusPort);
      if (await this.isUpAfterSpawn()) return;
    }
    throw new Error(`No redis-server could be started. The last one said:\n${this.output}`);
  }

  private async startAgain(): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (await this.isUpAfterSpawn()) return;
    }
    throw new Error(`A redis-server did not start again. It said:\n${this.output}`);
  }

  /** @returns false when the port was taken; throws when it ended for another reason */
  private async isUpAfterSpawn(): Promise<boolean> {
    this.spawn();
    if (await this.answers()) return true;
    await this.kill();
    if (/address already in use|failed listening/i.test(this.output)) return false;
    const isMissing = this.exit === 'ENOENT';
    throw new Error(isMissing ? MISSING : `A redis-server did not start:\n${this.output}`);
  }

  private spawn(): void {
    this.output = '';
    this.exit = undefined;
    const child = spawn('redis-server', [...this.launchOptions.args(this.port, this.directory)], {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    this.child = child;
    this.pid = child.pid ?? 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    child.once('error', (error: NodeJS.ErrnoException) => this.ended(error.code ?? 'error'));
    child.once('close', (code, signal) => this.ended(code ?? signal ?? 'unknown'));
  }

  private ended(exit: number | string): void {
    this.exit ??= exit;
    this.changes.notify();
  }

  /** @returns whether a client got in before the time was up, or the process ended */
  private async answers(): Promise<boolean> {
    const giveUpAtMs = performance.now() + START_MS;
    const isWorthTrying = () => this.isRunning && performance.now() < giveUpAtMs;
    const probe = this.connect({
      enableReadyCheck: false,
      retryStrategy: () => (isWorthTrying() ? 20 : null),
    });
    const isUp = await probe.ping().then(
      () => true,
      () => false,
    );
    disconnect(probe);
    return isUp && this.isRunning;
  }

  private openClient(): Redis {
    return (this.client ??= this.connect({ enableReadyCheck: false }));
  }

  private async clearAway(): Promise<void> {
    for (const end of this.ends) end();
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One that waits for its next attempt has to make it, or else what is queued never fails. */
function disconnect(client: Redis): void {
  if (client.status !== 'reconnecting' && client.status !== 'end') client.disconnect();
}

async function freePort(hasBusPort = false): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if ((await isFree(port)) && (!hasBusPort || (await isFree(port + 10_000)))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
