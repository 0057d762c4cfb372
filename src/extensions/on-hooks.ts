import type { Application } from '../applications/application.js';
import type { PublishedEvent } from '../channels/published-event.js';
import type { Connection, SignedInUser } from '../connections/connection.js';
import type { Awaitable } from '../scaling/awaitable.js';
import type { Member } from '../scaling/state-store.js';

/*
 * Hooks that are told what has happened on this node.
 *
 *  - They are called in the order in which it happened, a turn of the event loop later, so that what
 *    they do cannot get in the way of the protocol. Of several extensions each is called in its order.
 *  - Nobody waits for what they return, but a server that stops: that waits for it, up to
 *    `hookTimeoutSeconds`.
 *  - What they throw is logged, at most once a minute for each hook of an extension.
 */

/** A connection was let in. */
export interface Connected {
  readonly application: Application;
  readonly connection: Connection;
}

/** Told when a connection was let in. */
export interface OnConnected {
  onConnected(event: Connected): Awaitable<void>;
}

/** A connection that was let in is gone, or is being closed. */
export interface Disconnected extends Connected {
  /** Of the close, as far as it is known: 1006 when there was none. */
  readonly code: number;
  /** In words, by whoever closed it: the server or the client. Empty for none. */
  readonly reason: string;
  /** Since it was opened. */
  readonly durationMs: number;
}

/** Told of the end of a connection, once, after that of its subscriptions. */
export interface OnDisconnected {
  onDisconnected(event: Disconnected): Awaitable<void>;
}

/** A connection subscribed to a channel, or does so no more. */
export interface Subscribed extends Connected {
  readonly channel: string;
  /** Who it is in a presence channel. */
  readonly member: Member | undefined;
  /** Of a cache channel, when it is subscribed to: whether there was an event for the subscriber. */
  readonly cache?: 'hit' | 'miss' | undefined;
}

/** Told when a connection is subscribed to a channel, not when it subscribes to it again. */
export interface OnSubscribed {
  onSubscribed(event: Subscribed): Awaitable<void>;
}

/** Told when a subscription ends, also because the connection does. */
export interface OnUnsubscribed {
  onUnsubscribed(event: Subscribed): Awaitable<void>;
}

/** A connection signed in as a user. */
export interface SignedIn extends Connected {
  readonly user: SignedInUser;
}

/** Told when a connection signs in, not when it does so again. */
export interface OnSignedIn {
  onSignedIn(event: SignedIn): Awaitable<void>;
}

/** A client event was passed on. */
export interface ClientEventSent extends Connected {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  /** Who the sender is in a presence channel. */
  readonly userId: string | undefined;
}

/** Told when a client event was passed on. */
export interface OnClientEvent {
  onClientEvent(event: ClientEventSent): Awaitable<void>;
}

/** An event was published. */
export interface Published {
  readonly application: Application;
  /** As it went out, after the changes of extensions. */
  readonly event: PublishedEvent;
}

/** Told on the node that took an event, for each of a batch, when it is on its way to all subscribers. */
export interface OnPublished {
  onPublished(event: Published): Awaitable<void>;
}

/** A connection does not read what is sent to it, and is being closed. */
export interface SlowConsumer extends Connected {
  readonly unsentBytes: number;
}

/** Told when a connection is closed because it does not read. */
export interface OnSlowConsumer {
  onSlowConsumer(event: SlowConsumer): Awaitable<void>;
}
