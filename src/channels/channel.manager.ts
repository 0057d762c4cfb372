import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { FlushQueue } from '../connections/delivery/flush-queue.js';
import { inBackground, type Awaitable } from '../scaling/awaitable.js';
import type { FrameMessage } from '../scaling/cluster-message.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore, type Member } from '../scaling/state-store.js';
import { Tracing, type TraceSpan } from '../tracing/tracing.js';
import { createChannelCounters, type ChannelCountersByKind } from './channel-counters.js';
import { Channel, Subscription } from './channel.js';

/** The channels that have a subscriber on this node. They come with the first and go with the last. */
@Injectable()
export class ChannelManager {
  private readonly logger = new Logger(ChannelManager.name);
  private readonly applications = new Map<string, Map<string, Channel>>();
  /** Of all applications that had a channel here; what is counted is not forgotten. */
  readonly counters = new Map<string, ChannelCountersByKind>();

  constructor(
    private readonly queue: FlushQueue,
    private readonly registry: ConnectionRegistry,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly tracing: Tracing,
  ) {
    cluster.listen({ onFrame: (message) => this.deliver(message) });
  }

  /** The channel, if somebody is subscribed to it here. */
  find(appId: string, name: string): Channel | undefined {
    return this.applications.get(appId)?.get(name);
  }

  /** All channels of all applications. */
  *[Symbol.iterator](): IterableIterator<Channel> {
    for (const channels of this.applications.values()) yield* channels.values();
  }

  /** The subscription of a connection to a channel. */
  subscriptionOf(connection: Connection, name: string): Subscription | undefined {
    // Seats are taken nowhere but in `subscribe`.
    return connection.subscriptions.get(name) as Subscription | undefined;
  }

  /** Who a connection is in a channel: the member it joined as, or else the user it signed in as. */
  userIdIn(connection: Connection, name: string): string | undefined {
    return this.subscriptionOf(connection, name)?.member?.userId ?? connection.user?.id;
  }

  /** All subscriptions of a connection. */
  subscriptionsOf(connection: Connection): Iterable<Subscription> {
    return connection.subscriptions.values() as Iterable<Subscription>;
  }

  /**
   * Makes sure that the frames of a channel come to this node, and keeps the channel until
   * {@link release}. Every call needs its release.
   */
  open(appId: string, name: string): Awaitable<Channel> {
    const channel = this.find(appId, name) ?? this.create(appId, name);
    channel.pins++;
    const joined = this.cluster.joinChannel(appId, name);
    if (!(joined instanceof Promise)) return channel;
    return joined.then(
      () => channel,
      (error: unknown) => {
        this.release(channel);
        throw error;
      },
    );
  }

  release(channel: Channel): void {
    channel.pins--;
    this.forgetIfIdle(channel);
  }

  /** Subscribes a connection to an open channel: it gets what is broadcast from now on. */
  subscribe(connection: Connection, channel: Channel, member?: Member): Subscription {
    const subscription = new Subscription(connection, channel, member);
    channel.seat(subscription);
    connection.take(channel.name, subscription);
    this.storeCount(channel);
    return subscription;
  }

  /** Ends a subscription, after what was broadcast before was written. */
  unsubscribe(subscription: Subscription): void {
    const { connection, channel } = subscription;
    channel.unseat(subscription);
    connection.giveUp(channel.name);
    this.storeCount(channel);
    this.forgetIfIdle(channel);
  }

  private deliver(message: FrameMessage): void {
    const { appId, channel: name, frame, exceptSocketId } = message;
    const channel = this.find(appId, name);
    if (channel === undefined) return;
    const span = this.tracing.tracer === null ? undefined : this.trace(channel, message);
    channel.broadcast(frame, exceptSocketId, this.subscriberOf(channel, exceptSocketId));
    if (span !== undefined) endWhenFlushed(span, channel);
  }

  private trace({ fanOut }: Channel, message: FrameMessage): TraceSpan | undefined {
    const { traceparent, appId, channel, exceptSocketId } = message;
    if (traceparent === undefined) return undefined;
    return this.tracing.tracer?.fanOut(traceparent, appId, channel, fanOut.size, exceptSocketId);
  }

  private subscriberOf(channel: Channel, socketId: string | undefined): Connection | undefined {
    if (socketId === undefined) return undefined;
    const connection = this.registry.find(channel.appId, socketId);
    return connection?.subscriptions.has(channel.name) ? connection : undefined;
  }

  private storeCount({ appId, name, fanOut }: Channel): void {
    inBackground(this.state.setSubscriptions(appId, name, fanOut.size), this.logger);
  }

  private forgetIfIdle(channel: Channel): void {
    if (!channel.isIdle) return;
    const { appId, name } = channel;
    const channels = this.applications.get(appId);
    if (channels?.get(name) !== channel) return;
    channels.delete(name);
    channel.counters.channels--;
    if (channels.size === 0) this.applications.delete(appId);
    this.cluster.leaveChannel(appId, name);
  }

  private create(appId: string, name: string): Channel {
    const channel = new Channel(appId, name, this.queue, this.countersOf(appId));
    this.channelsOf(appId).set(name, channel);
    channel.counters.channels++;
    return channel;
  }

  private countersOf(appId: string): ChannelCountersByKind {
    let counters = this.counters.get(appId);
    if (counters === undefined) this.counters.set(appId, (counters = createChannelCounters()));
    return counters;
  }

  private channelsOf(appId: string): Map<string, Channel> {
    let channels = this.applications.get(appId);
    if (channels === undefined) this.applications.set(appId, (channels = new Map()));
    return channels;
  }
}

function endWhenFlushed(span: TraceSpan, { fanOut }: Channel): void {
  fanOut.whenFlushed(() => span.end());
}
