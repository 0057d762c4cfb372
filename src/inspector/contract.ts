import type { NodeFigures } from '../metrics/node-figures.js';

/*
 * What the page of the inspector and the server tell each other. Types alone: the page is built from
 * them as well. All of it is JSON. Times are milliseconds since 1970, by the clock of the node that
 * tells them; durations are milliseconds.
 *
 * Below the path of the page:
 *
 *   GET    api/session                          -> Session
 *   POST   api/session            SignIn        -> Session; 401, 429 with Retry-After
 *   DELETE api/session                          -> 204
 *   POST   api/feed-auth          FeedAuth      -> { auth }, as pusher-js wants it
 *   PUT    api/watches            WatchRequest  -> WatchAnswer
 *   GET    api/applications                     -> ApplicationList
 *   GET    api/nodes                            -> NodeList
 *   GET    api/charts                           -> ChartList
 *   GET    api/apps/:appId/channels?search=     -> ChannelList
 *   GET    api/apps/:appId/channels/:channel    -> ChannelDetails
 *   GET    api/apps/:appId/connections?search=  -> ConnectionList
 *   GET    api/apps/:appId/connections/:socket  -> ConnectionDetails; 404
 *   GET    api/apps/:appId/webhooks             -> WebhookOverview
 *   POST   api/apps/:appId/webhooks/retry       { ids? }                -> { retried }
 *   POST   api/apps/:appId/events               EventsToPublish         -> {}
 *   POST   api/apps/:appId/disconnect           { socketId } | { userId } -> ActionResult
 *   POST   api/apps/:appId/unsubscribe          { userId, channel }     -> ActionResult
 *   POST   api/apps/:appId/forget-cached-event  { channel }             -> ActionResult
 *
 * All but GET and POST of the session want the cookie of the session (401 without), and all but GET
 * the header `X-Revurb-CSRF` with its `csrf` (403). What is refused is answered `{ "error": sentence }`.
 */

/** Whoever looks, and what for. */
export type Session = SignedOut | SignedIn;

/** Nobody is signed in. */
export interface SignedOut {
  readonly isSignedIn: false;
  /** What is asked for: the password of the configuration, or a token. */
  readonly wants: 'password' | 'token';
}

/** Somebody is. */
export interface SignedIn {
  readonly isSignedIn: true;
  readonly name: string;
  readonly expiresAtMs: number;
  /** For the header `X-Revurb-CSRF`. */
  readonly csrf: string;
  /** For the stock client: the application key, and what stands before `/app/…` in the path. */
  readonly feed: { readonly key: string; readonly path: string };
  /** Whether payloads may be shown (REVERB_INSPECTOR_PAYLOADS). */
  readonly hasPayloads: boolean;
  readonly version: string;
  readonly nodeId: string;
}

/** To sign in. */
export interface SignIn {
  readonly secret: string;
  /** For the log of what is done. At most 80 characters. */
  readonly name?: string;
}

/** What the stock client sends for a private channel. */
export interface FeedAuth {
  readonly socket_id: string;
  readonly channel_name: string;
}

/** What may happen. */
export type RecordKind =
  | 'connected'
  | 'disconnected'
  | 'refused'
  | 'auth-failed'
  | 'rate-limited'
  | 'signed-in'
  | 'subscribed'
  | 'unsubscribed'
  | 'published'
  | 'client-event'
  | 'cache-hit'
  | 'cache-miss'
  | 'webhook'
  | 'slow-consumer'
  | 'redis'
  | 'node'
  | 'action';

/**
 * Something that happened. What is not known, or is not part of its kind, is absent. Texts that clients
 * choose are cut to 500 characters.
 */
export interface InspectorRecord {
  /** Unique on its node, and rising. */
  readonly id: number;
  readonly kind: RecordKind;
  readonly atMs: number;
  readonly appId?: string;
  readonly socketId?: string;
  readonly userId?: string;
  /** Of a publish, all that it names. */
  readonly channels?: readonly string[];
  readonly event?: string;
  /** Of an event, cut to 4096 characters. Only with `hasPayloads`. */
  readonly data?: string;
  /** Bytes of the data of an event; of a slow consumer, those that are unsent. */
  readonly bytes?: number;
  /** The socket that does not get a publish. */
  readonly exceptSocketId?: string;
  /** Where an event came from. */
  readonly via?: 'http' | 'code' | 'inspector';
  /** Joins the {@link TracePart}s of an event. A tracer may give one to many events. */
  readonly traceId?: string;
  /** Of the request or the client event that brought it, in that trace. */
  readonly spanId?: string;
  /** How many events the same request brought; absent for one alone. */
  readonly batchSize?: number;
  /** Of a close (4001…), of an error told to a client, or an HTTP status. */
  readonly code?: number;
  /** In words: why a connection closed or something was refused, what became of a webhook or of Redis. */
  readonly reason?: string;
  /** How long a connection was open, or a webhook took. */
  readonly durationMs?: number;
  /** Of a client. */
  readonly address?: string;
  readonly origin?: string;
  readonly client?: string;
  /** Of a webhook: where to, without the query; how often it had failed before; when it is tried again. */
  readonly url?: string;
  readonly failures?: number;
  readonly retryInMs?: number;
  readonly events?: number;
  /** Who did an action, and what. */
  readonly by?: string;
  readonly action?: string;
}

/** A step on the way of an event that has a `traceId`. */
export type TracePart = TraceTaken | TraceSent | TraceFannedOut;

/** All of an event, or a batch, is on its way, or it was refused. */
export interface TraceTaken {
  readonly step: 'taken';
  readonly traceId: string;
  /** As in the records it is about. */
  readonly spanId: string;
  readonly atMs: number;
  readonly tookMs: number;
  readonly error?: string;
}

/** It was handed to the cluster (Redis, with scaling) for one channel. */
export interface TraceSent {
  readonly step: 'sent';
  readonly traceId: string;
  /** Joins it to what other nodes tell. */
  readonly spanId: string;
  /** Of the {@link TraceTaken} it belongs to. */
  readonly takenSpanId: string;
  readonly channel: string;
  /** When that began. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly error?: string;
}

/** It was written to the sockets of a channel on one node. */
export interface TraceFannedOut {
  readonly step: 'fanned-out';
  readonly traceId: string;
  readonly spanId: string;
  readonly channel: string;
  /** When it came to the node. */
  readonly atMs: number;
  /** Until the last socket was written to. */
  readonly tookMs: number;
  /** How many sockets it was written to. */
  readonly sockets: number;
  /** The excepted socket, if it is subscribed to the channel on this node. */
  readonly excluded?: string;
  /** Sockets that had bytes unsent afterwards; absent when nobody looked, as there are too many. */
  readonly slow?: number;
  /** Some of them. */
  readonly slowSockets?: readonly string[];
}

/**
 * What one watch wants to see; what is absent is any. In `channel` and `event` `*` stands for anything.
 */
export interface WatchFilter {
  readonly appId?: string;
  readonly kinds?: readonly RecordKind[];
  readonly channel?: string;
  readonly event?: string;
  readonly userId?: string;
  readonly socketId?: string;
}

/** One stream of records. */
export interface Watch {
  /** Chosen by the page: 16 to 64 characters of [0-9a-zA-Z-]. Its records come as events of {@link feedChannelOf}. */
  readonly id: string;
  readonly filter: WatchFilter;
}

/** All watches of a page, to be repeated every 3 s: whoever is not named for 10 s has ended. */
export interface WatchRequest {
  /** At most 8. */
  readonly watches: readonly Watch[];
  /** Ids of watches that end now. */
  readonly ended?: readonly string[];
}

/** Who heard it. */
export interface WatchAnswer {
  readonly nodes: readonly string[];
  /** Some nodes did not answer, or cannot be reached. */
  readonly isPartial: boolean;
}

/**
 * The data of an event `records` on the private channel of a watch: at most one every 200 ms from each
 * node. Its records are in order.
 */
export interface RecordsFrame {
  readonly nodeId: string;
  readonly records: readonly InspectorRecord[];
  /** Of the events that this watch has records of; what was fanned out here may also be of any others. */
  readonly parts: readonly TracePart[];
  /** What matched, but was left out because there is too much of it, by kind. Absent for nothing. */
  readonly skipped?: Readonly<Partial<Record<RecordKind, number>>>;
  /** Parts that were left out because there are too many. Absent for nothing. */
  readonly skippedParts?: number;
}

/** Applications that are configured, or have been used on a live node. */
export interface ApplicationList {
  readonly applications: readonly { readonly id: string; readonly connections: number }[];
  readonly isPartial: boolean;
}

/** What a channel is. */
export type ChannelType =
  | 'public'
  | 'private'
  | 'presence'
  | 'private-encrypted'
  | 'cache'
  | 'private-cache'
  | 'presence-cache'
  | 'private-encrypted-cache';

/** A channel that has subscribers. */
export interface ChannelRow {
  readonly name: string;
  readonly type: ChannelType;
  readonly subscriptions: number;
  /** Of a presence channel. */
  readonly users?: number;
  /** Events per second over the last 10 s; absent for none, or when nobody has watched so long. */
  readonly rate?: number;
}

/** By name, at most 10 000. */
export interface ChannelList {
  readonly channels: readonly ChannelRow[];
  /** How many match. */
  readonly total: number;
  readonly isPartial: boolean;
}

/** One channel. */
export interface ChannelDetails extends ChannelRow {
  /** The event that a cache channel remembers. */
  readonly cached?: {
    readonly event: string;
    readonly data?: string;
    readonly bytes: number;
    readonly ttlSeconds: number;
  };
  /** At most 1000 of each node. */
  readonly subscribers: readonly SubscriberRow[];
  /** Ids of the users of a presence channel, at most 10 000. */
  readonly members?: readonly string[];
  readonly isPartial: boolean;
}

/** A connection, as a subscriber. */
export interface SubscriberRow {
  readonly socketId: string;
  readonly userId?: string;
  readonly nodeId: string;
  readonly unsentBytes: number;
}

/** A connection. */
export interface ConnectionRow {
  readonly socketId: string;
  readonly nodeId: string;
  readonly userId?: string;
  /** Library and version, as the client says. */
  readonly client: string;
  readonly address: string;
  readonly origin?: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly channels: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly unsentBytes: number;
}

/** At most 1000 of each node; those that match first, in no certain order. */
export interface ConnectionList {
  readonly connections: readonly ConnectionRow[];
  /** How many match. */
  readonly total: number;
  readonly isPartial: boolean;
}

/** One connection. */
export interface ConnectionDetails extends ConnectionRow {
  /** At most 1000, and who it is there, in presence channels. */
  readonly subscriptions: readonly { readonly channel: string; readonly userId?: string }[];
  readonly watchlist: number;
}

/** What a node tells of itself. */
export interface NodeRow extends NodeFigures {
  /** Share of one processor over the last 5 s, 1 for all of it. */
  readonly load: number;
  readonly eventLoopLagMs: number;
  /** How the node sees the others. */
  readonly cluster: 'alone' | 'up' | 'down';
  /** How long its answer took. */
  readonly answeredInMs: number;
}

/** The nodes that hold a lease, and have answered. */
export interface NodeList {
  readonly nodes: readonly NodeRow[];
  /** Hold a lease, and have not answered. */
  readonly silent: readonly string[];
  /** Seconds between signs of life, and after which a silent node is dead. */
  readonly lease: { readonly heartbeatSeconds: number; readonly leaseSeconds: number };
  readonly isPartial: boolean;
}

/** What is charted: of one node, over all applications. */
export type ChartName =
  | 'connections'
  | 'messagesInPerSecond'
  | 'messagesOutPerSecond'
  | 'latencyP50Ms'
  | 'latencyP99Ms'
  | 'eventLoopLagMs'
  | 'memoryBytes';

/** The last 15 minutes of one node. */
export interface NodeCharts {
  readonly nodeId: string;
  /** When the last of the points was taken. */
  readonly endMs: number;
  readonly intervalMs: number;
  /** The oldest first, at most 180, all of one length. null where there is nothing to say. */
  readonly series: Readonly<Record<ChartName, readonly (number | null)[]>>;
}

/** Of all nodes that answer. */
export interface ChartList {
  readonly nodes: readonly NodeCharts[];
  readonly isPartial: boolean;
}

/** Webhooks of an application; the counts are of all applications and nodes, since their start. */
export interface WebhookOverview {
  readonly delivered: number;
  readonly failed: number;
  readonly retried: number;
  readonly waiting: number;
  readonly dead: readonly DeadWebhook[];
  /** Endpoints, without the query of their URL. */
  readonly endpoints: readonly string[];
  readonly isPartial: boolean;
}

/** An event that could not be delivered. */
export interface DeadWebhook {
  readonly id: string;
  /** Without its query; null when it is configured no more. */
  readonly url: string | null;
  /** The kind of event, and what it is about. */
  readonly name: string;
  readonly channel?: string;
  /** As JSON, cut to 4096 characters. Only with `hasPayloads`. */
  readonly event?: string;
  readonly atMs: number;
  readonly deadMs: number;
  readonly attempts: number;
  readonly cause: string;
}

/** Events to be published, in this order, all or none of them; the limits of the application hold. */
export interface EventsToPublish {
  readonly events: readonly {
    readonly name: string;
    readonly channels: readonly string[];
    /** What is no text is encoded as JSON. */
    readonly data: unknown;
    readonly socket_id?: string;
  }[];
}

/** How many connections, subscriptions or events it was about; of all nodes that answered. */
export interface ActionResult {
  readonly affected: number;
  readonly isPartial: boolean;
}
