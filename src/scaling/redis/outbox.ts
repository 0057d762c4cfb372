import type { ClusterMessage } from '../cluster-message.js';

/** A message on its way. */
export interface OutboxEntry {
  /** What the topic is called in Redis. */
  readonly topic: string;
  readonly sequence: number;
  /** Of the message to the same topic before. */
  readonly previous: number;
  readonly bytes: Buffer;
  /** What it counts against the limit. */
  readonly size: number;
  /** What this node's own subscribers wait for, to come back from Redis; undefined: they do not. */
  undelivered: ClusterMessage | undefined;
  /** When Redis said that it has it. */
  acknowledgedMs: number | undefined;
  /** Called when the publisher need not wait any longer. */
  settle: (() => void) | undefined;
}

/** A message that this node's own subscribers did not get yet. */
export interface Undelivered {
  readonly topic: string;
  readonly message: ClusterMessage;
}

/**
 * The messages whose fate is not known yet: Redis did not say that it has them, or they did not come
 * back although this node subscribed. In the order in which they were published, and bounded.
 */
export class Outbox {
  private readonly entries = new Map<number, OutboxEntry>();
  private totalSize = 0;
  private readonly waiters: (() => void)[] = [];

  constructor(
    private readonly maxMessages: number,
    private readonly maxSize: number,
  ) {}

  get count(): number {
    return this.entries.size;
  }

  get size(): number {
    return this.totalSize;
  }

  /** @param isSpared it is let in as long as there is not twice as much as should be */
  hasRoomFor(messages: number, size: number, isSpared = false): boolean {
    const factor = isSpared ? 2 : 1;
    return (
      this.count + messages <= this.maxMessages * factor &&
      this.totalSize + size <= this.maxSize * factor
    );
  }

  add(entry: OutboxEntry): void {
    this.entries.set(entry.sequence, entry);
    this.totalSize += entry.size;
  }

  /** Redis has it. */
  acknowledge(entry: OutboxEntry, nowMs: number): void {
    entry.acknowledgedMs = nowMs;
    settle(entry);
    if (entry.undelivered === undefined) this.remove(entry);
  }

  /**
   * It came back from Redis. What was sent to the same topic before and did not will never come: one
   * topic keeps its order.
   * @returns what this node's subscribers were waiting for, in order
   */
  comeBack(sequence: number): ClusterMessage[] {
    const messages: ClusterMessage[] = [];
    let entry = this.entries.get(sequence);
    while (entry?.undelivered !== undefined) {
      messages.unshift(entry.undelivered);
      entry.undelivered = undefined;
      if (entry.acknowledgedMs !== undefined) this.remove(entry);
      entry = this.entries.get(entry.previous);
    }
    return messages;
  }

  /** Takes out what Redis took before `beforeMs` and has not sent back: it will not come any more. */
  takeOverdue(beforeMs: number): OutboxEntry[] {
    const overdue: OutboxEntry[] = [];
    for (const entry of this.entries.values()) {
      const { acknowledgedMs } = entry;
      if (acknowledgedMs === undefined || acknowledgedMs >= beforeMs) continue;
      overdue.push(entry);
      this.remove(entry);
    }
    return overdue;
  }

  /**
   * Redis is gone: all of it has to be sent again, nothing comes back, and no publisher has to wait.
   * @returns what was still to come back, in order
   */
  recall(): Undelivered[] {
    const undelivered: Undelivered[] = [];
    for (const entry of this.entries.values()) {
      const { topic, undelivered: message } = entry;
      if (message !== undefined) undelivered.push({ topic, message });
      entry.undelivered = undefined;
      entry.acknowledgedMs = undefined;
      settle(entry);
    }
    return undelivered;
  }

  /** The oldest ones: up to so many, and so much, but one in any case. */
  oldest(maxMessages: number, maxSize: number): OutboxEntry[] {
    const oldest: OutboxEntry[] = [];
    let size = 0;
    for (const entry of this.entries.values()) {
      size += entry.size;
      if (oldest.length > 0 && (oldest.length >= maxMessages || size > maxSize)) break;
      oldest.push(entry);
    }
    return oldest;
  }

  /** Resolves as soon as there is nothing in it. */
  async emptied(): Promise<void> {
    if (this.count > 0) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  private remove(entry: OutboxEntry): void {
    if (!this.entries.delete(entry.sequence)) return;
    this.totalSize -= entry.size;
    if (this.count === 0) for (const resolve of this.waiters.splice(0)) resolve();
  }
}

function settle(entry: OutboxEntry): void {
  entry.settle?.();
  entry.settle = undefined;
}
