import type { WebhookCounters } from '../../webhooks/webhook.counters.js';
import type { MetricFamily, Sample } from './metric-family.js';
import { webhookFamilies } from './webhook-families.js';

const COUNTERS: WebhookCounters = {
  delivered: 5,
  failed: 2,
  retried: 1,
  eventsDelivered: 9,
  deadLetters: 3,
  discarded: 6,
};

async function valuesOf(
  families: readonly MetricFamily[],
): Promise<Record<string, readonly Sample[]>> {
  const entries = families.map(async ({ name, read }) => [name, [...(await read())]] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('Webhooks on the metrics page', () => {
  it('are what their room tells', async () => {
    expect(await valuesOf(webhookFamilies(COUNTERS, { dropped: 4, length: () => 7 }))).toEqual({
      revurb_webhook_deliveries_total: [
        [5, 'delivered'],
        [2, 'failed'],
      ],
      revurb_webhook_retries_total: [[1]],
      revurb_webhook_events_total: [
        [9, 'delivered'],
        [3, 'dead_letter'],
        [4, 'dropped'],
        [6, 'discarded'],
      ],
      revurb_webhook_queue_events: [[7]],
    });
  });

  it('have no length while the queue is out of reach', async () => {
    const length = () => Promise.reject(new Error('out of reach'));
    const values = await valuesOf(webhookFamilies(COUNTERS, { dropped: 4, length }));
    expect(values.revurb_webhook_queue_events).toEqual([]);
    expect(values.revurb_webhook_retries_total).toEqual([[1]]);
  });
});
