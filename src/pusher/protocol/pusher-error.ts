import { Refusal } from '../../extensions/refusal.js';

/** Every code the server sends in `pusher:error`, and those of them it closes connections with. Mirrored by docs/errors.md. */
export const PusherErrorCode = Object.freeze({
  /** The application accepts only TLS; clients switch to wss and come back. */
  TLS_REQUIRED: 4000,
  UNKNOWN_APPLICATION: 4001,
  APPLICATION_DISABLED: 4003,
  OVER_QUOTA: 4004,
  INVALID_VERSION: 4006,
  UNSUPPORTED_VERSION: 4007,
  UNAUTHORIZED: 4009,
  /** The server cannot serve this connection now; clients come back after about a second. */
  OVER_CAPACITY: 4100,
  /** The address of the client has opened, or failed, too much lately; clients come back as from 4100. */
  TOO_MANY_ATTEMPTS: 4101,
  /** A malformed message, a shutdown, or a fault of ours. */
  INVALID_MESSAGE: 4200,
  PONG_NOT_RECEIVED: 4201,
  CLIENT_EVENT_REJECTED: 4301,
  WATCHLIST_TOO_LONG: 4302,
} as const);

/** What went wrong, as a client is told: a code of the protocol and one sentence. */
export class PusherError extends Refusal {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'PusherError';
  }
}

/** Codes that a client may be closed with: above 4299 it would not know what to do. */
const MIN_CLOSE_CODE = 4000;
const MAX_CLOSE_CODE = 4299;

/** Whether connections may be closed with a code. */
export function isCloseCode(code: number): boolean {
  return Number.isInteger(code) && code >= MIN_CLOSE_CODE && code <= MAX_CLOSE_CODE;
}

/** An error after which the connection is closed. */
export class ClosingError extends PusherError {
  /**
   * @param closeCode what the connection is closed with
   * @throws RangeError when that is not one of 4000 to 4299
   */
  constructor(
    code: number,
    message: string,
    readonly closeCode = code,
  ) {
    super(code, message);
    this.name = 'ClosingError';
    if (isCloseCode(closeCode)) return;
    throw new RangeError(`A connection is closed with 4000 to 4299, not ${closeCode}.`);
  }
}

/** Why a subscription was refused. `status` is what the client library shows beside it. */
export interface SubscriptionRefusal {
  readonly type: 'AuthError' | 'InvalidChannel' | 'InvalidChannelData' | 'LimitReached';
  readonly error: string;
  readonly status: number;
}

/** Thrown when a subscription is refused: the connection stays open and is told which channel and why. */
export class SubscriptionError extends Refusal {
  constructor(
    readonly channel: string,
    readonly refusal: SubscriptionRefusal,
  ) {
    super(refusal.error);
    this.name = 'SubscriptionError';
  }
}

/** What a client is told of anything malformed. */
export const invalidMessage = () =>
  new PusherError(PusherErrorCode.INVALID_MESSAGE, 'Invalid message format');
