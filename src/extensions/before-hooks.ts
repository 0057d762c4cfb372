import type { IncomingHttpHeaders } from 'node:http';
import type { Application } from '../applications/application.js';
import type { PublishedEvent } from '../channels/published-event.js';
import type { ClientDescription, Connection } from '../connections/connection.js';
import type { Awaitable } from '../scaling/awaitable.js';

/*
 * Hooks that are asked before something happens, and waited for.
 *
 *  - They run one after the other, in the order of the extensions. Each gets what the former ones made
 *    of it. The first that throws ends it.
 *  - They are asked once the checks of the server itself have passed, but for the quota of
 *    connections, on the node that has the connection or the request.
 *  - To refuse, throw a PusherError, or an HttpException as in a guard. What else is thrown is a fault,
 *    and so is an answer that takes longer than `hookTimeoutSeconds`: that is logged, and refuses too.
 *  - What they return is trusted: the limits of the application are not applied to it again.
 */

/** Somebody wants to connect. */
export interface ConnectionAttempt {
  readonly application: Application;
  /** The connection will have it, if it is let in. */
  readonly socketId: string;
  readonly client: ClientDescription;
  /** Of the upgrade request, with the query, as it came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** TLS, to this server or to a trusted proxy. */
  readonly isSecure: boolean;
}

/** Asked before a connection is let in. */
export interface BeforeConnect {
  /**
   * A PusherError is told to the client, and closes with its code if that is one of 4000 to 4299, else
   * with 4009. After a fault the client may try again (4100).
   */
  beforeConnect(attempt: ConnectionAttempt): Awaitable<void>;
}

/** A connection wants to subscribe, and has the right to. */
export interface SubscriptionRequest {
  readonly application: Application;
  readonly connection: Connection;
  readonly channel: string;
  /** `channel_data` as it was signed. */
  readonly channelData: string | undefined;
  /** Who joins a presence channel. */
  readonly member: { readonly userId: string; readonly userInfo: unknown } | undefined;
}

/** What an extension makes of a subscription. */
export interface SubscriptionChange {
  /** What the others in a presence channel get to know of the member: any JSON value, undefined for none. */
  readonly userInfo?: unknown;
}

/**
 * Asked before a connection is subscribed, not when it subscribes again to what it has. Of a user in
 * several connections the first one's `userInfo` counts, as always.
 */
export interface BeforeSubscribe {
  /**
   * A SubscriptionError is told to the client as it is. A PusherError becomes one of type `AuthError`,
   * with the code as status. A ClosingError closes the connection.
   */
  beforeSubscribe(request: SubscriptionRequest): Awaitable<SubscriptionChange | void>;
}

/** An event of a backend, or of `EventDispatcher.publish`, on its way to its channels. */
export interface Publication {
  readonly application: Application;
  readonly event: PublishedEvent;
}

/**
 * Asked before an event is published, for each event of a batch by itself. If one is refused, nothing
 * of the batch is published. Not asked when an idempotency key has its answer already.
 */
export interface BeforePublish {
  /**
   * Returns what is different about the event, or null to let it drop without a word. A PusherError
   * is answered with 403, a fault with 503; an HttpException has its own status. Whoever called
   * `EventDispatcher.publish` gets what was thrown.
   */
  beforePublish(publication: Publication): Awaitable<Partial<PublishedEvent> | null | void>;
}

/** An event that a client sends to the others in a channel, and may. */
export interface ClientEventRequest {
  readonly application: Application;
  readonly connection: Connection;
  readonly channel: string;
  readonly event: string;
  /** Any JSON value; undefined when there was none. */
  readonly data: unknown;
  /** Who the connection is in a presence channel. */
  readonly userId: string | undefined;
}

/** What an extension makes of a client event. */
export interface ClientEventChange {
  readonly data?: unknown;
}

/** Asked before a client event is passed on. The next message of the connection waits meanwhile. */
export interface BeforeClientEvent {
  /** Returns what is different about it, or null to let it drop without a word. A PusherError is told to the sender. */
  beforeClientEvent(request: ClientEventRequest): Awaitable<ClientEventChange | null | void>;
}
