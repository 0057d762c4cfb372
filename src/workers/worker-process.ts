import cluster, { type Worker } from 'node:cluster';
import type { SupervisorMessage, WorkerAssignment, WorkerMessage } from './worker-message.js';

/**
 * Node forgets the connection it has passed to a worker that dies before it takes it, and whoever made
 * it would wait for an answer. Closing one that was taken does nothing.
 */
function closeUntaken(worker: Worker): void {
  const { process } = worker;
  const send = process.send.bind(process) as (...args: unknown[]) => boolean;
  let latest: { close?(): void } | undefined;
  process.send = (message: unknown, handle?: unknown, ...rest: unknown[]) => {
    if (typeof handle === 'object' && handle !== null) latest = handle;
    return send(message, handle, ...rest);
  };
  worker.on('exit', () => latest?.close?.());
}

/** How a worker came to its end. */
export interface WorkerEnd {
  /** null: a signal ended it. */
  readonly code: number | null;
  /** The code, the signal, or what the worker itself gave as its reason. */
  readonly reason: string;
}

/** A worker has ended before it listened. The message says why. */
export class WorkerStartError extends Error {}

/** A worker, as its supervisor sees it. */
export class WorkerProcess {
  private readonly startedMs = performance.now();
  private readonly worker: Worker;
  private reason: string | undefined;
  /** What comes before it hears would be lost; undefined: it hears. */
  private untold: SupervisorMessage[] | undefined = [];
  /** It is meant to go, so its end is no death. */
  isLeaving = false;
  hasListened = false;
  /** Resolves with the port. Rejects with a {@link WorkerStartError} when the worker cannot, or ends first. */
  readonly listening: Promise<number>;
  readonly ended: Promise<WorkerEnd>;

  /** @param onStopping called when the worker says that it is about to go, with the reason */
  constructor(
    assignment: WorkerAssignment,
    private readonly onStopping: (reason: string) => void,
  ) {
    this.number = assignment.number;
    this.worker = cluster.fork();
    closeUntaken(this.worker);
    this.ended = new Promise((resolve) => this.whenEnded(resolve));
    this.listening = new Promise((resolve, reject) => {
      const fail = (reason: string) => reject(new WorkerStartError(reason));
      this.worker.on('message', (message: WorkerMessage) => this.receive(message, resolve, fail));
      void this.ended.then(({ reason }) => fail(reason));
    });
    // Not everybody waits for it.
    this.listening.catch(() => undefined);
    this.tell(assignment);
  }

  readonly number: number;

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  get ageMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Sends something. A worker that is gone does not get it. */
  tell(message: SupervisorMessage): void {
    if (this.untold === undefined) this.worker.send(message, () => undefined);
    else this.untold.push(message);
  }

  /** Has it drain and exit. */
  stop(isAlone: boolean): void {
    this.isLeaving = true;
    this.tell({ type: 'stop', isAlone });
  }

  /** Ends it at once. @param reason in place of the signal, when its end is told */
  kill(reason?: string): void {
    this.reason ??= reason;
    this.worker.process.kill('SIGKILL');
  }

  private receive(
    message: WorkerMessage,
    onListening: (port: number) => void,
    onFault: (reason: string) => void,
  ): void {
    switch (message.type) {
      case 'ready':
        return this.tellAll();
      case 'listening':
        this.hasListened = true;
        return onListening(message.port);
      case 'fault':
        onFault(message.reason);
        return this.kill(message.reason);
      case 'stopping':
        return this.onStopping(message.reason);
    }
  }

  private tellAll(): void {
    const messages = this.untold ?? [];
    this.untold = undefined;
    for (const message of messages) this.tell(message);
  }

  private whenEnded(resolve: (end: WorkerEnd) => void): void {
    this.worker.on('exit', (code: number | null, signal: string | null) => {
      resolve({ code, reason: this.reason ?? signal ?? `code ${code}` });
    });
    this.worker.on('error', (error: Error) => {
      // Other errors are of messages that come too late, and the exit follows.
      if (this.pid === undefined) resolve({ code: 1, reason: error.message });
    });
  }
}
