import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { channelKindOf } from '../channels/channel-name.js';
import { FlushQueue } from '../connections/fan-out.js';
import { andThen } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { publishedEvent } from './protocol/server-frame.js';
import { TrafficLog } from './traffic.log.js';

/** An event of a backend. */
export interface PublishedEvent {
  readonly name: string;
  /** Passed on as the string it is. */
  readonly data: string;
  /** Each channel gets it once, however often it is named. */
  readonly channels: readonly string[];
  /** The connection that does not get it. */
  readonly exceptSocketId?: string | undefined;
}

/** Bytes of frames that may wait to be sent before publishes are refused. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/** The server cannot take a publish now; nothing of it was delivered. */
export class OverloadError extends Error {}

/**
 * Publishes events to the subscribers of channels, over the whole cluster. What it is given must
 * have passed the limits of the application; teams may inject it to publish from their own code.
 */
@Injectable()
export class EventDispatcher {
  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly queue: FlushQueue,
    private readonly traffic: TrafficLog,
  ) {}

  /**
   * Publishes events, in this order, all or none of them. Resolves when they are on their way to
   * every subscriber.
   * @throws OverloadError when too much waits to be sent already
   */
  async publish(application: Application, events: readonly PublishedEvent[]): Promise<void> {
    if (this.queue.pendingBytes > MAX_PENDING_BYTES) {
      throw new OverloadError('Too many events wait to be sent. Try again in a second.');
    }
    const sent = events.flatMap((event) => {
      this.traffic.published(application.id, event.channels, event.name, event.data);
      const channels = event.channels.length === 1 ? event.channels : new Set(event.channels);
      return Array.from(channels, (channel) => this.publishTo(application, channel, event));
    });
    if (sent.some((sending) => sending instanceof Promise)) await Promise.all(sent);
  }

  private publishTo(application: Application, channel: string, event: PublishedEvent) {
    const { id, cacheTtlSeconds } = application;
    const { name, data, exceptSocketId } = event;
    const frame = publishedEvent(name, channel, data);
    const cached = channelKindOf(channel).isCache
      ? this.state.cacheEvent(id, channel, { event: name, data }, cacheTtlSeconds)
      : undefined;
    // Sent when it is cached, or else who subscribes meanwhile would get it neither way.
    return andThen(cached, () => this.cluster.broadcast(id, channel, frame, exceptSocketId));
  }
}
