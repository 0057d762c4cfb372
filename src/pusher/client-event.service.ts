import { Injectable } from '@nestjs/common';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import type { Awaitable } from '../scaling/awaitable.js';
import { ClusterService, type Broadcast } from '../scaling/cluster.service.js';
import { FixedWindow } from '../scaling/fixed-window.js';
import { during, Tracing } from '../tracing/tracing.js';
import type { ClientEventMessage } from './protocol/client-message.js';
import { invalidMessage, PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { clientEvent } from './protocol/server-frame.js';
import { broadcastTraced } from './traced-broadcast.js';

/** Passes on what clients send each other (protocol, section 5). */
@Injectable()
export class ClientEventService {
  constructor(
    private readonly channels: ChannelManager,
    private readonly cluster: ClusterService,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Sends a client event to all other subscribers of its channel.
   * @throws PusherError when the application, the channel or the rate does not allow it
   */
  send(connection: Connection, message: ClientEventMessage): Awaitable<void> {
    const { application } = connection;
    const { channel } = message;
    if (channel === undefined) throw invalidMessage();
    this.checkChannel(connection, channel);
    this.checkRate(connection);
    const member = this.channels.subscriptionOf(connection, channel)?.member;
    const frame = clientEvent(message.event, channel, message.data, member?.userId);
    return this.broadcast(application.id, { channel, frame, exceptSocketId: connection.socketId });
  }

  private broadcast(appId: string, broadcast: Broadcast): Awaitable<void> {
    const { tracer } = this.tracing;
    const span = tracer?.take('client-event', appId);
    if (span === undefined) return broadcastTraced(this.cluster, null, span, appId, broadcast);
    return during(span, () => broadcastTraced(this.cluster, tracer, span, appId, broadcast));
  }

  private checkChannel(connection: Connection, channel: string): void {
    const { acceptClientEventsFrom, maxChannelNameLength } = connection.application;
    if (acceptClientEventsFrom === 'none') {
      throw rejected('The app does not have client messaging enabled.');
    }
    const kind = channelKindOf(channel);
    if (kind.isEncrypted || kind.name === 'server-to-user') {
      throw rejected('Client events are only supported on private and presence channels.');
    }
    if (acceptClientEventsFrom === 'all') {
      if (!isChannelName(channel, maxChannelNameLength)) throw invalidMessage();
      return;
    }
    if (!kind.needsAuth) {
      throw rejected('Client events are only supported on private and presence channels.');
    }
    if (!connection.subscriptions.has(channel)) {
      throw new PusherError(
        PusherErrorCode.UNAUTHORIZED,
        'The client is not a member of the specified channel.',
      );
    }
  }

  private checkRate(connection: Connection): void {
    const limit = connection.application.clientEventsPerSecond;
    if (limit === 0) return;
    connection.clientEventWindow ??= new FixedWindow();
    if (!connection.clientEventWindow.take(1, limit, 1000, performance.now())) {
      connection.counters.limited.client_events++;
      throw rejected('Rate limit exceeded');
    }
  }
}

const rejected = (sentence: string) =>
  new PusherError(PusherErrorCode.CLIENT_EVENT_REJECTED, sentence);
