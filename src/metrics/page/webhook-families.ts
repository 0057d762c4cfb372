import { andThen } from '../../scaling/awaitable.js';
import type { WebhookSource } from '../webhook-source.js';
import { counter, gauge, type MetricFamily, type Sample } from './metric-family.js';

/** Webhooks. @param source undefined: there are none, and no value of them */
export function webhookFamilies(source: WebhookSource | undefined): readonly MetricFamily[] {
  const read =
    (samplesOf: (webhooks: WebhookSource) => readonly Sample[]): MetricFamily['read'] =>
    () =>
      source === undefined ? [] : samplesOf(source);
  return [
    counter(
      'revurb_webhook_deliveries_total',
      'Requests to endpoints, by whether they took it.',
      ['result'],
      read(({ delivered, failed }) => [
        [delivered, 'delivered'],
        [failed, 'failed'],
      ]),
    ),
    counter(
      'revurb_webhook_retries_total',
      'Requests to endpoints that had failed before, among the others.',
      [],
      read(({ retried }) => [[retried]]),
    ),
    counter(
      'revurb_webhook_events_total',
      'Events of webhooks that need no more work, by what became of them.',
      ['outcome'],
      read(({ eventsDelivered, deadLetters, dropped, discarded }) => [
        [eventsDelivered, 'delivered'],
        [deadLetters, 'dead_letter'],
        [dropped, 'dropped'],
        [discarded, 'discarded'],
      ]),
    ),
    gauge(
      'revurb_webhook_queue_events',
      'Events of webhooks that wait, of all nodes where they share a queue.',
      [],
      () => (source === undefined ? [] : andThen(source.length(), (length) => [[length] as const])),
    ),
  ];
}
