import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { channelKindOf } from '../channels/channel-name.js';
import type { PublishedEvent } from '../channels/published-event.js';
import { TrafficCounters } from '../connections/traffic-counters.js';
import { FlushQueue } from '../connections/delivery/flush-queue.js';
import type { AwaitedHook } from '../extensions/awaited-hook.js';
import type { Publication } from '../extensions/before-hooks.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import type { Published } from '../extensions/on-hooks.js';
import type { ToldHook } from '../extensions/told-hook.js';
import { andThen, type Awaitable } from '../scaling/awaitable.js';
import { ClusterService, type Broadcast } from '../scaling/cluster.service.js';
import { OverloadError } from '../scaling/overload-error.js';
import { StateStore } from '../scaling/state-store.js';
import {
  during,
  Tracing,
  type EventTracer,
  type TraceCarrier,
  type TraceSpan,
} from '../tracing/tracing.js';
import { publishedEvent } from './protocol/server-frame.js';
import { broadcastTraced } from './traced-broadcast.js';
import { TrafficLog } from './traffic.log.js';

/** Bytes of frames that may wait to be sent before publishes are refused. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/**
 * Publishes events to the subscribers of channels, over the whole cluster. What it is given must
 * have passed the limits of the application; teams may inject it to publish from their own code.
 */
@Injectable()
export class EventDispatcher {
  /** Since the start, on this node. */
  eventsPublished = 0;

  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly queue: FlushQueue,
    private readonly traffic: TrafficLog,
    private readonly extensions: ExtensionRegistry,
    private readonly counters: TrafficCounters,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Publishes events, in this order, all or none of them. Resolves when they are on their way to
   * every subscriber. What is published at the same time keeps its order unless an extension takes
   * its time over it.
   * @throws OverloadError when too much waits to be sent already, and what extensions refuse it with
   */
  async publish(application: Application, events: readonly PublishedEvent[]): Promise<void> {
    await this.send(application, events);
  }

  /**
   * As {@link publish}, with a promise only where something has to be waited for.
   * @param carrier the headers of the request that brings the events
   */
  send(
    application: Application,
    events: readonly PublishedEvent[],
    carrier?: TraceCarrier,
  ): Awaitable<void> {
    const { tracer } = this.tracing;
    if (tracer === null) return this.take(application, events);
    return this.takeTraced(tracer, application, events, carrier);
  }

  // What closures need is made whenever a method that has one is entered: so the detours stand apart.
  private takeTraced(
    tracer: EventTracer,
    application: Application,
    events: readonly PublishedEvent[],
    carrier: TraceCarrier | undefined,
  ): Awaitable<void> {
    const span = tracer.take('publish', application.id, events, carrier);
    if (span === undefined) return this.take(application, events);
    return this.takeWithin(span, application, events);
  }

  private takeWithin(
    span: TraceSpan,
    application: Application,
    events: readonly PublishedEvent[],
  ): Awaitable<void> {
    return during(span, () => this.take(application, events, span));
  }

  private take(
    application: Application,
    events: readonly PublishedEvent[],
    span?: TraceSpan,
  ): Awaitable<void> {
    if (this.queue.pendingBytes > MAX_PENDING_BYTES) {
      throw new OverloadError('Too many events wait to be sent. Try again in a second.');
    }
    const { beforePublish } = this.extensions.hooks;
    if (beforePublish === null) return this.sendOut(application, events, span);
    return this.askFirst(beforePublish, application, events, span);
  }

  private async askFirst(
    hook: AwaitedHook<Publication>,
    application: Application,
    events: readonly PublishedEvent[],
    span: TraceSpan | undefined,
  ): Promise<void> {
    const passed = await passedOn(hook, application, events);
    await this.sendOut(application, passed, span);
  }

  private sendOut(
    application: Application,
    events: readonly PublishedEvent[],
    span: TraceSpan | undefined,
  ): Awaitable<void> {
    const sent = this.deliver(application, events, span);
    const { onPublished } = this.extensions.hooks;
    return onPublished === null ? sent : tellWhen(sent, onPublished, application, events);
  }

  private deliver(
    application: Application,
    events: readonly PublishedEvent[],
    span: TraceSpan | undefined,
  ): Awaitable<void> {
    const broadcasts = this.broadcastsOf(application.id, events);
    this.checkRoom(broadcasts);
    const cached: Promise<void>[] = [];
    for (const event of events) {
      this.traffic.published(application.id, event.channels, event.name, event.data);
      this.cache(application, event, cached);
    }
    if (cached.length === 0) return this.broadcast(application.id, events, broadcasts, span);
    // Sent when it is cached, or else who subscribes meanwhile would get it neither way.
    return Promise.all(cached).then(() => {
      this.checkRoom(broadcasts);
      return this.broadcast(application.id, events, broadcasts, span);
    });
  }

  private broadcast(
    appId: string,
    events: readonly PublishedEvent[],
    broadcasts: readonly Broadcast[],
    span: TraceSpan | undefined,
  ): Awaitable<void> {
    this.eventsPublished += events.length;
    const { published } = this.counters.of(appId);
    for (const { data } of events) published.add(Buffer.byteLength(data));
    const sent: Promise<void>[] = [];
    for (const broadcast of broadcasts) {
      const sending = broadcastTraced(this.cluster, this.tracing.tracer, span, appId, broadcast);
      if (sending instanceof Promise) sent.push(sending);
    }
    if (sent.length > 0) return Promise.all(sent).then(() => undefined);
  }

  /**
   * A finished frame for each channel in which somebody may get it. To a cache channel somebody may come
   * while the event is being cached.
   */
  private broadcastsOf(appId: string, events: readonly PublishedEvent[]): Broadcast[] {
    const broadcasts: Broadcast[] = [];
    for (const { name, data, channels, exceptSocketId } of events) {
      for (const channel of channels.length === 1 ? channels : new Set(channels)) {
        const isWanted = this.cluster.isWanted(appId, channel);
        if (!isWanted && !channelKindOf(channel).isCache) continue;
        broadcasts.push({ channel, frame: publishedEvent(name, channel, data), exceptSocketId });
      }
    }
    return broadcasts;
  }

  private cache(
    { id, cacheTtlSeconds }: Application,
    { name, data, channels }: PublishedEvent,
    stored: Promise<void>[],
  ): void {
    for (const channel of channels) {
      if (!channelKindOf(channel).isCache) continue;
      const caching = this.state.cacheEvent(id, channel, { event: name, data }, cacheTtlSeconds);
      if (caching instanceof Promise) stored.push(caching);
    }
  }

  private checkRoom(broadcasts: readonly Broadcast[]): void {
    if (this.cluster.hasRoomFor(broadcasts)) return;
    throw new OverloadError(
      'The buffer for the other nodes, which cannot be reached, is full. Try again in a second.',
    );
  }
}

function tellWhen(
  sent: Awaitable<void>,
  hook: ToldHook<Published>,
  application: Application,
  events: readonly PublishedEvent[],
): Awaitable<void> {
  return andThen(sent, () => {
    for (const event of events) hook.tell({ application, event });
  });
}

/** What extensions let through, and as what. */
async function passedOn(
  hook: AwaitedHook<Publication>,
  application: Application,
  events: readonly PublishedEvent[],
): Promise<readonly PublishedEvent[]> {
  const passed: PublishedEvent[] = [];
  for (const event of events) {
    const publication = await hook.ask({ application, event });
    if (publication !== null) passed.push(publication.event);
  }
  return passed;
}
