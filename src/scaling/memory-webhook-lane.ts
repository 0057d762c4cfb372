import {
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_LANE_EVENTS,
  type WaitingEvent,
  type WebhookBatch,
  type WebhookLane,
  type WebhookVerdict,
} from './webhook-queue.js';

/** A lane in memory. Pure. */
export class MemoryWebhookLane {
  private events: WaitingEvent[] = [];
  private failures = 0;
  private limit = MAX_BATCH_EVENTS;

  constructor(readonly name: WebhookLane) {}

  get length(): number {
    return this.events.length;
  }

  get isFull(): boolean {
    return this.events.length >= MAX_LANE_EVENTS;
  }

  push(event: WaitingEvent): void {
    this.events.push(event);
  }

  /** How long to wait until a batch may begin, when events are gathered for `windowMs`. */
  waitMs(windowMs: number, nowMs: number): number {
    const [first] = this.events;
    if (first === undefined || this.failures > 0) return 0;
    return Math.max(0, first.queuedMs + windowMs - nowMs);
  }

  /** The first events, which stay until the verdict. */
  batch(): WebhookBatch | undefined {
    if (this.events.length === 0) return undefined;
    const events: WaitingEvent[] = [];
    let bytes = 0;
    for (const event of this.events) {
      bytes += event.event.length;
      if (events.length > 0 && (events.length >= this.limit || bytes > MAX_BATCH_BYTES)) break;
      events.push(event);
    }
    return { ...this.name, events, failures: this.failures };
  }

  /** @returns the events that leave */
  settle({ taken, isFailure, limit = MAX_BATCH_EVENTS }: WebhookVerdict): readonly WaitingEvent[] {
    const left = this.events.slice(0, taken);
    this.events = this.events.slice(taken);
    this.failures = isFailure ? this.failures + 1 : 0;
    this.limit = limit;
    return left;
  }
}
