import type { WebhookQueue } from '../../scaling/webhook-queue.js';
import type { WebhookCounters } from '../../webhooks/webhook.counters.js';
import { counter, gauge, type MetricFamily, type Sample } from './metric-family.js';

/** Webhooks: what became of them on this node, and what waits. */
export function webhookFamilies(
  counters: WebhookCounters,
  queue: Pick<WebhookQueue, 'dropped' | 'length'>,
): readonly MetricFamily[] {
  return [
    counter(
      'revurb_webhook_deliveries_total',
      'Requests to endpoints, by whether they took it.',
      ['result'],
      () => [
        [counters.delivered, 'delivered'],
        [counters.failed, 'failed'],
      ],
    ),
    counter(
      'revurb_webhook_retries_total',
      'Requests to endpoints that had failed before, among the others.',
      [],
      () => [[counters.retried]],
    ),
    counter(
      'revurb_webhook_events_total',
      'Events of webhooks that need no more work, by what became of them.',
      ['outcome'],
      () => [
        [counters.eventsDelivered, 'delivered'],
        [counters.deadLetters, 'dead_letter'],
        [queue.dropped, 'dropped'],
        [counters.discarded, 'discarded'],
      ],
    ),
    gauge(
      'revurb_webhook_queue_events',
      'Events of webhooks that wait, of all nodes where they share a queue.',
      [],
      () => lengthOf(queue),
    ),
  ];
}

/** While the queue cannot be asked, which is no reason to have no page, there is no value. */
async function lengthOf(queue: Pick<WebhookQueue, 'length'>): Promise<readonly Sample[]> {
  try {
    return [[await queue.length()]];
  } catch {
    return [];
  }
}
