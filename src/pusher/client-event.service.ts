import { Injectable } from '@nestjs/common';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import type { Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { FixedWindow } from '../scaling/fixed-window.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
import type { ClientEventMessage } from './protocol/client-message.js';
import { invalidMessage, PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { clientEvent } from './protocol/server-frame.js';

/** Passes on what clients send each other (protocol, section 5). */
@Injectable()
export class ClientEventService {
  constructor(
    private readonly channels: ChannelManager,
    private readonly cluster: ClusterService,
    private readonly webhooks: WebhookReporter,
  ) {}

  /**
   * Sends a client event to all other subscribers of its channel.
   * @throws PusherError when the application, the channel or the rate does not allow it
   */
  send(connection: Connection, message: ClientEventMessage): Awaitable<void> {
    const { application, socketId } = connection;
    const { channel, event, data } = message;
    if (channel === undefined) throw invalidMessage();
    this.checkChannel(connection, channel);
    this.checkRate(connection);
    const member = this.channels.subscriptionOf(connection, channel)?.member;
    const userId = member?.userId;
    const frame = clientEvent(event, channel, data, userId);
    const sent = this.cluster.broadcast(application.id, channel, frame, socketId);
    if (application.webhooks.length > 0) {
      this.webhooks.clientEvent(application, { channel, event, data, socketId, userId });
    }
    return sent;
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
      throw rejected('Rate limit exceeded');
    }
  }
}

const rejected = (sentence: string) =>
  new PusherError(PusherErrorCode.CLIENT_EVENT_REJECTED, sentence);
