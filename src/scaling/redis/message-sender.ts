import { Logger } from '@nestjs/common';
import { encodeClusterMessage } from '../cluster-message-codec.js';
import type { ClusterMessage } from '../cluster-message.js';
import { OverloadError } from '../overload-error.js';
import { RareWarning } from '../rare-warning.js';
import type { DeliveryQueue } from './delivery-queue.js';
import { Outbox, type OutboxEntry } from './outbox.js';
import type { RedisLink } from './redis-link.js';
import { SequenceCounter } from './sequence-counter.js';
import type { TopicSubscriptions } from './topic-subscriptions.js';

/** What was kept is sent in parts, lest the connections of the others overflow in Redis. */
const PART_MESSAGES = 500;
const PART_SIZE = 1_048_576;

const FULL = 'The buffer for other nodes is full';

/** What a node must tell the others, or they would know something wrong. There is little of it. */
const isSpared = ({ type }: ClusterMessage) => type !== 'frame' && type !== 'terminate';

/** How much is kept while the others are out of reach. */
export interface SenderLimits {
  readonly bufferMessages: number;
  readonly bufferSize: number;
}

/**
 * Sends what this node publishes. While Redis is there, this node's own subscribers get it when it
 * comes back from there, in the order of all nodes. While it is not, they get it at once, and it is
 * kept for the others. Topics are called as in Redis.
 */
export class MessageSender {
  published = 0;
  refused = 0;
  readonly outbox: Outbox;
  private readonly sequences = new SequenceCounter();
  private readonly overload = new RareWarning(new Logger('PubSub'), FULL);
  private isOverloadKnown = false;
  /** What is published goes to Redis at once. */
  private isOpen = false;
  /** Of this node's own messages all up to this number were delivered here, or are not wanted here. */
  private deliveredUpTo = 0;
  /** Grows with each outage. */
  private epoch = 0;

  constructor(
    private readonly link: RedisLink,
    private readonly subscriptions: TopicSubscriptions,
    private readonly deliveries: DeliveryQueue,
    { bufferMessages, bufferSize }: SenderLimits,
  ) {
    this.outbox = new Outbox(bufferMessages, bufferSize);
  }

  get isFlowing(): boolean {
    return this.isOpen;
  }

  /** Resolves when Redis has it, or it is kept. Rejects with an OverloadError, and then nobody gets it. */
  publish(topic: string, message: ClusterMessage): Promise<void> {
    const size = message.type === 'frame' ? message.frame.length : 0;
    if (this.outbox.count === 0) this.isOverloadKnown = false;
    if (!this.outbox.hasRoomFor(1, size, isSpared(message))) return this.refuse();
    const entry = this.enter(topic, message);
    this.published += 1;
    if (!this.isOpen) {
      this.deliveredUpTo = entry.sequence;
      if (this.subscriptions.isWanted(topic)) this.deliveries.deliver(message);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      entry.settle = resolve;
      void this.send(entry);
    });
  }

  /**
   * A message of this node came back.
   * @returns what to deliver now, in order; nothing if that was done already
   */
  comeBack(sequence: number, message: ClusterMessage): readonly ClusterMessage[] {
    const originals = this.outbox.comeBack(sequence);
    if (sequence <= this.deliveredUpTo) return [];
    return originals.length > 0 ? originals : [message];
  }

  /** Redis is gone: what was to come back from there is delivered now. */
  outageBegan(): void {
    this.epoch += 1;
    this.isOpen = false;
    this.deliveredUpTo = this.sequences.last;
    const undelivered = this.outbox.recall();
    const wanted = undelivered.filter(({ topic }) => this.subscriptions.isWanted(topic));
    this.deliveries.deliverAll(wanted.map(({ message }) => message));
  }

  /** Redis is there again, and so are the others: sends what was kept, in order, and then flows on. */
  async flush(): Promise<void> {
    const { epoch } = this;
    while (epoch === this.epoch && !this.isOpen) {
      const part = this.outbox.oldest(PART_MESSAGES, PART_SIZE);
      const sent = Promise.all(part.map((entry) => this.send(entry)));
      /* In this very turn, so that what is published next is sent behind it. */
      this.isOpen = part.length === this.outbox.count;
      if (!(await sent).every(Boolean)) return;
    }
  }

  /** What Redis took before `beforeMs` and did not send back: it never will. */
  takeOverdue(beforeMs: number): readonly OutboxEntry[] {
    return this.outbox.takeOverdue(beforeMs);
  }

  /** To be called now and then. */
  forgetIdleTopics(): void {
    this.sequences.forgetIdle();
  }

  private enter(topic: string, message: ClusterMessage): OutboxEntry {
    const numbers = this.sequences.next(topic);
    const bytes = encodeClusterMessage({ origin: this.link.nodeId, ...numbers, message });
    const isToComeBack = this.isOpen && this.subscriptions.isSubscribed(topic);
    const entry: OutboxEntry = {
      topic,
      ...numbers,
      bytes,
      size: message.type === 'frame' ? message.frame.length : bytes.length,
      undelivered: isToComeBack ? message : undefined,
      acknowledgedMs: undefined,
      settle: undefined,
    };
    this.outbox.add(entry);
    return entry;
  }

  /** @returns whether Redis took it; if not, the link is down now */
  private async send(entry: OutboxEntry): Promise<boolean> {
    const { epoch } = this;
    const { commands, isCluster } = this.link;
    const { topic, bytes } = entry;
    try {
      await (isCluster ? commands.spublish(topic, bytes) : commands.publish(topic, bytes));
      this.outbox.acknowledge(entry, performance.now());
      return true;
    } catch (error) {
      if (epoch === this.epoch) this.link.fail(error as Error);
      return false;
    }
  }

  private refuse(): Promise<never> {
    this.refused += 1;
    const { count: messages, size: bytes } = this.outbox;
    if (!this.isOverloadKnown) this.overload.warn({ messages, bytes });
    this.isOverloadKnown = true;
    return Promise.reject(
      new OverloadError(`${FULL}; nothing was delivered. Try again in a second.`),
    );
  }
}
