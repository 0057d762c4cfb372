import { withDefaults } from '../with-defaults.js';

/** Token of the {@link PusherOptions}. */
export const PUSHER_OPTIONS = Symbol('PUSHER_OPTIONS');

/** How the server itself behaves, whatever the application. */
export interface PusherOptions {
  /** Prefix of every route, empty or with a leading and without a trailing slash. */
  readonly path: string;
  /** Open connections of this node; 0 means no limit. Beyond it: 4100. */
  readonly maxConnections: number;
  /** New connections of one client address on this node; 0 means no limit. Beyond it: 4101. */
  readonly addressConnectionsPerMinute: number;
  /**
   * Wrong keys and signatures of one client address on this node; 0 means no limit. Beyond it new
   * connections of that address are refused with 4101, and its requests with 429.
   */
  readonly addressFailedAuthenticationsPerMinute: number;
  /** Unsent bytes of one connection before it is a slow consumer, closed with 4100. */
  readonly maxOutboxSize: number;
  /** Bytes of an HTTP request body. */
  readonly maxRequestSize: number;
  /** Head and body of an HTTP request, on a server of our own; a host sets that of its own HTTP server. */
  readonly requestTimeoutSeconds: number;
  /** From the upgrade request to the first frame. */
  readonly handshakeTimeoutSeconds: number;
  /** How far `auth_timestamp` may be off; 0 means it is not checked. */
  readonly signatureToleranceSeconds: number;
  /** Origins that browsers may call the HTTP API from; empty means CORS is off. */
  readonly corsOrigins: readonly string[];
  /** Addresses (CIDR) whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[];
  /** Over how long a shutdown spreads the closing of connections. */
  readonly shutdownDrainSeconds: number;
  /** How long a member, a user or a channel may be gone before others are told it went offline. */
  readonly graceSeconds: number;
  /** Write broadcasts straight to the socket's handle where this Node allows it. */
  readonly directWrites: boolean;
  /** Beyond this the server says that it is not ready; 0 means it is not looked at. */
  readonly healthMaxEventLoopLagMs: number;
  /** Bytes of resident memory beyond which the server says that it is not ready; 0 means they are not looked at. */
  readonly healthMaxMemory: number;
}

/** The options of a server that is told nothing. */
export const DEFAULT_PUSHER_OPTIONS: PusherOptions = Object.freeze({
  path: '',
  maxConnections: 0,
  addressConnectionsPerMinute: 0,
  addressFailedAuthenticationsPerMinute: 0,
  maxOutboxSize: 1_048_576,
  maxRequestSize: 200_000,
  requestTimeoutSeconds: 10,
  handshakeTimeoutSeconds: 10,
  signatureToleranceSeconds: 600,
  corsOrigins: [],
  trustedProxies: [],
  shutdownDrainSeconds: 5,
  graceSeconds: 3,
  directWrites: true,
  healthMaxEventLoopLagMs: 0,
  healthMaxMemory: 0,
});

/**
 * Completes options with the defaults; what is undefined counts as not given.
 * @throws RangeError when the path is neither empty nor of the form `/prefix`
 */
export function completePusherOptions(options: Partial<PusherOptions>): PusherOptions {
  const complete = withDefaults(DEFAULT_PUSHER_OPTIONS, options);
  if (!/^(\/[^/?#]+)*$/.test(complete.path)) {
    throw new RangeError(
      `The path of the server must be empty or like "/prefix", not ${JSON.stringify(complete.path)}.`,
    );
  }
  return complete;
}
