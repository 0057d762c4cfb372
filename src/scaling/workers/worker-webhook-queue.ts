import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { andThen, type Awaitable } from '../awaitable.js';
import { OverloadError } from '../overload-error.js';
import {
  WebhookQueue,
  type DeadLetter,
  type WebhookBatch,
  type WebhookEntry,
  type WebhookQueueOptions,
} from '../webhook-queue.js';
import { OneAtATime } from './one-at-a-time.js';
import { WorkerLink } from './worker-link.js';

/** What the hub may take besides, to say that it is done. */
const MARGIN_MS = 1_000;

/**
 * Hands events to the hub, where those of all processes wait in one queue, and delivers what the hub
 * gives it. What waits there outlives this process, but not the one that started it.
 */
@Injectable()
export class WorkerWebhookQueue
  extends WebhookQueue
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  override dropped = 0;
  private readonly long = new OneAtATime();
  private options: WebhookQueueOptions | undefined;
  private isReady = false;
  private whenClosed: (lost: number) => void = () => undefined;

  constructor(private readonly link: WorkerLink) {
    super();
    link.listen({
      deliver: (task, batch) => void this.deliver(task, batch),
      webhooksDropped: (count) => (this.dropped += count),
      webhooksClosed: (lost) => this.whenClosed(lost),
    });
    link.onOver(() => this.whenClosed(0));
  }

  onModuleInit(): Promise<void> {
    return this.link.open();
  }

  /** Not earlier: what delivers has to know the applications by then. */
  onApplicationBootstrap(): void {
    this.isReady = true;
    this.begin();
  }

  onApplicationShutdown(): Promise<void> {
    return this.link.close();
  }

  override open(options: WebhookQueueOptions): void {
    this.options = options;
    this.begin();
  }

  /** Without a link nobody delivers anything any more. */
  override append(appId: string, entries: readonly WebhookEntry[]): void {
    for (const entry of entries) this.link.say('queueWebhook', appId, entry);
  }

  override deadLetters(appId: string): Awaitable<readonly DeadLetter[]> {
    const asked = this.long.ask(appId, () => this.link.ask(null, 'deadLetters', appId));
    return andThen(asked, known);
  }

  override resend(appId: string, ids: readonly string[]): Awaitable<number> {
    return andThen(this.link.ask(null, 'resend', appId, ids), known);
  }

  override length(): Awaitable<number> {
    return this.link.ask(0, 'webhooks');
  }

  /** When others go on, all is left to them. Who stops with all others waits for them, and delivers meanwhile. */
  override async close(withinMs: number): Promise<number> {
    if (this.link.isOver) return 0;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.whenClosed(0), withinMs + MARGIN_MS);
      this.whenClosed = (lost) => {
        clearTimeout(timer);
        resolve(lost);
      };
      this.link.say('closeWebhooks', withinMs);
    });
  }

  private begin(): void {
    if (!this.isReady || this.options === undefined) return;
    this.link.say('openWebhooks', this.options.batchWindowMs);
  }

  private async deliver(task: number, batch: WebhookBatch): Promise<void> {
    this.link.say('judged', task, await this.options!.deliver(batch));
  }
}

function known<T>(answer: T | null): T {
  if (answer !== null) return answer;
  throw new OverloadError('The queue of webhooks cannot be reached. Try again in a second.');
}
