import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { decodeClusterMessage } from '../cluster-message-codec.js';
import type { ClusterMessage } from '../cluster-message.js';
import { detachMessage } from '../detached-message.js';
import { PubSubProvider, type PubSubCounters, type PubSubListener } from '../pub-sub-provider.js';
import { RareWarning } from '../rare-warning.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling.options.js';
import { DeliveryQueue } from './delivery-queue.js';
import { MessageSender } from './message-sender.js';
import { NodeDirectory } from './node-directory.js';
import type { OutboxEntry } from './outbox.js';
import { RedisConnections } from './redis-connections.js';
import { Resumption } from './resumption.js';
import { SequenceTracker } from './sequence-tracker.js';
import { topicName } from './topic-name.js';
import { TopicSubscriptions } from './topic-subscriptions.js';

const SWEEP_INTERVAL_MS = 1000;
/** Sweeps without an outage after which what was idle meanwhile is forgotten. */
const SWEEPS_TO_FORGET = 60;
/** How long a message that Redis has may take to come back; a silent connection is noticed before. */
const RETURN_MS = 5000;
/** How long a stop waits for Redis to take what is under way. */
const STOP_MS = 1000;

/** Pub/Sub of Redis: one server, a master that sentinels name, or a Cluster with sharded Pub/Sub. */
@Injectable()
export class RedisPubSubProvider
  extends PubSubProvider
  implements OnModuleInit, OnApplicationShutdown
{
  private readonly logger = new Logger('PubSub');
  private readonly deliveries = new DeliveryQueue();
  private readonly tracker = new SequenceTracker();
  private readonly subscriptions: TopicSubscriptions;
  private readonly sender: MessageSender;
  private readonly resumption: Resumption;
  private readonly unreadable = new RareWarning(
    this.logger,
    'Something on the topics of this cluster is no message of this version, and was dropped',
  );
  private readonly counts = { received: 0, duplicates: 0, gaps: 0, garbage: 0 };
  private sweepsSinceOutage = 0;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly link: RedisConnections,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
    private readonly directory: NodeDirectory,
  ) {
    super();
    this.subscriptions = new TopicSubscriptions(link, (topic) => this.tracker.forgetTopic(topic));
    this.sender = new MessageSender(link, this.subscriptions, this.deliveries, options);
    this.resumption = new Resumption(link, directory);
  }

  async onModuleInit(): Promise<void> {
    this.link.subscriber.onMessage((topic, bytes) => this.receive(topic, bytes));
    this.link.onRestore(() => this.restore());
    this.link.onDown(() => this.outageBegan());
    void this.subscriptions.want(this.resumption.topic);
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
    await this.link.open();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.sweeper);
    this.resumption.hurry();
    const { outbox } = this.sender;
    if (this.link.status !== 'down') {
      await Promise.race([outbox.emptied(), sleep(STOP_MS, undefined, { ref: false })]);
    }
    const { count: messages } = outbox;
    if (messages > 0) this.logger.warn('Messages did not reach the other nodes', { messages });
    this.outageBegan();
    await this.link.close();
  }

  override listen(listener: PubSubListener): void {
    this.deliveries.listen(listener);
  }

  override subscribe(topic: string): Promise<void> | undefined {
    return this.subscriptions.want(this.nameOf(topic));
  }

  override unsubscribe(topic: string): void {
    this.subscriptions.giveUp(this.nameOf(topic), performance.now());
  }

  override hasRoomFor(messages: number, bytes: number): boolean {
    return this.sender.outbox.hasRoomFor(messages, bytes);
  }

  override publish(topic: string, message: ClusterMessage): Promise<void> {
    return this.sender.publish(this.nameOf(topic), message);
  }

  override get status(): 'up' | 'down' {
    return this.link.status === 'up' ? 'up' : 'down';
  }

  override get counters(): PubSubCounters {
    const { published, refused, outbox } = this.sender;
    return {
      ...this.counts,
      published,
      refused,
      buffered: outbox.count,
      bufferedBytes: outbox.size,
    };
  }

  private nameOf(topic: string): string {
    return topicName(this.link.prefix, topic);
  }

  private outageBegan(): void {
    this.sweepsSinceOutage = 0;
    this.subscriptions.disconnected();
    this.resumption.outageBegan();
    this.sender.outageBegan();
  }

  /** What waits for the others goes on by itself: other work must not wait for them. */
  private async restore(): Promise<void> {
    await this.subscriptions.restore();
    await this.resumption.announce();
    void this.flushWhenAllAreBack();
  }

  private async flushWhenAllAreBack(): Promise<void> {
    await this.resumption.othersAreBack(this.sender.outbox.count > 0);
    if (this.resumption.isBack) await this.sender.flush();
  }

  private receive(topic: string, bytes: Buffer): void {
    if (!this.subscriptions.isKnown(topic)) return;
    if (topic === this.resumption.topic) {
      if (!this.resumption.receive(bytes)) this.drop(topic, bytes);
      return;
    }
    const envelope = decodeClusterMessage(bytes);
    if (envelope === undefined) return this.drop(topic, bytes);
    const { origin, sequence, previous, message } = envelope;
    const isOwn = origin === this.link.nodeId;
    const messages = isOwn ? this.sender.comeBack(sequence, message) : [detachMessage(message)];
    if (messages.length === 0) return;
    const arrival = this.tracker.arrive(origin, topic, sequence, previous);
    if (arrival === 'duplicate') {
      this.counts.duplicates += 1;
    } else if (this.subscriptions.isWanted(topic)) {
      if (arrival === 'after-gap' && !isOwn) this.counts.gaps += 1;
      this.counts.received += messages.length;
      this.deliveries.deliverAll(messages);
    }
  }

  private drop(topic: string, { length }: Buffer): void {
    this.counts.garbage += 1;
    this.unreadable.warn({ topic, bytes: length });
  }

  private sweep(): void {
    const nowMs = performance.now();
    this.subscriptions.sweep(nowMs);
    for (const entry of this.sender.takeOverdue(nowMs - RETURN_MS)) this.deliverLate(entry);
    if (!this.sender.isFlowing) return;
    this.sweepsSinceOutage += 1;
    if (this.sweepsSinceOutage % SWEEPS_TO_FORGET !== 0) return;
    this.sender.forgetIdleTopics();
    this.tracker.forgetSilent(
      (nodeId) => this.directory.has(nodeId) || nodeId === this.link.nodeId,
    );
  }

  /** A slot of a Cluster moved at the wrong moment, say. Later ones may have come meanwhile. */
  private deliverLate({ topic, sequence, undelivered }: OutboxEntry): void {
    if (undelivered === undefined || !this.subscriptions.isWanted(topic)) return;
    const arrival = this.tracker.arrive(this.link.nodeId, topic, sequence, 0);
    if (arrival !== 'duplicate') this.deliveries.deliver(undelivered);
  }
}
