import { RedisConnections } from '../../src/scaling/redis/redis-connections.js';
import { RedisWebhookQueue } from '../../src/scaling/redis/redis-webhook-queue.js';
import {
  completeScalingOptions,
  type PartialScalingOptions,
} from '../../src/scaling/scaling.options.js';
import type {
  WebhookBatch,
  WebhookEntry,
  WebhookVerdict,
} from '../../src/scaling/webhook-queue.js';
import { eventually, registerForClose } from './eventually.js';

/** Locks whose end tests can wait for. */
const FAST: PartialScalingOptions = { heartbeatSeconds: 0.2, leaseSeconds: 1 };

/** Whatever becomes of a batch. */
export type Judge = (batch: WebhookBatch) => WebhookVerdict | Promise<WebhookVerdict>;

/** It was delivered. */
export const delivered: Judge = ({ events }) => ({
  taken: events.length,
  isFailure: false,
  pauseMs: 0,
});

/** The webhook queue of the Redis driver alone, as one node has it. */
export class QueueNode {
  readonly link: RedisConnections;
  readonly queue: RedisWebhookQueue;
  /** The texts of the events of all batches. */
  readonly seen: string[] = [];
  judge: Judge = delivered;
  private stopping?: Promise<void>;

  private constructor(options: PartialScalingOptions) {
    const complete = completeScalingOptions({ enabled: true, ...FAST, ...options });
    this.link = new RedisConnections(complete);
    this.queue = new RedisWebhookQueue(this.link, complete);
    registerForClose(() => this.stop());
  }

  /** Resolves when it works. @param batchWindowMs see WebhookQueueOptions */
  static async start(options: PartialScalingOptions, batchWindowMs = 0): Promise<QueueNode> {
    const node = new QueueNode(options);
    node.queue.open({
      batchWindowMs,
      deliver: async (batch) => {
        node.seen.push(...batch.events.map(({ event }) => JSON.parse(event) as string));
        return node.judge(batch);
      },
    });
    await node.queue.prepare();
    await node.link.open();
    await eventually(() => {
      if (!node.isWorking) throw new Error('It does not work yet.');
    });
    return node;
  }

  /** It takes lanes. */
  get isWorking(): boolean {
    return this.queue['workers']['current'] !== undefined;
  }

  append(...texts: readonly string[]): void {
    this.appendFor('endpoint', texts);
  }

  appendFor(endpointId: string, texts: readonly string[], change?: WebhookEntry['change']): void {
    const atMs = Date.now();
    const entries = texts.map((text) => ({
      endpointIds: [endpointId],
      event: JSON.stringify(text),
      atMs,
      change,
    }));
    this.queue.append('app', entries);
  }

  /** As if the process had been killed: what is under way never ends. */
  async crash(): Promise<void> {
    this.judge = () => new Promise(() => undefined);
    clearInterval(this.queue['sweeper']);
    this.queue['isClosing'] = true;
    this.stopping = this.link.close();
    await this.stopping;
    this.queue['workers'].stop();
  }

  /** In order; a second call waits with the first. */
  stop(): Promise<void> {
    this.stopping ??= this.queue.close(500).then(() => this.link.close());
    return this.stopping;
  }
}
