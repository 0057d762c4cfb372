import { Logger } from '@nestjs/common';
import { RareWarning } from '../rare-warning.js';
import type { WebhookEntry } from '../webhook-queue.js';
import type { RedisLink } from './redis-link.js';
import type { NumberedEntry, WebhookLanes } from './webhook-lanes.js';

const ENTRIES_PER_SCRIPT = 200;
/** A script that takes longer than Redis has to answer would be sent again and again. */
const BYTES_PER_SCRIPT = 1_048_576;
/** While Redis is away. */
const MAX_KEPT = 10_000;
const MAX_KEPT_BYTES = 67_108_864;

/**
 * Hands entries to Redis, in order and each once: what was under way when the link broke is handed over
 * again, under the same number. While Redis is away they are kept, as many as there is room for.
 */
export class WebhookAppender {
  dropped = 0;
  private readonly kept: NumberedEntry[] = [];
  private readonly full = new RareWarning(new Logger('Webhooks'), 'A queue of webhooks is full');
  private bytes = 0;
  private lastNumber = 0;
  private isSending = false;
  private sending = Promise.resolve();

  /** @param onQueued told of the lanes to be looked at */
  constructor(
    private readonly link: RedisLink,
    private readonly lanes: WebhookLanes,
    private readonly onQueued: (lanes: readonly string[]) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** What Redis does not have yet. */
  get length(): number {
    return this.kept.length;
  }

  append(appId: string, entries: readonly WebhookEntry[]): void {
    for (const entry of entries) {
      const size = entry.event.length;
      if (this.kept.length >= MAX_KEPT || this.bytes + size > MAX_KEPT_BYTES) {
        this.drop(entry.endpointIds.length);
        continue;
      }
      this.bytes += size;
      this.kept.push({ ...entry, appId, number: ++this.lastNumber });
    }
    void this.flush();
  }

  /** Hands over what is there. Resolves when Redis has it, or is away. */
  flush(): Promise<void> {
    if (!this.isSending) this.sending = this.send();
    return this.sending;
  }

  private async send(): Promise<void> {
    this.isSending = true;
    try {
      while (this.kept.length > 0 && this.link.status === 'up') await this.sendSome();
    } catch (error) {
      this.onError(error);
    }
    this.isSending = false;
  }

  private async sendSome(): Promise<void> {
    const some = this.kept.slice(0, this.countForScript());
    const { full, lanes } = await this.lanes.queue(some);
    for (const { event } of this.kept.splice(0, some.length)) this.bytes -= event.length;
    if (full > 0) this.drop(full);
    this.onQueued(lanes);
  }

  /** At least one. */
  private countForScript(): number {
    let bytes = 0;
    let count = 0;
    for (const { event } of this.kept) {
      bytes += event.length;
      if (count > 0 && (count >= ENTRIES_PER_SCRIPT || bytes > BYTES_PER_SCRIPT)) break;
      count++;
    }
    return count;
  }

  private drop(count: number): void {
    this.dropped += count;
    this.full.warn({ dropped: this.dropped });
  }
}
