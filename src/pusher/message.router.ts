import { Injectable } from '@nestjs/common';
import type { ApplicationCounters, MessageCount } from '../connections/application-counters.js';
import type { Connection } from '../connections/connection.js';
import { FixedWindow } from '../scaling/fixed-window.js';
import { ErrorReporter } from './error.reporter.js';
import { parseClientMessage, type ClientMessage } from './protocol/client-message.js';
import { ClosingError, PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { TrafficLog } from './traffic.log.js';

/** The name gateway methods subscribe to all `client-…` events by. */
export const ANY_CLIENT_EVENT = 'client-*';

/** Something an interceptor returned: the method runs when it is subscribed to. */
interface Subscribable {
  subscribe(observer: { complete: () => void; error: (error: unknown) => void }): unknown;
}

/** Brings each message of a client to the gateway method it is for. */
@Injectable()
export class MessageRouter {
  constructor(
    private readonly errors: ErrorReporter,
    private readonly traffic: TrafficLog,
  ) {}

  /** Handles one message. Never throws or rejects: what goes wrong is told to the client. */
  route(connection: Connection, bytes: Buffer): Promise<void> | undefined {
    let message: ClientMessage | undefined;
    try {
      const text = bytes.toString();
      this.traffic.received(connection, text);
      checkRate(connection);
      message = parseClientMessage(text, connection.application.maxEventNameLength);
      countOf(connection.counters, message).add(bytes.length);
      return this.settle(connection, message, call(connection, message));
    } catch (error) {
      if (message === undefined) connection.counters.received.unread.add(bytes.length);
      this.errors.report(connection, error, message);
      return undefined;
    }
  }

  private async settle(
    connection: Connection,
    message: ClientMessage,
    result: unknown,
  ): Promise<void> {
    try {
      const value = await result;
      if (isSubscribable(value)) await completionOf(value);
    } catch (error) {
      this.errors.report(connection, error, message);
    }
  }
}

function countOf({ received }: ApplicationCounters, { event }: ClientMessage): MessageCount {
  switch (event) {
    case 'pusher:ping':
      return received.ping;
    case 'pusher:pong':
      return received.pong;
    case 'pusher:subscribe':
      return received.subscribe;
    case 'pusher:unsubscribe':
      return received.unsubscribe;
    case 'pusher:signin':
      return received.signin;
    default:
      return received.client_event;
  }
}

function call({ handlers }: Connection, message: ClientMessage): unknown {
  const name = message.event.startsWith('client-') ? ANY_CLIENT_EVENT : message.event;
  for (const handler of handlers) {
    if (handler.message === name) return handler.callback(message);
  }
  return undefined;
}

/** Reverb's limit on messages of any kind. */
function checkRate(connection: Connection): void {
  const { enabled, maxAttempts, decaySeconds, terminateOnLimit } =
    connection.application.rateLimiting;
  if (!enabled) return;
  connection.messageWindow ??= new FixedWindow();
  if (connection.messageWindow.take(1, maxAttempts, decaySeconds * 1000, performance.now())) return;
  connection.counters.limited.messages++;
  const code = PusherErrorCode.CLIENT_EVENT_REJECTED;
  throw terminateOnLimit
    ? new ClosingError(code, 'Rate limit exceeded', PusherErrorCode.INVALID_MESSAGE)
    : new PusherError(code, 'Rate limit exceeded');
}

function isSubscribable(value: unknown): value is Subscribable {
  return typeof (value as Subscribable | undefined)?.subscribe === 'function';
}

function completionOf(result: Subscribable): Promise<void> {
  return new Promise((resolve, reject) => {
    result.subscribe({ complete: resolve, error: reject });
  });
}
