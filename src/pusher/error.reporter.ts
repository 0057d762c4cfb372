import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { HookFault } from '../extensions/hook-call.js';
import { OverloadError } from '../scaling/overload-error.js';
import { isHostRefusal } from './host-refusal.js';
import type { ClientMessage } from './protocol/client-message.js';
import {
  ClosingError,
  invalidMessage,
  PusherError,
  PusherErrorCode,
  SubscriptionError,
} from './protocol/pusher-error.js';
import { errorFrame, subscriptionError } from './protocol/server-frame.js';
import { TrafficLog } from './traffic.log.js';

const UNAUTHORIZED = errorFrame(
  new PusherError(PusherErrorCode.UNAUTHORIZED, 'Connection is unauthorized'),
);

/** Tells a client what went wrong with its message, and us what went wrong with our code. */
@Injectable()
export class ErrorReporter {
  private readonly logger = new Logger(ErrorReporter.name);

  constructor(private readonly traffic: TrafficLog) {}

  /** Never throws. `message` is what the client had asked for, if that much was understood. */
  report(connection: Connection, error: unknown, message?: ClientMessage): void {
    const told = asProtocolError(error, message);
    if (told === undefined) {
      if (!(error instanceof HookFault)) this.logger.error('A message could not be handled', error);
      connection.counters.refused.add(PusherErrorCode.INVALID_MESSAGE);
      return connection.write(errorFrame(invalidMessage()));
    }
    connection.counters.refused.add(codeOf(told));
    this.traffic.refused(connection, told, connection.application.id);
    if (told instanceof SubscriptionError) {
      connection.write(subscriptionError(told.channel, told.refusal));
      if (told.refusal.type === 'AuthError') connection.write(UNAUTHORIZED);
    } else if (told instanceof ClosingError) {
      connection.close(told.closeCode, told.message, errorFrame(told));
    } else {
      connection.write(errorFrame(told));
    }
  }
}

function codeOf(told: PusherError | SubscriptionError): number {
  return told instanceof SubscriptionError ? told.refusal.status : told.code;
}

/** An error as the protocol knows it; the refusals of guards and extensions are too. */
function asProtocolError(
  error: unknown,
  message: ClientMessage | undefined,
): PusherError | SubscriptionError | undefined {
  if (error instanceof PusherError || error instanceof SubscriptionError) return error;
  if (isTooDeep(error)) return invalidMessage();
  if (error instanceof OverloadError) {
    return new PusherError(PusherErrorCode.CLIENT_EVENT_REJECTED, error.message);
  }
  if (!isHostRefusal(error)) return undefined;
  if (message?.event === 'pusher:subscribe') {
    const refusal = { type: 'AuthError', error: error.message, status: 403 } as const;
    return new SubscriptionError(message.channel, refusal);
  }
  return new PusherError(PusherErrorCode.UNAUTHORIZED, error.message);
}

/** JSON can be nested more deeply than it can be written again: a malformed message, no fault of ours. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded';
}
