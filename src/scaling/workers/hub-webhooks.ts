import { MemoryWebhookQueue } from '../memory-webhook-queue.js';
import type { DeadLetter, WebhookEntry, WebhookVerdict } from '../webhook-queue.js';
import { HubDeliveries, type DeliveryWorker } from './hub-deliveries.js';
import { PlaceLedger } from './place-ledger.js';

/** A worker, as far as webhooks go. */
export interface WebhookWorker extends DeliveryWorker {
  /** So many events of those it queued found their lane full. */
  tellDropped(count: number): void;
  /** It may go. So many events are lost, or were told to another one. */
  tellWebhooksClosed(lost: number): void;
}

/**
 * The webhooks of all workers wait in one queue, in memory, and are delivered by any of them. So there
 * is one order for each endpoint, and none is lost with the worker it happened on.
 */
export class HubWebhooks {
  private readonly queue = new MemoryWebhookQueue();
  private readonly deliveries = new HubDeliveries<WebhookWorker>();
  private readonly ledger: PlaceLedger;
  /** Who is about to stop, and how long it waits. */
  private readonly closing = new Map<WebhookWorker, number>();
  private batchWindowMs = 0;
  private isEnding = false;
  private draining: 'not yet' | 'under way' | 'over' = 'not yet';

  /**
   * @param hasNews whether a worker was told of something that it may have to queue yet
   * @param now milliseconds, a clock that never goes back
   */
  constructor(
    private readonly hasNews: () => boolean,
    now: () => number,
  ) {
    this.ledger = new PlaceLedger(now);
    const windowMs = () => this.batchWindowMs;
    this.queue.open({
      get batchWindowMs() {
        return windowMs();
      },
      deliver: (batch) => this.deliveries.deliver(batch),
    });
  }

  /** A worker delivers from now on. */
  open(worker: WebhookWorker, batchWindowMs: number): void {
    this.batchWindowMs = batchWindowMs;
    this.deliveries.add(worker);
  }

  /** See WebhookQueue. */
  append(worker: WebhookWorker, appId: string, entry: WebhookEntry): void {
    if (entry.change !== undefined && !this.ledger.enter(entry.change)) return;
    const before = this.queue.dropped;
    this.queue.append(appId, [entry]);
    const dropped = this.queue.dropped - before;
    if (dropped > 0) worker.tellDropped(dropped);
  }

  /** A worker has delivered a batch, or has not. */
  judged(worker: WebhookWorker, task: number, verdict: WebhookVerdict): void {
    this.deliveries.judged(worker, task, verdict);
    this.letGo();
  }

  /** See WebhookQueue. */
  deadLetters(appId: string): readonly DeadLetter[] {
    return this.queue.deadLetters(appId);
  }

  /** See WebhookQueue. */
  resend(appId: string, ids: readonly string[]): number {
    return this.queue.resend(appId, ids);
  }

  /** See WebhookQueue. */
  length(): number {
    return this.queue.length();
  }

  /** A worker is about to stop. It is told when it may go. */
  close(worker: WebhookWorker, withinMs: number): void {
    this.closing.set(worker, withinMs);
    if (!this.isEnding) this.deliveries.retire(worker);
    this.letGo();
  }

  /** A worker is gone. What it had to deliver is another one's. */
  remove(worker: WebhookWorker): void {
    this.closing.delete(worker);
    this.deliveries.remove(worker);
    this.letGo();
  }

  /** All workers are about to stop, and none comes after them. They deliver what they can. */
  expectEnd(): void {
    this.isEnding = true;
    this.letGo();
  }

  /** Lets those go who have nothing left to do. */
  letGo(): void {
    if (this.isEnding && this.draining !== 'over') return this.drainWhenDue();
    for (const worker of this.closing.keys()) {
      if (this.deliveries.isIdle(worker)) this.dismiss(worker, 0);
    }
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.ledger.sweep();
  }

  /** Nothing is delivered any more. */
  end(): void {
    this.queue.onApplicationShutdown();
  }

  /** What happens while they stop is known when the last of them has nothing more to say. */
  private drainWhenDue(): void {
    const { size } = this.closing;
    const isEverybodyHere = size > 0 && size >= this.deliveries.size;
    if (this.draining !== 'not yet' || !isEverybodyHere || this.hasNews()) return;
    this.draining = 'under way';
    void this.drain();
  }

  private async drain(): Promise<void> {
    let lost = await this.queue.close(Math.max(...this.closing.values()));
    this.draining = 'over';
    for (const worker of this.closing.keys()) {
      this.dismiss(worker, lost);
      lost = 0;
    }
  }

  private dismiss(worker: WebhookWorker, lost: number): void {
    this.closing.delete(worker);
    worker.tellWebhooksClosed(lost);
  }
}
