import { createHash } from 'node:crypto';
import type { WebhookBatch, WebhookVerdict } from '../webhook-queue.js';

/** A worker that delivers. */
export interface DeliveryWorker {
  readonly nodeId: string;
  /** It has to deliver a batch now, and say what is to become of it. */
  askToDeliver(task: number, batch: WebhookBatch): void;
}

/** A batch that is being delivered. */
interface Task<W> {
  readonly batch: WebhookBatch;
  readonly settle: (verdict: WebhookVerdict) => void;
  /** Undefined while nobody is there. */
  worker: W | undefined;
}

/**
 * Has batches delivered by workers: those of one lane by the same one while it is there, so that it knows
 * how its endpoint does. A batch whose worker dies is handed to another one, or to the next that comes.
 */
export class HubDeliveries<W extends DeliveryWorker> {
  private readonly workers = new Set<W>();
  /** Workers that take no more batches. */
  private readonly retired = new Set<W>();
  private readonly tasks = new Map<number, Task<W>>();
  private lastTask = 0;

  /** How many workers there are. */
  get size(): number {
    return this.workers.size;
  }

  add(worker: W): void {
    this.workers.add(worker);
    for (const [number, task] of this.tasks) {
      if (task.worker === undefined) this.assign(number, task);
    }
  }

  /** It takes no more batches, and finishes those it has. */
  retire(worker: W): void {
    if (this.workers.has(worker)) this.retired.add(worker);
  }

  /** It is gone. */
  remove(worker: W): void {
    this.workers.delete(worker);
    this.retired.delete(worker);
    for (const [number, task] of this.tasks) {
      if (task.worker === worker) this.assign(number, task);
    }
  }

  /** Whether a worker has nothing to deliver. */
  isIdle(worker: W): boolean {
    for (const task of this.tasks.values()) if (task.worker === worker) return false;
    return true;
  }

  /** Resolves with what the worker says that delivered it. */
  deliver(batch: WebhookBatch): Promise<WebhookVerdict> {
    return new Promise((settle) => {
      const task: Task<W> = { batch, settle, worker: undefined };
      const number = (this.lastTask += 1);
      this.tasks.set(number, task);
      this.assign(number, task);
    });
  }

  /** What a worker says of a batch that is somebody else's by now is not heard. */
  judged(worker: W, number: number, verdict: WebhookVerdict): void {
    const task = this.tasks.get(number);
    if (task?.worker !== worker) return;
    this.tasks.delete(number);
    task.settle(verdict);
  }

  private assign(number: number, task: Task<W>): void {
    task.worker = this.choose(task.batch);
    task.worker?.askToDeliver(number, task.batch);
  }

  /** The worker of a lane: who comes or goes changes that of no more lanes than it has to. */
  private choose({ appId, endpointId }: WebhookBatch): W | undefined {
    let [chosen, highest]: [W | undefined, string] = [undefined, ''];
    for (const worker of this.workers) {
      if (this.retired.has(worker)) continue;
      const weight = digest(`${worker.nodeId} ${appId} ${endpointId}`);
      if (weight > highest) [chosen, highest] = [worker, weight];
    }
    return chosen;
  }
}

const digest = (text: string) => createHash('sha1').update(text).digest('hex');
