import { Injectable } from '@nestjs/common';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import type { AwaitedHook } from '../extensions/awaited-hook.js';
import type { ClientEventRequest } from '../extensions/before-hooks.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import type { ClientEventSent } from '../extensions/on-hooks.js';
import type { ToldHook } from '../extensions/told-hook.js';
import { andThen, type Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { FixedWindow } from '../scaling/fixed-window.js';
import { during, Tracing, type EventTracer, type TraceSpan } from '../tracing/tracing.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
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
    private readonly extensions: ExtensionRegistry,
    private readonly tracing: Tracing,
    private readonly webhooks: WebhookReporter,
  ) {}

  /**
   * Sends a client event to all other subscribers of its channel.
   * @throws PusherError when the application, the channel, the rate or an extension does not allow it
   */
  send(connection: Connection, message: ClientEventMessage): Awaitable<void> {
    const { channel } = message;
    if (channel === undefined) throw invalidMessage();
    this.checkChannel(connection, channel);
    this.checkRate(connection);
    const { tracer } = this.tracing;
    if (tracer === null) return this.take(connection, channel, message);
    return this.takeTraced(tracer, connection, channel, message);
  }

  private takeTraced(
    tracer: EventTracer,
    connection: Connection,
    channel: string,
    message: ClientEventMessage,
  ): Awaitable<void> {
    const { event: name, data } = message;
    const taken = { name, channels: [channel], data, exceptSocketId: connection.socketId };
    const span = tracer.take('client-event', connection.application.id, [taken]);
    if (span === undefined) return this.take(connection, channel, message);
    return this.takeWithin(span, connection, channel, message);
  }

  // What its closure needs is made whenever it is entered: so it stands apart.
  private takeWithin(
    span: TraceSpan,
    connection: Connection,
    channel: string,
    message: ClientEventMessage,
  ): Awaitable<void> {
    return during(span, () => this.take(connection, channel, message, span));
  }

  private take(
    connection: Connection,
    channel: string,
    message: ClientEventMessage,
    span?: TraceSpan,
  ): Awaitable<void> {
    const userId = this.channels.subscriptionOf(connection, channel)?.member?.userId;
    const { beforeClientEvent } = this.extensions.hooks;
    if (beforeClientEvent === null) return this.passOn(connection, channel, message, userId, span);
    const { event, data } = message;
    const { application } = connection;
    const request = { application, connection, channel, event, data, userId };
    return this.askFirst(beforeClientEvent, request, span);
  }

  private async askFirst(
    hook: AwaitedHook<ClientEventRequest>,
    request: ClientEventRequest,
    span: TraceSpan | undefined,
  ): Promise<void> {
    const passed = await hook.ask(request);
    if (passed === null || !request.connection.isOpen) return;
    const { connection, channel, userId } = passed;
    await this.passOn(connection, channel, passed, userId, span);
  }

  private passOn(
    connection: Connection,
    channel: string,
    { event, data }: Pick<ClientEventRequest, 'event' | 'data'>,
    userId: string | undefined,
    span: TraceSpan | undefined,
  ): Awaitable<void> {
    const { application, socketId } = connection;
    const frame = clientEvent(event, channel, data, userId);
    const sent =
      span === undefined
        ? this.cluster.broadcast(application.id, channel, frame, socketId)
        : broadcastTraced(this.cluster, this.tracing.tracer, span, application.id, {
            channel,
            frame,
            exceptSocketId: socketId,
          });
    if (application.webhooks.length > 0) {
      this.webhooks.clientEvent(application, { channel, event, data, socketId, userId });
    }
    const { onClientEvent } = this.extensions.hooks;
    if (onClientEvent === null) return sent;
    const told = { application, connection, channel, event, data, userId };
    return tellWhen(sent, onClientEvent, told);
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

function tellWhen(
  sent: Awaitable<void>,
  hook: ToldHook<ClientEventSent>,
  event: ClientEventSent,
): Awaitable<void> {
  return andThen(sent, () => hook.tell(event));
}

const rejected = (sentence: string) =>
  new PusherError(PusherErrorCode.CLIENT_EVENT_REJECTED, sentence);
