import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ChangeSignal, registerForClose } from './eventually.js';
import { TEST_APPLICATION } from './test-application.js';

/** A process has to load the whole server, perhaps beside others that do; several of them with workers. */
const START_MS = 30_000;

/** How a process is started. */
export interface LaunchOptions {
  /** A file of the build, and its arguments. */
  readonly args?: readonly string[];
  /** Of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Laid over those of {@link TEST_APPLICATION} on a free port of 127.0.0.1; undefined removes one. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Contents of files in its directory, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The built server, or another command of the build, in a process and an empty directory of its own. */
export class ServerProcess {
  stdout = '';
  stderr = '';
  /** Code or signal the process ended with. */
  exit?: number | string;
  private listeningPort = 0;
  private readonly changes = new ChangeSignal();
  /** Where it runs. */
  readonly directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  private readonly child: ChildProcess;
  readonly appId = TEST_APPLICATION.appId;
  readonly key = TEST_APPLICATION.key;
  readonly secret = TEST_APPLICATION.secret;

  private constructor({ args, nodeArgs = [], variables, files = {} }: LaunchOptions) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
    const [file, ...rest] = args ?? ['dist/main.js'];
    this.child = spawn(process.execPath, [...nodeArgs, resolve(file!), ...rest], {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        REVERB_SERVER_HOST: '127.0.0.1',
        REVERB_SERVER_PORT: '0',
        REVERB_APP_ID: this.appId,
        REVERB_APP_KEY: this.key,
        REVERB_APP_SECRET: this.secret,
        ...variables,
      },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.changes.notify();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.changes.notify();
    });
    this.child.once('close', (code, signal) => {
      this.exit = code ?? signal ?? 'unknown';
      this.changes.notify();
    });
    registerForClose(async () => {
      this.kill('SIGKILL');
      await this.ended();
      rmSync(this.directory, { recursive: true });
    });
  }

  /** Starts a process and waits for nothing. */
  static launch(options: LaunchOptions = {}): ServerProcess {
    return new ServerProcess(options);
  }

  /** Starts a server, and resolves once it listens. */
  static async start(options: LaunchOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    const [port] = await server.said(/(?<=\bws:\/\/127\.0\.0\.1:)\d+/);
    server.listeningPort = Number(port);
    return server;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get port(): number {
    return this.listeningPort;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything said so far. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Writes a file in its directory. */
  write(name: string, content: string): void {
    writeFileSync(join(this.directory, name), content);
  }

  /** Goes away as a reader: what the process says from now on cannot be written. */
  stopReading(): void {
    this.child.stdout!.destroy();
    this.child.stderr!.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves once the output matches, from `position` on. */
  async said(pattern: RegExp, position = 0): Promise<RegExpExecArray> {
    const find = () => pattern.exec(this.output.slice(position)) ?? undefined;
    const found = await this.changes.waitFor(find, START_MS, () => this.exit !== undefined);
    if (found) return found;
    throw new Error(`The process never said ${String(pattern)}, but:\n${this.output}`);
  }

  /** Resolves with the code or signal the process ended with. */
  async ended(): Promise<number | string> {
    const exit = await this.changes.waitFor(() => this.exit, START_MS);
    if (exit !== undefined) return exit;
    throw new Error(`The process did not end. It said:\n${this.output}`);
  }
}
