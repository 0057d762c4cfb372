import type { Awaitable } from '../scaling/awaitable.js';

/** PORT: what became of webhooks on this node since the start. Where nobody provides it, the metrics page has nothing of them. */
export abstract class WebhookSource {
  /** Deliveries that were answered with success. */
  abstract readonly delivered: number;
  /** Deliveries that were not. */
  abstract readonly failed: number;
  /** Deliveries to an endpoint that had failed before, among the others. */
  abstract readonly retried: number;
  /** Events in the deliveries that succeeded. */
  abstract readonly eventsDelivered: number;
  /** Events that became dead letters. */
  abstract readonly deadLetters: number;
  /** Events that found their queue full. */
  abstract readonly dropped: number;
  /** Events whose endpoint was gone when their turn came. */
  abstract readonly discarded: number;
  /** Events that wait, as far as is known. */
  abstract length(): Awaitable<number>;
}
