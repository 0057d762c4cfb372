import type { Awaitable } from './awaitable.js';
import type { PlaceChange } from './state-store.js';

/** Where the events for one endpoint wait, in order. */
export interface WebhookLane {
  readonly appId: string;
  /** Names the endpoint among those of its application. Has no blank. */
  readonly endpointId: string;
}

/** An event, and who wants it. */
export interface WebhookEntry {
  /** Endpoints of the application; each gets it once. */
  readonly endpointIds: readonly string[];
  /** The event as it stands in a body: JSON. */
  readonly event: string;
  /** When it happened, in milliseconds of the day. */
  readonly atMs: number;
  /** What it tells of a place. What is told of one place comes in the order of the versions, and by turns. */
  readonly change?: PlaceChange | undefined;
}

/** An event that waits. */
export interface WaitingEvent {
  readonly atMs: number;
  /** When it came into the lane: later than `atMs` when it is sent again. */
  readonly queuedMs: number;
  readonly event: string;
}

/** The first events of a lane, to be delivered together. Never empty. */
export interface WebhookBatch extends WebhookLane {
  readonly events: readonly WaitingEvent[];
  /** How often in a row the endpoint has failed before. */
  readonly failures: number;
}

/** What is to become of a batch. */
export interface WebhookVerdict {
  /** So many of its first events leave the lane. */
  readonly taken: number;
  /** Why they become dead letters; undefined if they do not. */
  readonly deathCause?: string | undefined;
  /** The endpoint did not take the batch. */
  readonly isFailure: boolean;
  /** Until the lane is looked at again. */
  readonly pauseMs: number;
  /** How many events the next batch may have, at most; undefined for as many as usual. */
  readonly limit?: number | undefined;
}

/** An event that could not be delivered. */
export interface DeadLetter {
  /** Unique in its application. */
  readonly id: string;
  readonly endpointId: string;
  readonly event: string;
  readonly atMs: number;
  /** When it was given up. */
  readonly deadMs: number;
  /** How often it was tried in a row, at least. */
  readonly attempts: number;
  readonly cause: string;
}

/** How a queue works. */
export interface WebhookQueueOptions {
  /** How long events are gathered; 0: those that come while others are on their way. */
  readonly batchWindowMs: number;
  /** Delivers a batch. Never rejects. */
  deliver(batch: WebhookBatch): Promise<WebhookVerdict>;
}

/** So many events a lane holds at most; what comes then is dropped. */
export const MAX_LANE_EVENTS = 10_000;
/** Of one batch. */
export const MAX_BATCH_EVENTS = 100;
/** Of one batch; a single event may have more. */
export const MAX_BATCH_BYTES = 262_144;
/** Of one application; the oldest make room for new ones. */
export const MAX_DEAD_LETTERS = 1000;

/**
 * PORT: keeps the events of webhooks until they are delivered.
 *
 * Promises: the events of one lane are delivered in the order they came, by one node at a time, and the
 * next batch only when the verdict on the last one is in; lanes do not wait for each other. What is kept
 * is bounded.
 */
export abstract class WebhookQueue {
  /** Events that found their lane full, since the start. */
  abstract readonly dropped: number;

  /** Says how to deliver. Called once, before anything else. */
  abstract open(options: WebhookQueueOptions): void;

  /** Makes ready what takes a while, as there will be webhooks. Nothing to do by default. */
  prepare(): Awaitable<void> {}

  /** Puts events into lanes, in this order. Waits for nothing, and never throws. */
  abstract append(appId: string, entries: readonly WebhookEntry[]): void;

  /** The dead letters of an application, the oldest first. @throws OverloadError when they cannot be asked for */
  abstract deadLetters(appId: string): Awaitable<readonly DeadLetter[]>;

  /**
   * Puts dead letters at the end of their lanes, for another whole time of trying.
   * @returns how many; those that nobody knows, or whose lanes are full, are not among them
   * @throws OverloadError when that cannot be done now
   */
  abstract resend(appId: string, ids: readonly string[]): Awaitable<number>;

  /** How many events wait in all lanes, as far as is known. */
  abstract length(): Awaitable<number>;

  /**
   * The last call: delivers what can be delivered by this node within a time, or leaves it to other nodes.
   * @returns how many events are lost with this process
   */
  abstract close(withinMs: number): Promise<number>;
}
