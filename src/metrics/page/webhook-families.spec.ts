import type { WebhookSource } from '../webhook-source.js';
import type { MetricFamily, Sample } from './metric-family.js';
import { webhookFamilies } from './webhook-families.js';

const SOURCE: WebhookSource = {
  delivered: 5,
  failed: 2,
  retried: 1,
  eventsDelivered: 9,
  deadLetters: 3,
  dropped: 4,
  discarded: 6,
  length: () => Promise.resolve(7),
};

async function valuesOf(
  families: readonly MetricFamily[],
): Promise<Record<string, readonly Sample[]>> {
  const entries = families.map(async ({ name, read }) => [name, [...(await read())]] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('Webhooks on the metrics page', () => {
  it('are what their room tells', async () => {
    expect(await valuesOf(webhookFamilies(SOURCE))).toEqual({
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

  it('have no value where there are none', async () => {
    const values = await valuesOf(webhookFamilies(undefined));
    expect(Object.values(values)).toEqual([[], [], [], []]);
  });
});
