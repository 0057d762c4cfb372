import { createHash } from 'node:crypto';
import { api, publishTo, startServerFor, startTwoApplications } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { PusherClient } from './harness/pusher-client.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { answer, webhookVariables, WebhookReceiver } from './harness/webhook-receiver.js';

afterEach(closeAll);

const ON = { REVERB_METRICS_ENABLED: 'true' };
const APP = { app_id: 'app-id' };

describe('The page', () => {
  it('is text that a client of Prometheus understands', async () => {
    const server = await startServer(ON);
    await PusherClient.connect(server);
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_build_info')).toBe(1);
    expect(scrape.value('revurb_build_info', { node_version: process.version })).toBe(1);
    expect(scrape.value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(scrape.value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(scrape.value('revurb_event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(scrape.text.endsWith('\n')).toBe(true);
  });

  it('has a name, a type and a help for each metric as Prometheus wants them', async () => {
    const server = await startServer(ON);
    const scrape = await MetricsScrape.of(server);
    const own = scrape.names.filter((name) => name.startsWith('revurb_'));
    expect(own.length).toBeGreaterThan(30);
    for (const name of own) {
      const { type, help } = scrape.family(name);
      expect([name, help]).toEqual([name, expect.stringMatching(/^[\w0-9].{10,}\.$/)]);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'COUNTER']);
    }
  });

  it('has no line twice', async () => {
    const server = await startServer(ON);
    await PusherClient.connect(server);
    await publishTo(server, 'c').expect(200);
    const { text } = await MetricsScrape.of(server);
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
  });

  it('begins with zeros for an application, so that the first of anything is an increase', async () => {
    const server = await startServer(ON);
    await PusherClient.connect(server);
    const scrape = await MetricsScrape.of(server);
    for (const kind of ['ping', 'subscribe', 'unsubscribe', 'signin', 'client_event', 'unread']) {
      expect(scrape.value('revurb_messages_received_total', { ...APP, kind })).toBe(0);
    }
    expect(scrape.value('revurb_slow_consumers_closed_total', APP)).toBe(0);
    expect(scrape.value('revurb_rate_limited_total', { ...APP, limit: 'publishes' })).toBe(0);
  });
});

describe('Connections', () => {
  it('are counted while they are open, and when they come and go', async () => {
    const server = await startServer(ON);
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_connections', APP)).toBe(2);
    expect(scrape.value('revurb_connections_opened_total', APP)).toBe(2);
    await clients[0]!.close();
    await eventually(async () => {
      const later = await MetricsScrape.of(server);
      expect(later.value('revurb_connections', APP)).toBe(1);
      expect(later.value('revurb_connections_opened_total', APP)).toBe(2);
      expect(later.value('revurb_connections_closed_total', APP)).toBe(1);
    });
  });

  it('that the last one has left are none, and what they did is not forgotten', async () => {
    const server = await startServer(ON);
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await client.close();
    await eventually(async () => {
      const scrape = await MetricsScrape.of(server);
      expect(scrape.value('revurb_connections', APP)).toBe(0);
      expect(scrape.value('revurb_channels', APP)).toBe(0);
      expect(scrape.value('revurb_subscriptions', APP)).toBe(0);
      expect(scrape.value('revurb_messages_received_total', { kind: 'subscribe' })).toBe(1);
    });
  });

  it('that are refused are counted by code, and are none of an application', async () => {
    const server = await startServer(ON);
    await PusherClient.refused({ ...server, key: 'unknown' });
    await PusherClient.refused(server, { query: { protocol: '99' } });
    await PusherClient.refused(server, { query: { protocol: '99' } });
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_connections_refused_total', { code: '4001' })).toBe(1);
    expect(scrape.value('revurb_connections_refused_total', { code: '4007' })).toBe(2);
    expect(scrape.value('revurb_connections_opened_total')).toBeUndefined();
  });

  it('are counted by why they ended; codes that clients make up are one', async () => {
    const server = await startServer(ON);
    const clients = await Promise.all([1, 2, 3].map(() => PusherClient.connect(server)));
    await Promise.all([3999, 4998, 1001].map((code, i) => clients[i]!.close(code)));
    await eventually(async () => {
      const scrape = await MetricsScrape.of(server);
      expect(scrape.value('revurb_connections_closed_total', { code: 'other' })).toBe(2);
      expect(scrape.value('revurb_connections_closed_total', { code: '1001' })).toBe(1);
      expect(scrape.value('revurb_connections_closed_total')).toBe(3);
    });
  });
});

describe('Messages of clients', () => {
  it('are counted by what they ask for, with their bytes', async () => {
    const server = await startServer(ON);
    const client = await PusherClient.connect(server);
    const ping = JSON.stringify({ event: 'pusher:ping', data: {} });
    client.send(ping);
    client.send(ping);
    client.send('not JSON');
    await client.subscribe('c');
    client.unsubscribe('c');
    await client.signin({ id: '1' }, server);
    const scrape = await MetricsScrape.of(server);
    const counts = (name: string, kinds: readonly string[]) =>
      kinds.map((kind) => scrape.value(name, { ...APP, kind }));
    const kinds = ['ping', 'unread', 'subscribe', 'unsubscribe', 'signin', 'client_event'];
    expect(counts('revurb_messages_received_total', kinds)).toEqual([2, 1, 1, 1, 1, 0]);
    expect(counts('revurb_received_bytes_total', ['ping', 'unread'])).toEqual([2 * ping.length, 8]);
  });

  it('that are refused are counted by code', async () => {
    const server = await startServer(ON);
    const client = await PusherClient.connect(server);
    client.send('{}');
    client.sendSubscribe('private-c', { auth: 'no:no' });
    client.trigger('client-e', 'c', {});
    client.sendSubscribe('no blanks');
    await client.expectFrame('pusher:subscription_error');
    await client.expectFrame('pusher:subscription_error');
    const scrape = await MetricsScrape.of(server);
    const codes = ['4200', '401', '4301', '400'];
    expect(
      codes.map((code) => scrape.value('revurb_messages_refused_total', { ...APP, code })),
    ).toEqual([1, 1, 1, 1]);
  });
});

describe('Events', () => {
  it('are counted when they are published, and once for each receiver when they are delivered', async () => {
    const server = await startServer(ON);
    const clients = await Promise.all([1, 2, 3].map(() => PusherClient.connect(server)));
    for (const client of clients) await client.subscribe('c');
    const before = await MetricsScrape.of(server);
    expect(before.value('revurb_channels', { ...APP, channel_kind: 'public' })).toBe(1);
    expect(before.value('revurb_subscriptions', { ...APP, channel_kind: 'public' })).toBe(3);
    await publishTo(server, 'c', { data: 'hellö' }).expect(200);
    await publishTo(server, 'c', { socket_id: clients[0]!.socketId }).expect(200);
    await publishTo(server, 'nobody').expect(200);
    await clients[1]!.expectFrame('e');
    const { raw } = await clients[1]!.expectFrame('e');
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_events_published_total', APP)).toBe(3);
    expect(scrape.value('revurb_published_bytes_total', APP)).toBe(6 + 1 + 1);
    expect(scrape.value('revurb_deliveries_total', { ...APP, channel_kind: 'public' })).toBe(5);
    expect(scrape.value('revurb_messages_sent_total', { ...APP, kind: 'delivery' })).toBe(5);
    // The header of so short a frame has two bytes, and the first event has five more than the second.
    expect(scrape.value('revurb_sent_bytes_total', { ...APP, kind: 'delivery' })).toBe(
      5 * (raw.length + 2) + 3 * 5,
    );
    expect(scrape.value('revurb_fan_out_pending_bytes')).toBe(0);
  });

  it('of clients are delivered to all but the sender', async () => {
    const server = await startServer(ON);
    const clients = await Promise.all([1, 2, 3].map(() => PusherClient.connect(server)));
    for (const client of clients) await client.subscribePrivate('private-c', server);
    clients[0]!.trigger('client-hello', 'private-c', 1);
    await Promise.all(
      [clients[1]!, clients[2]!].map((client) => client.expectFrame('client-hello')),
    );
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_messages_received_total', { kind: 'client_event' })).toBe(1);
    expect(scrape.value('revurb_deliveries_total', { channel_kind: 'private' })).toBe(2);
    expect(scrape.value('revurb_events_published_total', APP) ?? 0).toBe(0);
  });

  it('are measured from when they are there to when they are written, in seconds', async () => {
    const server = await startServer(ON);
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    for (let i = 0; i < 3; i++) {
      await publishTo(server, 'c').expect(200);
      await client.expectFrame('e');
    }
    const scrape = await MetricsScrape.of(server);
    const { buckets, count, sum } = scrape.histogram('revurb_publish_to_socket_seconds');
    expect(count).toBe(3);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(3);
    const byBound = Object.entries(buckets).sort(([a], [b]) => boundOf(a) - boundOf(b));
    const counts = byBound.map(([, inBucket]) => Number(inBucket));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(buckets['+Inf']).toBe('3');
  });

  it('and answers: what is told to one connection alone', async () => {
    const server = await startServer(ON);
    const client = await PusherClient.connect(server);
    const answers = async () =>
      (await MetricsScrape.of(server)).value('revurb_messages_sent_total', { kind: 'answer' });
    const before = (await answers())!;
    await client.subscribe('c');
    expect(await answers()).toBe(before + 1);
  });
});

describe('What is over a rate limit', () => {
  const limitedOf = async (server: TestServer, limit: string) =>
    (await MetricsScrape.of(server)).value('revurb_rate_limited_total', { ...APP, limit });

  it('is counted for messages', async () => {
    const rate_limiting = { enabled: true, max_attempts: 2, decay_seconds: 60 };
    const server = await startServerFor({ rate_limiting }, ON);
    const client = await PusherClient.connect(server);
    for (let i = 0; i < 5; i++) client.send({ event: 'pusher:ping' });
    for (let i = 0; i < 3; i++) await client.expectFrame('pusher:error');
    expect(await limitedOf(server, 'messages')).toBe(3);
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_messages_received_total', { kind: 'unread' })).toBe(3);
    expect(scrape.value('revurb_messages_refused_total', { code: '4301' })).toBe(3);
  });

  it('is counted for client events', async () => {
    const server = await startServerFor({ client_events_per_second: 1 }, ON);
    const client = await PusherClient.connect(server);
    await client.subscribePrivate('private-c', server);
    for (let i = 0; i < 3; i++) client.trigger('client-e', 'private-c', i);
    for (let i = 0; i < 2; i++) await client.expectFrame('pusher:error');
    expect(await limitedOf(server, 'client_events')).toBe(2);
  });

  it('is counted for publishes and reads, whose answers are counted by route and status', async () => {
    const server = await startServerFor({ publishes_per_second: 1, reads_per_second: 1 }, ON);
    const publishes = await Promise.all([1, 2, 3, 4].map(() => publishTo(server, 'c')));
    const reads = await Promise.all([1, 2, 3, 4].map(() => api(server, 'GET', 'channels')));
    const tooMany = (answers: readonly { status: number }[]) =>
      answers.filter(({ status }) => status === 429).length;
    expect(tooMany(publishes)).toBeGreaterThan(0);
    expect(await limitedOf(server, 'publishes')).toBe(tooMany(publishes));
    expect(await limitedOf(server, 'reads')).toBe(tooMany(reads));
    const scrape = await MetricsScrape.of(server);
    for (const [path, answers] of [
      ['events', publishes],
      ['channels', reads],
    ] as const) {
      const route = `/apps/:appId/${path}`;
      const counted = (status: string) =>
        scrape.value('revurb_http_requests_total', { route, status });
      expect(counted('429')).toBe(tooMany(answers));
      expect(counted('200') ?? 0).toBe(4 - tooMany(answers));
    }
  });
});

describe('Requests', () => {
  it('are counted by route and status, whatever a client writes into them', async () => {
    const server = await startServer(ON);
    const unsigned = (path: string) => signedRequest({ ...server, secret: 'wrong' }, 'GET', path);
    for (let i = 0; i < 3; i++) await unsigned(`channels/name-${i}`);
    await signedRequest(server, 'GET', '/apps/none/such/call');
    await signedRequest(server, 'GET', '/up');
    const scrape = await MetricsScrape.of(server);
    const counted = (route: string, status: string) =>
      scrape.value('revurb_http_requests_total', { route, status });
    expect(counted('/apps/:appId/channels/:channel', '401')).toBe(3);
    expect(counted('none', '404')).toBe(1);
    expect(counted('/up', '200')).toBe(1);
    expect(scrape.family('revurb_http_requests_total').metrics.length).toBe(3);
  });
});

describe('A slow consumer', () => {
  it('is counted, with the code it was closed with', async () => {
    const server = await startServer({
      ...ON,
      REVERB_MAX_OUTBOX_SIZE: '200000',
      REVERB_APP_MAX_EVENT_SIZE: '100000',
    });
    const slow = await PusherClient.connect(server);
    await slow.subscribe('c');
    slow.pauseReading();
    const data = createHash('sha256').update('x').digest('hex').repeat(1500);
    await eventually(
      async () => {
        await publishTo(server, 'c', { data }).expect(200);
        const scrape = await MetricsScrape.of(server);
        expect(scrape.value('revurb_slow_consumers_closed_total', APP)).toBe(1);
        expect(scrape.value('revurb_connections_closed_total', { code: '4100' })).toBe(1);
      },
      { withinMs: 10_000 },
    );
  });
});

describe('Applications', () => {
  it('are counted apart', async () => {
    const { server, other } = await startTwoApplications({}, ON);
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await PusherClient.connect(other);
    await publishTo(server, 'c').expect(200);
    await client.expectFrame('e');
    const scrape = await MetricsScrape.of(server);
    const both = (name: string) =>
      ['app-id', 'other-id'].map((app_id) => scrape.value(name, { app_id }) ?? 0);
    expect(both('revurb_connections')).toEqual([1, 1]);
    expect(both('revurb_subscriptions')).toEqual([1, 0]);
    expect(both('revurb_deliveries_total')).toEqual([1, 0]);
    expect(both('revurb_events_published_total')).toEqual([1, 0]);
  });

  it('may have ids that are awkward in a label', async () => {
    const app_id = 'a"b\\c';
    const server = await startServerFor({ app_id }, ON);
    await PusherClient.connect(server);
    const scrape = await MetricsScrape.of(server);
    expect(scrape.value('revurb_connections', { app_id })).toBe(1);
  });
});

describe('Two servers in one process', () => {
  it('keep apart what they count', async () => {
    const [one, two] = [await startServer(ON), await startServer(ON)];
    await PusherClient.connect(one);
    expect((await MetricsScrape.of(one)).value('revurb_connections', APP)).toBe(1);
    expect((await MetricsScrape.of(two)).value('revurb_connections', APP)).toBeUndefined();
  });
});

describe('A node that is alone', () => {
  it('can reach all nodes there are, and has no figures of a bus', async () => {
    const scrape = await MetricsScrape.of(await startServer(ON));
    expect(scrape.value('revurb_cluster_up')).toBe(1);
    expect(scrape.value('revurb_cluster_nodes')).toBe(1);
    expect(scrape.value('revurb_cluster_unreachable_seconds')).toBe(0);
    expect(scrape.value('revurb_pubsub_gaps_total')).toBeUndefined();
  });
});

const boundOf = (text: string) => (text === '+Inf' ? Infinity : Number(text));

describe('Webhooks', () => {
  it('are counted by what became of them, and those that wait', async () => {
    const receiver = await WebhookReceiver.start();
    const endpoint = { url: receiver.url(), event_types: ['channel_occupied'] };
    const server = await startServer(webhookVariables([endpoint], ON));
    const client = await PusherClient.connect(server);
    await client.subscribe('a');
    const outcome = 'revurb_webhook_events_total';
    await eventually(async () => {
      const scrape = await MetricsScrape.of(server);
      expect(scrape.value(outcome, { outcome: 'delivered' })).toBe(1);
      expect(scrape.value('revurb_webhook_queue_events')).toBe(0);
    });
    receiver.behave(answer(500));
    await client.subscribe('b');
    await eventually(async () => {
      const scrape = await MetricsScrape.of(server);
      const deliveries = 'revurb_webhook_deliveries_total';
      expect(scrape.value(deliveries, { result: 'delivered' })).toBe(1);
      expect(scrape.value(deliveries, { result: 'failed' })).toBeGreaterThan(0);
      expect(scrape.value('revurb_webhook_queue_events')).toBe(1);
      expect(scrape.value(outcome, { outcome: 'delivered' })).toBe(1);
    });
  });
});
