import type { WebhookBatch, WebhookVerdict } from '../scaling/webhook-queue.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** After events were given up, so that those behind them are not run through in an instant. */
const PROBE_DELAY_MS = 1_000;

/** How a delivery ended. */
export type DeliveryOutcome =
  | { readonly isDelivered: true }
  | {
      readonly isDelivered: false;
      /** In words, for people. */
      readonly cause: string;
      /** The endpoint answered, but not with success: it may be one of the events. */
      readonly isAnswered: boolean;
    };

/** What a verdict depends on besides. */
export interface RetryTerms {
  readonly nowMs: number;
  /** How long an event is tried after it came into the lane. */
  readonly windowMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

/**
 * What becomes of a batch. Pure. After a failure the same events are tried again, ever more rarely; of a
 * batch that was refused only the first half, until the event that is refused is alone. Those whose time
 * is over are given up.
 */
export function verdictOn(
  { events, failures }: WebhookBatch,
  outcome: DeliveryOutcome,
  { nowMs, windowMs, random }: RetryTerms,
): WebhookVerdict {
  if (outcome.isDelivered) return { taken: events.length, isFailure: false, pauseMs: 0 };
  const jitter = 0.5 + random / 2;
  const firstAlive = events.findIndex(({ queuedMs }) => queuedMs + windowMs > nowMs);
  const expired = firstAlive === -1 ? events.length : firstAlive;
  if (expired > 0) {
    const pauseMs = Math.ceil(PROBE_DELAY_MS * jitter);
    return { taken: expired, deathCause: outcome.cause, isFailure: true, pauseMs };
  }
  const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10)) * jitter;
  const leftMs = events[0]!.queuedMs + windowMs - nowMs;
  return {
    taken: 0,
    isFailure: true,
    pauseMs: Math.ceil(Math.max(1, Math.min(delayMs, leftMs))),
    limit: outcome.isAnswered ? Math.ceil(events.length / 2) : events.length,
  };
}
