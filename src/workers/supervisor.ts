import { Logger } from '@nestjs/common';
import { PageExchange } from './page-exchange.js';
import { RestartBackoff } from './restart-backoff.js';
import type {
  ApplicationsMessage,
  ConfigurationMessage,
  WorkerAssignment,
} from './worker-message.js';
import { WorkerProcess, type WorkerEnd, type WorkerListeners } from './worker-process.js';

/** A signal for the whole process group reaches the supervisor that much later than a worker, at most. */
const GROUP_SIGNAL_MS = 100;

/**
 * Keeps a number of workers alive: whoever dies, or goes for another reason, is replaced by one of
 * the same number, until all are to stop.
 */
export class Supervisor {
  private readonly logger = new Logger('Workers');
  private readonly workers = new Set<WorkerProcess>();
  private readonly pages = new PageExchange(() => this.workers);
  private readonly listeners: WorkerListeners = {
    onStopping: (worker, reason) => this.onStopping(worker, reason),
    onPagesWanted: (worker, askId) => this.pages.ask(worker, askId),
    onPage: (worker, askId, page) => this.pages.take(worker, askId, page),
  };
  private readonly backoffs = new Map<number, RestartBackoff>();
  private readonly delayed = new Map<number, NodeJS.Timeout>();
  private hasStarted = false;
  private port = 0;
  private isReplacing = false;
  private hasFailed = false;
  isStopping = false;

  /** @param assign what a worker that is about to be started is told */
  constructor(
    private readonly count: number,
    private readonly assign: (number: number) => WorkerAssignment,
  ) {}

  /**
   * Starts all of them. Resolves with their port once every one listens.
   * @throws WorkerStartError of the first that ends before; the others go on, see {@link killAll}
   */
  async start(): Promise<number> {
    const ports = await Promise.all(this.numbers.map((number) => this.launch(number).listening));
    this.hasStarted = true;
    for (const number of this.numbers) this.fill(number, 0);
    return (this.port = ports[0]!);
  }

  /** Has all drain and exit, and starts no more. Resolves with whether all came to an orderly end. */
  async stop(): Promise<boolean> {
    this.isStopping = true;
    for (const timer of this.delayed.values()) clearTimeout(timer);
    const workers = [...this.workers];
    for (const worker of workers) worker.stop(false);
    await Promise.all(workers.map(({ ended }) => ended));
    return !this.hasFailed;
  }

  /** Ends all at once, and starts no more. */
  killAll(): void {
    this.isStopping = true;
    for (const worker of this.workers) worker.kill();
  }

  /** Ends a worker that does nothing any more; it is replaced like one that died. */
  killSilent(pid: number): void {
    const silent = [...this.workers].find((worker) => worker.pid === pid);
    silent?.kill('it gave no sign of life');
  }

  /** Tells all workers. */
  tell(message: ApplicationsMessage | ConfigurationMessage): void {
    for (const worker of this.workers) worker.tell(message);
  }

  /** Replaces all workers, one after the other; each goes only when its successor listens. */
  async replaceAll(): Promise<void> {
    if (!this.hasStarted || this.isReplacing || this.isStopping) return;
    this.isReplacing = true;
    this.logger.log('The workers are replaced, one after the other');
    for (const number of this.numbers) {
      if (!(await this.replace(number))) break;
    }
    this.isReplacing = false;
  }

  private get numbers(): number[] {
    return Array.from({ length: this.count }, (_, i) => i + 1);
  }

  private launch(number: number): WorkerProcess {
    const worker = new WorkerProcess(this.assign(number), this.listeners);
    this.workers.add(worker);
    void worker.ended.then((end) => this.onEnded(worker, end));
    return worker;
  }

  private relaunch(number: number): void {
    const onListening = (port: number) => {
      this.logger.log(`Worker ${number} is back`);
      if (port !== this.port) this.tellPort(port);
    };
    try {
      this.launch(number).listening.then(onListening, () => undefined);
    } catch (error) {
      // There may be no memory for it, or no process.
      this.logger.error(`Worker ${number} could not be started`, error);
      this.fill(number, this.backoffOf(number).nextDelayMs(0));
    }
  }

  /** When the last worker is gone, the port is too; where any free one will do, the next is another. */
  private tellPort(port: number): void {
    this.port = port;
    this.logger.warn(`All workers were gone: the server listens at port ${port} now`);
  }

  private async replace(number: number): Promise<boolean> {
    const old = [...this.workers].filter((worker) => worker.number === number);
    try {
      await this.launch(number).listening;
    } catch (error) {
      const { message } = error as Error;
      if (!this.isStopping) {
        this.logger.error(`Worker ${number} was not replaced, nor will be the next: ${message}`);
      }
      return false;
    }
    if (this.isStopping) return false;
    for (const worker of old) worker.stop(true);
    await Promise.all(old.map(({ ended }) => ended));
    this.logger.log(`Worker ${number} was replaced`);
    return !this.isStopping;
  }

  /** A worker goes by itself: a signal for it alone, or for all, which would be here in a moment. */
  private onStopping(worker: WorkerProcess, reason: string): void {
    if (worker.isLeaving) return;
    worker.isLeaving = true;
    setTimeout(() => {
      if (this.isStopping) return;
      this.logger.warn(`Worker ${worker.number} is stopping: ${reason}`);
      worker.stop(true);
      this.fillLater(worker);
    }, GROUP_SIGNAL_MS);
  }

  private onEnded(worker: WorkerProcess, { code, reason }: WorkerEnd): void {
    this.workers.delete(worker);
    this.pages.forget(worker);
    this.hasFailed ||= this.isStopping && worker.hasListened && code !== 0;
    if (this.isStopping || !this.hasStarted) return;
    if (!worker.isLeaving) {
      const { number, pid } = worker;
      this.logger.error(`Worker ${number} died: ${reason}`, { pid });
    }
    this.fillLater(worker);
  }

  private fillLater({ number, ageMs }: WorkerProcess): void {
    if (!this.isFilled(number)) this.fill(number, this.backoffOf(number).nextDelayMs(ageMs));
  }

  private backoffOf(number: number): RestartBackoff {
    const backoff = this.backoffs.get(number) ?? new RestartBackoff();
    this.backoffs.set(number, backoff);
    return backoff;
  }

  private fill(number: number, delayMs: number): void {
    if (this.isFilled(number)) return;
    const timer = setTimeout(() => {
      this.delayed.delete(number);
      if (!this.isFilled(number)) this.relaunch(number);
    }, delayMs);
    this.delayed.set(number, timer);
  }

  /** Somebody has this number, or is about to. */
  private isFilled(number: number): boolean {
    const isThere = [...this.workers].some(
      (worker) => worker.number === number && !worker.isLeaving,
    );
    return isThere || this.delayed.has(number);
  }
}
