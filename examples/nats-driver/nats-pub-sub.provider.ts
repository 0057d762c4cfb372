import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import {
  decodeClusterMessage,
  encodeClusterMessage,
  OverloadError,
  PubSubProvider,
  SCALING_OPTIONS,
  type ClusterMessage,
  type PubSubListener,
  type ScalingOptions,
} from 'revurb';
import { DeliveredMessages } from './delivered-messages.js';
import { NatsLink } from './nats-link.js';
import { frameBytesOf, Outbox, type UnsentMessage } from './outbox.js';
import { TopicStream } from './topic-stream.js';

/** How long the other nodes have to find back to NATS before they are sent what they missed. */
const GATHERING_MS = 1000;
/** How long NATS may take to confirm a message. */
const CONFIRM_MS = 1500;

/**
 * Carries messages through NATS, a subject for each topic. While NATS is there every message takes
 * that way, those for this node too: so all nodes have one order. A message stays in the outbox until
 * it is confirmed, which is after it came back; an outage is what lies between.
 */
@Injectable()
export class NatsPubSubProvider extends PubSubProvider {
  private readonly logger = new Logger(NatsPubSubProvider.name);
  private readonly outbox: Outbox;
  private readonly stream: TopicStream;
  private readonly delivered = new DeliveredMessages();
  /** Undefined while NATS is away. */
  private readonly topics = new Map<string, Subscription | undefined>();
  private sequence = 0;
  /** Where confirmations come to; a new one with each connection. */
  private inbox = createInbox();
  private settling: Promise<void> | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private listener: PubSubListener | undefined;

  constructor(
    private readonly link: NatsLink,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
  ) {
    super();
    this.outbox = new Outbox(options.bufferMessages, options.bufferSize);
    this.stream = new TopicStream(link, options.prefix);
    link.onRestore(() => this.restore());
    link.onUp(() => this.sendRest());
    link.onDown(() => this.turnInwards());
  }

  override listen(listener: PubSubListener): void {
    this.listener = listener;
  }

  override get status(): 'up' | 'down' {
    return this.link.status === 'up' ? 'up' : 'down';
  }

  override subscribe(topic: string): Promise<void> {
    if (this.topics.get(topic) === undefined) {
      const isReachable = this.link.status !== 'down';
      this.topics.set(topic, isReachable ? this.subscribeTo(topic) : undefined);
    }
    return (this.settling ??= this.settle());
  }

  override unsubscribe(topic: string): void {
    this.topics.get(topic)?.unsubscribe();
    this.topics.delete(topic);
  }

  override hasRoomFor(messages: number, bytes: number): boolean {
    return this.outbox.hasRoomFor(messages, bytes);
  }

  /** @throws RangeError when the message is larger than NATS allows */
  override async publish(topic: string, message: ClusterMessage): Promise<void> {
    if (!this.hasRoomFor(1, frameBytesOf(message))) {
      throw new OverloadError('Too much waits to be sent to other nodes.');
    }
    const sequence = this.sequence + 1;
    const origin = this.link.nodeId;
    const payload = encodeClusterMessage({ origin, sequence, previous: 0, message });
    if (payload.length > this.link.maxPayload) {
      throw new RangeError('The message is larger than max_payload of NATS.');
    }
    this.sequence = sequence;
    const unsent = { topic, sequence, message, payload };
    this.outbox.add(unsent);
    if (this.status === 'down') return this.deliverHere(unsent);
    const taken = this.outbox.taken(sequence);
    this.send(unsent);
    await taken;
  }

  private subscribeTo(topic: string): Subscription {
    return this.link.connection.subscribe(this.stream.exitOf(topic), {
      callback: (error, { data }) => {
        if (error === null) this.receive(Buffer.from(data.buffer, data.byteOffset, data.length));
      },
    });
  }

  /** Before anything is sent again every node should listen again. */
  private async restore(): Promise<void> {
    await this.stream.open();
    this.inbox = createInbox();
    const callback = (_: unknown, message: Msg) => this.confirm(message);
    this.link.connection.subscribe(`${this.inbox}.*`, { callback });
    for (const [topic, subscription] of this.topics) {
      if (subscription === undefined) this.topics.set(topic, this.subscribeTo(topic));
    }
    await this.link.flush();
    const dropped = this.outbox.dropLargerThan(this.link.maxPayload);
    if (dropped > 0) this.logger.error(`${dropped} messages are too large for this NATS`);
    if (this.outbox.oldest === undefined) return;
    await this.link.during(sleep(GATHERING_MS));
    for (let chunk = this.outbox.firstChunk(); chunk.length > 0; chunk = this.outbox.firstChunk()) {
      const taken = this.outbox.taken(chunk.at(-1)!.sequence);
      for (const unsent of chunk) this.send(unsent);
      await this.link.during(taken);
    }
  }

  /** What was published since the last chunk; in this turn, so that nothing overtakes it. */
  private sendRest(): void {
    for (const unsent of this.outbox) this.send(unsent);
  }

  /** What did not come back from NATS is delivered to this node's own subscribers now. */
  private turnInwards(): void {
    clearTimeout(this.deadline);
    this.deadline = undefined;
    for (const topic of this.topics.keys()) this.topics.set(topic, undefined);
    for (const unsent of this.outbox) this.deliverHere(unsent);
    this.outbox.dismissWaiters();
  }

  private send({ topic, sequence, payload }: UnsentMessage): void {
    try {
      const reply = `${this.inbox}.${sequence}`;
      this.link.connection.publish(this.stream.entryOf(topic), payload, { reply });
      this.expectConfirmation();
    } catch (error) {
      this.link.fail(error as Error);
    }
  }

  /** The stream took a message, and all that this node sent before. */
  private confirm(confirmation: Msg): void {
    const { stream, error } = readConfirmation(confirmation);
    if (stream === undefined) this.link.fail(new Error(`NATS takes no messages: ${error}`));
    else this.outbox.confirm(Number(confirmation.subject.split('.').at(-1)));
  }

  private expectConfirmation(): void {
    const { sequence } = this;
    this.deadline ??= setTimeout(() => {
      this.deadline = undefined;
      const { oldest } = this.outbox;
      if (oldest === undefined) return;
      if (oldest <= sequence) this.link.fail(new Error('NATS confirms no messages.'));
      else this.expectConfirmation();
    }, CONFIRM_MS).unref();
  }

  /**
   * Resolves when NATS knows of all subscriptions of this turn: one question for all of them. Also
   * when it is gone: then subscribers here get what is published here.
   */
  private async settle(): Promise<void> {
    await Promise.resolve();
    this.settling = undefined;
    try {
      await this.link.flush();
    } catch {
      // The outage is known to the link.
    }
  }

  private deliverHere({ topic, sequence, message }: UnsentMessage): void {
    const isNew = this.delivered.add(this.link.nodeId, sequence);
    if (isNew && this.topics.has(topic)) this.tell(message);
  }

  private receive(bytes: Buffer): void {
    const envelope = decodeClusterMessage(bytes);
    if (envelope === undefined) return;
    const isNew = this.delivered.add(envelope.origin, envelope.sequence);
    if (isNew) this.tell(envelope.message);
  }

  private tell(message: ClusterMessage): void {
    try {
      this.listener?.(message);
    } catch (error) {
      // Thrown further it would stop the client of NATS from reading.
      this.logger.error('A cluster message could not be acted on', error);
    }
  }
}

/** `stream` is there when the message was taken. */
function readConfirmation(confirmation: Msg): { stream?: string; error?: string } {
  // Nobody listens to the subject: there is no stream.
  if (confirmation.data.length === 0) return { error: 'there is no stream' };
  const { stream, error } = confirmation.json<{
    stream?: string;
    error?: { description: string };
  }>();
  return error === undefined ? { stream } : { error: error.description };
}
