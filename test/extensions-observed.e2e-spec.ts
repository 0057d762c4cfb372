import { SpanStatusCode } from '@opentelemetry/api';
import type { Provider } from '@nestjs/common';
import {
  createApplication,
  PusherError,
  PusherExtension,
  RevurbModule,
  type ClientEventRequest,
  type ConnectionAttempt,
  type Publication,
  type Published,
  type SubscriptionRequest,
} from '../src/index.js';
import { api, publishTo } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { PusherClient } from './harness/pusher-client.js';
import { SpanRecorder } from './harness/span-recorder.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const { appId: id, key, secret } = TEST_APPLICATION;
const APPLICATION = createApplication({ id, keys: [{ key, secret }] });

/** Refuses what is called `refused`, lets drop what is called `dropped`, changes the rest. */
@PusherExtension()
class Censor {
  readonly published: string[] = [];

  beforeConnect({ url }: ConnectionAttempt): void {
    if (url.includes('refused')) throw new PusherError(4100, 'No');
  }

  beforeSubscribe({ channel }: SubscriptionRequest): void {
    if (channel === 'refused') throw new PusherError(4301, 'No');
  }

  async beforePublish({ event: { name, data } }: Publication) {
    if (name === 'refused') throw new PusherError(4009, 'No');
    return name === 'dropped' ? null : { data: data.toUpperCase() };
  }

  beforeClientEvent({ event, data }: ClientEventRequest) {
    if (event === 'client-refused') throw new PusherError(4009, 'No');
    return event === 'client-dropped' ? null : { data: String(data).toUpperCase() };
  }

  onPublished({ event }: Published): void {
    this.published.push(event.data);
  }
}

/** Metrics and traces are on, and the settings are found out at the start. */
async function start(hasFastLane: boolean) {
  const spans = SpanRecorder.start();
  const providers: Provider[] = [Censor];
  const revurbModule = RevurbModule.forRootAsync({
    useFactory: () => ({
      applications: [APPLICATION],
      server: { path: '/realtime', shutdownDrainSeconds: 0 },
      metrics: { enabled: true },
    }),
  });
  const host = await startHost('Fastify', { revurbModule, providers, server: { hasFastLane } });
  return { spans, host, censor: host.app.get(Censor, { strict: false }) };
}

describe.each([
  ['on the fast lane', true],
  ['through the framework', false],
])('What an extension makes of a publish %s', (_, hasFastLane) => {
  it('is what is delivered, counted and traced', async () => {
    const { spans, host, censor } = await start(hasFastLane);
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await publishTo(host, 'c', { name: 'e', data: 'tea' }).expect(200);
    await publishTo(host, 'c', { name: 'dropped', data: 'tea' }).expect(200);
    await publishTo(host, 'c', { name: 'refused', data: 'tea' }).expect(403);
    expect(await client.expectFrame('e')).toMatchObject({ data: 'TEA' });
    await eventually(() => expect(censor.published).toEqual(['TEA']));
    await spans.until({ 'revurb publish': 3, 'revurb send': 1, 'revurb fan-out': 1 });
    const outcomes = spans.named('revurb publish').map(({ status }) => status.code);
    expect(outcomes).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
    const page = await MetricsScrape.of(host);
    expect(page.value('revurb_events_published_total')).toBe(1);
    expect(page.value('revurb_published_bytes_total')).toBe(3);
    expect(page.value('revurb_deliveries_total')).toBe(1);
    const answers = (status: string) => page.value('revurb_http_requests_total', { status });
    expect([answers('200'), answers('403')]).toEqual([2, 1]);
  });

  it('is counted by the route, whichever it is', async () => {
    const { host } = await start(hasFastLane);
    await publishTo(host, 'c').expect(200);
    const batch = [{ name: 'e', data: 'd', channel: 'c' }];
    await api(host, 'POST', 'batch_events', { body: { batch } }).expect(200);
    await api(host, 'GET', 'events').expect(405);
    const page = await MetricsScrape.of(host);
    const counted = page.family('revurb_http_requests_total').metrics;
    expect(
      counted.map(({ labels, value }) => [labels?.['route'], labels?.['status'], value]),
    ).toEqual(
      expect.arrayContaining([
        ['/apps/:appId/events', '200', '1'],
        ['/apps/:appId/events', '405', '1'],
        ['/apps/:appId/batch_events', '200', '1'],
      ]),
    );
  });
});

describe('What an extension makes of what clients want', () => {
  it('is what is delivered, counted and traced', async () => {
    const { spans, host } = await start(false);
    const [ann, bob] = [await PusherClient.connect(host), await PusherClient.connect(host)];
    for (const client of [ann, bob]) await client.subscribePrivate('private-c', host);
    for (const name of ['refused', 'dropped', 'e']) {
      ann.send({ event: `client-${name}`, channel: 'private-c', data: 'tea' });
    }
    expect(await bob.expectFrame('client-e')).toMatchObject({ data: 'TEA' });
    await ann.expectError(4009);
    await spans.until({ 'revurb client-event': 3, 'revurb send': 1, 'revurb fan-out': 1 });
    const outcomes = spans.named('revurb client-event').map(({ status }) => status.code);
    expect(outcomes).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET, SpanStatusCode.UNSET]);
    const page = await MetricsScrape.of(host);
    expect(page.value('revurb_messages_received_total', { kind: 'client_event' })).toBe(3);
    expect(page.value('revurb_messages_refused_total', { code: '4009' })).toBe(1);
    expect(page.value('revurb_deliveries_total')).toBe(1);
  });

  it('is counted by the code of the refusal', async () => {
    const { host } = await start(false);
    await expect(PusherClient.connect(host, { query: { token: 'refused' } })).rejects.toThrow();
    const client = await PusherClient.connect(host);
    client.send({ event: 'pusher:subscribe', data: { channel: 'refused' } });
    await client.expectFrame('pusher:subscription_error');
    const page = await MetricsScrape.of(host);
    expect(page.value('revurb_connections_refused_total', { code: '4100' })).toBe(1);
    expect(page.value('revurb_messages_refused_total', { code: '4301' })).toBe(1);
  });
});
