import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Awaitable } from '../awaitable.js';
import { decodeClusterMessage, encodeClusterMessage } from '../cluster-message-codec.js';
import type { ClusterMessage } from '../cluster-message.js';
import { detachMessage } from '../detached-message.js';
import { PubSubProvider, type PubSubListener } from '../pub-sub-provider.js';
import { RareWarning } from '../rare-warning.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import { WorkerLink } from './worker-link.js';
import { WorkerOutbox } from './worker-outbox.js';

/** A topic this worker is subscribed to. */
interface Topic {
  readonly name: string;
  /** What this worker calls it. */
  readonly number: number;
  /** Until the hub has confirmed it. */
  confirming: Promise<void> | undefined;
}

/**
 * Pub/Sub of one process of a server: every message goes to the hub, and comes back from there in the
 * order of all processes.
 */
@Injectable()
export class WorkerPubSubProvider
  extends PubSubProvider
  implements OnModuleInit, OnApplicationShutdown
{
  private readonly logger = new Logger('PubSub');
  private readonly unreadable = new RareWarning(
    this.logger,
    'A message of another version cannot be read, and was dropped',
  );
  private readonly outbox: WorkerOutbox;
  private readonly topics = new Map<string, Topic>();
  private readonly topicsByNumber = new Map<number, Topic>();
  private listener: PubSubListener | undefined;
  private lastNumber = 0;
  private lastSequence = 0;

  constructor(
    private readonly link: WorkerLink,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
  ) {
    super();
    this.outbox = new WorkerOutbox(link, options);
    link.onMessage((topic, bytes) => this.receive(topic, bytes));
  }

  onModuleInit(): Promise<void> {
    return this.link.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.link.close();
  }

  override listen(listener: PubSubListener): void {
    this.listener = listener;
  }

  override subscribe(topic: string): Promise<void> | undefined {
    return (this.topics.get(topic) ?? this.add(topic)).confirming;
  }

  override unsubscribe(topic: string): void {
    const known = this.topics.get(topic);
    if (known === undefined) return;
    this.topics.delete(topic);
    this.topicsByNumber.delete(known.number);
    this.link.say('unsubscribe', known.number);
  }

  override hasRoomFor(messages: number, bytes: number): boolean {
    return this.outbox.hasRoomFor(messages, bytes);
  }

  /** Without a link, only this worker's own subscribers get it. */
  override publish(topic: string, message: ClusterMessage): Awaitable<void> {
    const known = this.topics.get(topic);
    if (this.link.isOver) {
      if (known !== undefined) this.hand(message);
      return;
    }
    const sequence = this.lastSequence + 1;
    const envelope = { origin: this.link.nodeId, sequence, previous: 0, message };
    const bytes = encodeClusterMessage(envelope);
    this.outbox.enter(message);
    this.lastSequence = sequence;
    this.link.publish(known?.number, topic, bytes);
  }

  override get status(): 'up' | 'down' {
    return this.link.status === 'up' ? 'up' : 'down';
  }

  private add(name: string): Topic {
    const number = (this.lastNumber += 1);
    const topic: Topic = { name, number, confirming: undefined };
    this.topics.set(name, topic);
    this.topicsByNumber.set(number, topic);
    const asked = this.link.ask(null, 'subscribe', number, name);
    if (asked instanceof Promise) topic.confirming = confirm(topic, asked);
    return topic;
  }

  private receive(number: number, bytes: Buffer): void {
    // What was under way when it was given up is nobody's.
    if (!this.topicsByNumber.has(number)) return;
    const envelope = decodeClusterMessage(bytes);
    if (envelope === undefined) return this.unreadable.warn({ bytes: bytes.length });
    this.hand(detachMessage(envelope.message));
  }

  private hand(message: ClusterMessage): void {
    try {
      this.listener?.(message);
    } catch (error) {
      this.logger.error('A message of the cluster could not be handled', error);
    }
  }
}

async function confirm(topic: Topic, asked: Promise<null>): Promise<void> {
  await asked;
  topic.confirming = undefined;
}
