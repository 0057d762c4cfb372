import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerBusAddress } from '../../src/scaling/workers/worker-bus-address.js';
import { ChangeSignal, registerForClose } from './eventually.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/bus-worker.mjs', import.meta.url));
const PATIENCE_MS = 15_000;

/** Both drivers of one worker, of the build, in a process of its own. */
export class BusProcess {
  /** What it was told, each as one text. */
  readonly told: string[] = [];
  nodeId = '';
  /** Code or signal the process ended with. */
  exit?: number | string;
  private readonly changes = new ChangeSignal();
  private readonly answers = new Map<number, unknown>();
  private readonly child: ChildProcess;
  private asked = 0;

  private constructor(address: WorkerBusAddress) {
    this.child = fork(SCRIPT, [JSON.stringify(address)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.child.on('message', (message) => this.hear(message as [string, ...unknown[]]));
    this.child.once('exit', (code, signal) => {
      this.exit = code ?? signal ?? 'unknown';
      this.changes.notify();
    });
    registerForClose(async () => {
      this.kill('SIGKILL');
      await this.ended();
    });
  }

  /** Resolves when it is one of the workers. */
  static async start(address: WorkerBusAddress): Promise<BusProcess> {
    const process = new BusProcess(address);
    await process.until(() => process.nodeId !== '', 'it starts');
    return process;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Calls a method of a driver over there. */
  async call(driver: 'pubSub' | 'store', method: string, ...args: unknown[]): Promise<unknown> {
    const id = ++this.asked;
    this.child.send([id, driver, method, ...args]);
    await this.until(() => this.answers.has(id), `an answer to ${method}`);
    return this.answers.get(id);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.exit === undefined) this.child.kill(signal);
  }

  /** Resolves with the code or signal it ended with. */
  async ended(): Promise<number | string> {
    await this.until(() => this.exit !== undefined, 'it ends');
    return this.exit!;
  }

  private hear([kind, ...rest]: [string, ...unknown[]]): void {
    if (kind === 'ready') this.nodeId = String(rest[0]);
    if (kind === 'told') this.told.push(rest.join(' '));
    if (kind === 'answer') this.answers.set(Number(rest[0]), rest[1]);
    this.changes.notify();
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const isSo = await this.changes.waitFor(() => condition() || undefined, PATIENCE_MS);
    if (isSo === undefined) throw new Error(`The worker did not get so far that ${what}.`);
  }
}
