import { jest } from '@jest/globals';
import { EventDispatcher } from '../src/pusher/event.dispatcher.js';
import { TrafficLog } from '../src/pusher/traffic.log.js';
import { ApplicationProvider, type Application } from '../src/index.js';
import { ExtensionRegistry } from '../src/extensions/extension.registry.js';
import type { WatchFilter } from '../src/inspector/contract.js';
import { Tracing } from '../src/tracing/tracing.js';
import { WebhookDeliverer } from '../src/webhooks/webhook.deliverer.js';
import { api } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage, type WatchedFeed } from './harness/inspector-page.js';
import { publish } from './harness/publish.js';
import { channelAuth, PusherClient } from './harness/pusher-client.js';
import { signedRequest } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { answer, WebhookReceiver } from './harness/webhook-receiver.js';

const { appId, key, secret } = TEST_APPLICATION;
const ANYTHING_NUMERIC = expect.any(Number);
const HOUR_MS = 3_600_000;

let server: TestServer;
let page: InspectorPage;
let receiver: WebhookReceiver;
let feed: WatchedFeed;
/** Another application, with narrow limits. */
let narrow: TestServer;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const webhooks = [{ url: receiver.url('/hook?token=1'), event_types: ['channel_occupied'] }];
  const applications = [
    { app_id: appId, key, secret, webhooks, max_message_size: 100_000 },
    {
      app_id: 'narrow',
      key: 'narrow-key',
      secret: 'narrow-secret',
      max_connections: 1,
      client_events_per_second: 1,
      publishes_per_second: 1,
      rate_limiting: { enabled: true, max_attempts: 5, decay_seconds: 60 },
    },
  ];
  server = await startServer({
    ...INSPECTOR_VARIABLES,
    REVERB_INSPECTOR_PAYLOADS: 'true',
    REVERB_APPS: JSON.stringify(applications),
    REVERB_WEBHOOK_GRACE: '1',
    REVERB_WEBHOOK_TIMEOUT: '1',
  });
  narrow = { ...server, appId: 'narrow', key: 'narrow-key', secret: 'narrow-secret' };
  page = await InspectorPage.signIn(server, { name: 'Ann' });
  feed = await page.watch();
});

afterAll(closeAll);

/** Watches, does something, and says what is recorded until all of it must have come. */
async function watchDuring(filter: WatchFilter, work: () => Promise<unknown>) {
  const watched = await page.watch(filter);
  await work();
  const marker = `end-${watched.watch.id}`;
  await publish(server, marker, 'end');
  await feed.expectRecord({ kind: 'published', channels: [marker] });
  // Both are flushed at the same time, one after the other.
  await watched.client.roundTrip();
  await watched.end();
  return watched.records.filter(({ channels }) => channels?.[0] !== marker);
}

describe('Whoever watches sees of connections', () => {
  it('that they come, and go by themselves', async () => {
    const client = await PusherClient.connect(server, { headers: { Origin: 'https://a.example' } });
    const common = {
      appId,
      socketId: client.socketId,
      id: ANYTHING_NUMERIC,
      atMs: ANYTHING_NUMERIC,
    };
    expect(await feed.expectRecord({ kind: 'connected', socketId: client.socketId })).toEqual({
      ...common,
      kind: 'connected',
      address: '127.0.0.1',
      client: 'js 8.6.0',
      origin: 'https://a.example',
    });
    await client.close(1000, 'enough');
    expect(await feed.expectRecord({ kind: 'disconnected', socketId: client.socketId })).toEqual({
      ...common,
      kind: 'disconnected',
      code: 1000,
      reason: 'enough',
      durationMs: ANYTHING_NUMERIC,
    });
  });

  it('that the server closes them', async () => {
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'thrown-out' }, server);
    const { socketId } = client;
    await feed.expectRecord({ kind: 'signed-in', appId, socketId, userId: 'thrown-out' });
    await api(server, 'POST', 'users/thrown-out/terminate_connections').expect(200);
    const gone = { kind: 'disconnected', socketId, userId: 'thrown-out', code: 4009 };
    const { reason } = await feed.expectRecord(gone);
    expect(reason).toBe('You got disconnected by the app.');
  });

  it.each([
    ['an unknown key', 4001, () => ({ ...server, key: 'nobody' }), {}],
    ['a protocol of the past', 4007, () => server, { protocol: 3 }],
    ['a protocol that is none', 4006, () => server, { protocol: 'x' }],
  ])('that they are refused for %s', async (_, code, target, query) => {
    const { errorFrame } = await PusherClient.refused(target(), { query });
    const reason = errorFrame.json.message;
    const record = await feed.expectRecord({ kind: 'refused', code, reason });
    expect(record).toMatchObject({ address: '127.0.0.1', client: 'js 8.6.0' });
    expect(record.appId).toBe(code === 4001 ? undefined : appId);
  });

  it('that there are too many, of them and of what they say', async () => {
    const client = await PusherClient.connect(narrow);
    const { errorFrame } = await PusherClient.refused(narrow);
    const { code, message: reason } = errorFrame.json;
    await feed.expectRecord({ kind: 'refused', appId: 'narrow', code: 4004, reason });
    expect(code).toBe(4004);
    await client.subscribePrivate('private-c', narrow);
    const { socketId } = client;
    for (let i = 0; i < 3; i++) client.trigger('client-e', 'private-c', {});
    await client.expectError(4301);
    await feed.expectRecord({ kind: 'rate-limited', appId: 'narrow', socketId, code: 4301 });
    for (let i = 0; i < 5; i++) client.send({ event: 'pusher:ping', data: {} });
    await feed.expectRecord({ kind: 'rate-limited', appId: 'narrow', socketId, code: 4301 });
    await client.close();
  });

  it('that publishes are too many', async () => {
    const body = { name: 'e', channel: 'c', data: 'x' };
    const statuses = [];
    for (let i = 0; i < 4; i++) {
      statuses.push((await signedRequest(narrow, 'POST', 'events', { body })).status);
    }
    expect(statuses).toContain(429);
    const record = await feed.expectRecord({ kind: 'rate-limited', appId: 'narrow', code: 429 });
    expect(record).toMatchObject({ address: '127.0.0.1' });
    expect(record.reason).toMatch(/^POST \/apps\/narrow\/events: ./);
  });

  it('that a signature is wrong, and why', async () => {
    const client = await PusherClient.connect(server);
    const forged = channelAuth({ key, secret: 'guessed' }, client.socketId, 'private-c');
    const refusal = await client.subscribeRefused('private-c', forged);
    const record = await feed.expectRecord({ kind: 'auth-failed', socketId: client.socketId });
    expect(record).toMatchObject({
      appId,
      channels: ['private-c'],
      code: 401,
      reason: refusal.json.error,
    });
    const tamper = { secret: 'guessed' };
    await api(server, 'POST', 'events', { body: {}, tamper }).expect(401);
    const request = await feed.expectRecord({
      kind: 'auth-failed',
      appId,
      code: 401,
      address: '127.0.0.1',
      reason: expect.stringMatching(/^POST \/apps\/app-id\/events: /),
    });
    expect(request).not.toHaveProperty('socketId');
    expect(JSON.stringify(feed.records)).not.toMatch(/\b[\da-f]{64}\b/);
    expect(JSON.stringify(feed.records)).not.toContain(forged.auth);
  });

  it('that a subscription is refused for another reason', async () => {
    const client = await PusherClient.connect(server);
    await client.subscribeRefused('not a name');
    const { socketId } = client;
    await feed.expectRecord({ kind: 'refused', socketId, channels: ['not a name'], code: 400 });
  });
});

describe('Whoever watches sees of channels', () => {
  it('who subscribes, and who no more', async () => {
    const client = await PusherClient.connect(server);
    const { socketId } = client;
    await client.subscribePresence('presence-c', { user_id: 'bea' }, server);
    const common = {
      appId,
      socketId,
      userId: 'bea',
      channels: ['presence-c'],
      id: ANYTHING_NUMERIC,
      atMs: ANYTHING_NUMERIC,
    };
    const subscribed = await feed.expectRecord({ kind: 'subscribed', socketId });
    expect(subscribed).toEqual({ kind: 'subscribed', ...common });
    client.unsubscribe('presence-c');
    const unsubscribed = await feed.expectRecord({ kind: 'unsubscribed', socketId });
    expect(unsubscribed).toEqual({ kind: 'unsubscribed', ...common });
  });

  it('whether a cache channel had something', async () => {
    const client = await PusherClient.connect(server);
    const { socketId } = client;
    await client.subscribe('cache-c');
    await feed.expectRecord({ kind: 'cache-miss', socketId, channels: ['cache-c'] });
    await publish(server, 'cache-c', 'e', 'remembered');
    const second = await PusherClient.connect(server);
    await second.subscribe('cache-c');
    await feed.expectRecord({
      kind: 'cache-hit',
      socketId: second.socketId,
      channels: ['cache-c'],
    });
    expect(feed.of('cache-hit').some((record) => record.socketId === socketId)).toBe(false);
  });
});

describe('Whoever watches sees of events', () => {
  it('those that a backend publishes', async () => {
    const body = { name: 'paid', channels: ['a', 'b'], data: 'für', socket_id: '1.2' };
    await api(server, 'POST', 'events', { body }).expect(200);
    expect(await feed.expectRecord({ kind: 'published', event: 'paid' })).toEqual({
      kind: 'published',
      id: ANYTHING_NUMERIC,
      atMs: ANYTHING_NUMERIC,
      appId,
      channels: ['a', 'b'],
      event: 'paid',
      data: 'für',
      bytes: 4,
      exceptSocketId: '1.2',
      via: 'http',
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      spanId: expect.stringMatching(/^[\da-f]{16}$/),
    });
  });

  it('how many a request brought', async () => {
    const batch = ['one', 'two'].map((name) => ({ name, channel: 'c', data: 'x' }));
    await api(server, 'POST', 'batch_events', { body: { batch } }).expect(200);
    const one = await feed.expectRecord({ kind: 'published', event: 'one', batchSize: 2 });
    const two = await feed.expectRecord({ kind: 'published', event: 'two', batchSize: 2 });
    expect(two.traceId).toBe(one.traceId);
  });

  it('those that code publishes, or the page itself', async () => {
    const application = server.app.get(ApplicationProvider, { strict: false }).findById(appId);
    const dispatcher = server.app.get(EventDispatcher, { strict: false });
    await dispatcher.publish((await application) as Application, [
      { name: 'from-code', channels: ['c'], data: 'x' },
    ]);
    await feed.expectRecord({ kind: 'published', event: 'from-code', via: 'code' });
    await page.post('apps/app-id/events', {
      events: [
        { name: 'from-page', channels: ['c'], data: { a: 1 } },
        { name: 'from-page-too', channels: ['c'], data: 'x', socket_id: '3.4' },
      ],
    });
    const common = { kind: 'published', via: 'inspector', batchSize: 2 };
    await feed.expectRecord({ ...common, event: 'from-page', data: '{"a":1}' });
    await feed.expectRecord({ ...common, event: 'from-page-too', exceptSocketId: '3.4' });
    await publish(server, 'c', 'from-http');
    await feed.expectRecord({ kind: 'published', event: 'from-http', via: 'http' });
    await feed.expectRecord({
      kind: 'action',
      appId,
      action: 'published',
      by: 'Ann (127.0.0.1)',
      event: 'from-page',
      channels: ['c'],
    });
  });

  it('those of clients', async () => {
    const client = await PusherClient.connect(server);
    await client.subscribePresence('presence-c', { user_id: 'cid' }, server);
    client.trigger('client-typing', 'presence-c', { a: 'ü' });
    const { socketId } = client;
    expect(await feed.expectRecord({ kind: 'client-event', socketId })).toEqual({
      kind: 'client-event',
      id: ANYTHING_NUMERIC,
      atMs: ANYTHING_NUMERIC,
      appId,
      socketId,
      userId: 'cid',
      channels: ['presence-c'],
      event: 'client-typing',
      data: '{"a":"ü"}',
      bytes: 10,
      traceId: expect.any(String),
      spanId: expect.any(String),
    });
  });

  it('no more than the beginning of much data', async () => {
    await publish(server, 'c', 'long', 'ü'.repeat(4500));
    const record = await feed.expectRecord({ kind: 'published', event: 'long' });
    expect([record.bytes, record.data]).toEqual([9000, 'ü'.repeat(4096)]);
  });

  it('their way to each socket', async () => {
    const sender = await PusherClient.connect(server);
    const others = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [sender, ...others]) await client.subscribe('traced');
    await publish(server, ['traced', 'empty'], 'step', 'x', { socket_id: sender.socketId });
    const { traceId, spanId: takenSpanId } = await feed.expectRecord({
      kind: 'published',
      event: 'step',
    });
    const steps = await eventually(() => {
      const found = feed.parts.filter((part) => part.traceId === traceId);
      expect(found).toHaveLength(3);
      return Object.fromEntries(found.map((part) => [part.step, part]));
    });
    const times = { traceId, atMs: ANYTHING_NUMERIC, tookMs: ANYTHING_NUMERIC };
    expect(steps.taken).toEqual({ step: 'taken', spanId: takenSpanId, ...times });
    const spanId = expect.stringMatching(/^[\da-f]{16}$/);
    expect(steps.sent).toEqual({
      step: 'sent',
      spanId,
      takenSpanId,
      channel: 'traced',
      ...times,
    });
    expect(steps['fanned-out']).toEqual({
      step: 'fanned-out',
      spanId: (steps.sent as { spanId: string }).spanId,
      channel: 'traced',
      sockets: 2,
      excluded: sender.socketId,
      slow: 0,
      ...times,
    });
    expect(steps.sent!.atMs).toBeGreaterThanOrEqual(steps.taken!.atMs);
    expect(steps['fanned-out']!.atMs).toBeGreaterThanOrEqual(steps.sent!.atMs);
  });

  it('at the time of the day, whatever became of the clock since somebody watches', async () => {
    const application = server.app.get(ApplicationProvider, { strict: false }).findById(appId);
    const dispatcher = server.app.get(EventDispatcher, { strict: false });
    const found = (await application) as Application;
    const dayMs = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => dayMs() + HOUR_MS);
    try {
      await dispatcher.publish(found, [{ name: 'an-hour-later', channels: ['c'], data: 'x' }]);
    } finally {
      clock.mockRestore();
    }
    const { traceId, atMs } = await feed.expectRecord({ event: 'an-hour-later' });
    await eventually(() => {
      const parts = feed.parts.filter((part) => part.traceId === traceId);
      expect(parts).toHaveLength(1);
      expect(Math.abs(parts[0]!.atMs - atMs)).toBeLessThan(HOUR_MS / 2);
    });
  });

  it('that a socket which is not there is not left out', async () => {
    const client = await PusherClient.connect(server);
    await client.subscribe('traced-too');
    await publish(server, 'traced-too', 'elsewhere', 'x', { socket_id: '9.9' });
    const part = await eventually(() => {
      const { traceId } = feed.records.find(({ event }) => event === 'elsewhere')!;
      return feed.parts.find((one) => one.step === 'fanned-out' && one.traceId === traceId)!;
    });
    expect(part).toMatchObject({ sockets: 1 });
    expect(part).not.toHaveProperty('excluded');
  });

  it('some of very many, and how many more there were', async () => {
    const watched = await page.watch({ channel: 'flood' });
    const count = 500;
    for (let i = 0; i < count / 10; i++) {
      const batch = Array.from({ length: 10 }, (_, j) => ({
        name: `${10 * i + j}`,
        channel: 'flood',
        data: '',
      }));
      await api(server, 'POST', 'batch_events', { body: { batch } }).expect(200);
    }
    await eventually(() => {
      expect(watched.of('published').length + watched.skipped('published')).toBe(count);
    });
    for (const { records } of watched.frames) expect(records.length).toBeLessThanOrEqual(40);
    expect(watched.skipped('published')).toBeGreaterThan(0);
    expect(watched.of('published').length).toBeGreaterThan(0);
    const numbers = watched.of('published').map(({ event }) => Number(event));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    const ids = watched.records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    await watched.end();
  });
});

describe('Whoever watches sees of webhooks', () => {
  it('what became of them, and when they are tried again', async () => {
    const client = await PusherClient.connect(server);
    await client.subscribe('with-webhook');
    const url = receiver.url('/hook');
    await feed.expectRecord({
      kind: 'webhook',
      appId,
      url,
      events: 1,
      failures: 0,
      reason: 'delivered',
    });
    receiver.behave(answer(500), '/hook?token=1');
    await client.subscribe('with-failing-webhook');
    const failed = await feed.expectRecord({ kind: 'webhook', url, retryInMs: ANYTHING_NUMERIC });
    expect(failed).toMatchObject({ failures: 0, durationMs: ANYTHING_NUMERIC });
    expect(failed.reason).toMatch(/500/);
    receiver.behave(answer(200), '/hook?token=1');
    await eventually(() => {
      const delivered = feed.of('webhook').filter(({ reason }) => reason === 'delivered');
      expect(delivered.map(({ failures }) => failures! > 0)).toContain(true);
    });
    expect(JSON.stringify(feed.records)).not.toContain('token=1');
  });
});

describe('A filter shows what it asks for, and nothing else:', () => {
  it.each<[string, WatchFilter, string[]]>([
    ['kinds', { kinds: ['subscribed', 'connected'] }, ['connected', 'subscribed', 'subscribed']],
    ['a channel', { channel: 'filter-*-a' }, ['subscribed', 'published', 'unsubscribed']],
    ['an event', { event: '*-b' }, ['published']],
    [
      'a user',
      { userId: 'filtered' },
      ['signed-in', 'subscribed', 'subscribed', 'unsubscribed', 'unsubscribed', 'disconnected'],
    ],
    ['an application', { appId: 'other' }, []],
    [
      'all of it',
      { channel: 'filter-x-a', kinds: ['published'], event: 'e-a', appId },
      ['published'],
    ],
  ])('%s', async (_, filter, kinds) => {
    const records = await watchDuring(filter, async () => {
      const client = await PusherClient.connect(server);
      await client.signin({ id: 'filtered' }, server);
      for (const channel of ['filter-x-a', 'filter-x-b']) await client.subscribe(channel);
      await publish(server, 'filter-x-a', 'e-a');
      await publish(server, 'filter-x-b', 'e-b');
      await client.close();
      await feed.expectRecord({ kind: 'disconnected', socketId: client.socketId });
    });
    expect(records.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
  });

  it('a connection', async () => {
    const client = await PusherClient.connect(server);
    const records = await watchDuring({ socketId: client.socketId }, async () => {
      const other = await PusherClient.connect(server);
      await other.subscribe('c');
      await client.subscribe('c');
      await client.close();
      await feed.expectRecord({ kind: 'disconnected', socketId: client.socketId });
    });
    const kinds = records.map(({ kind, socketId }) => [kind, socketId]);
    expect(kinds.sort()).toEqual(
      ['disconnected', 'subscribed', 'unsubscribed'].map((kind) => [kind, client.socketId]),
    );
  });

  it('and can be changed while it is watched', async () => {
    const watched = await page.watch({ event: 'first' });
    const { id } = watched.watch;
    watched.abandon();
    expect((await page.watches([{ id, filter: { event: 'second' } }])).status).toBe(200);
    await publish(server, 'c', 'first');
    await publish(server, 'c', 'second');
    await watched.expectRecord({ event: 'second' });
    expect(watched.records).toHaveLength(1);
    await watched.end();
  });
});

describe('What nobody asked for', () => {
  it('is not recorded of the pages themselves', async () => {
    const another = await InspectorPage.signIn(server);
    const second = await another.watch();
    await second.client.close();
    await PusherClient.connect({ ...server, key: 'revurb-inspector' });
    await publish(server, 'c', 'after-pages');
    await feed.expectRecord({ event: 'after-pages' });
    expect(feed.records.filter((record) => record.appId === 'revurb-inspector')).toEqual([]);
    expect(JSON.stringify(feed.records)).not.toContain('private-inspector');
  });
});

describe('Who says very much', () => {
  it('is shown with the beginning of it', async () => {
    const much = 'x'.repeat(5000);
    const headers = { Origin: `https://${much}.example` };
    const client = await PusherClient.connect(server, { headers, query: { client: much } });
    const { socketId } = client;
    const connected = await feed.expectRecord({ kind: 'connected', socketId });
    expect([connected.client!.length, connected.origin!.length]).toEqual([500, 500]);
    const row = await page.get(`apps/app-id/connections/${socketId}`);
    expect([row.client.length, row.origin.length]).toEqual([500, 500]);
    client.sendSubscribe(much);
    const refused = await feed.expectRecord({ kind: 'refused', socketId });
    expect(refused.channels![0]).toHaveLength(500);
    await signedRequest(server, 'GET', `channels/${much}!`, { query: { info: much } });
    const request = await feed.expectRecord({
      kind: 'refused',
      code: 400,
      reason: expect.stringMatching(/^GET \/apps\/app-id\/channels\/x{400}/),
    });
    expect(request.reason!.length).toBe(500);
  });
});

describe('Payloads', () => {
  it('are shown only where that is allowed; their size is', async () => {
    const discreet = await startServer(INSPECTOR_VARIABLES);
    const watched = await (await InspectorPage.signIn(discreet)).watch();
    const client = await PusherClient.connect(discreet);
    await client.subscribePrivate('private-c', discreet);
    await publish(discreet, 'private-c', 'e', 'hush-hush');
    client.trigger('client-e', 'private-c', { text: 'hush-hush' });
    await watched.expectRecord({ kind: 'published', bytes: 9 });
    await watched.expectRecord({ kind: 'client-event' });
    expect(watched.client.frames.map(({ raw }) => raw).join()).not.toContain('hush-hush');
  });
});

describe('A slow consumer', () => {
  it('is shown with what it did not read', async () => {
    const roomy = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_APP_MAX_EVENT_SIZE: '500000',
      REVERB_MAX_REQUEST_SIZE: '1000000',
      REVERB_MAX_OUTBOX_SIZE: '1000000',
    });
    const watched = await (await InspectorPage.signIn(roomy)).watch({ kinds: ['slow-consumer'] });
    const client = await PusherClient.connect(roomy);
    await client.subscribe('c');
    client.pauseReading();
    for (let i = 0; i < 100 && watched.records.length === 0; i++) {
      await publish(roomy, 'c', 'e', 'x'.repeat(500_000));
    }
    const { bytes } = await watched.expectRecord({
      kind: 'slow-consumer',
      appId,
      socketId: client.socketId,
    });
    expect(bytes).toBeGreaterThan(500_000);
  });
});

describe('A watch', () => {
  /** What listens while anybody watches. */
  function listenersOf({ app }: TestServer) {
    const get = <T>(type: new (...args: never[]) => T): T => app.get(type, { strict: false });
    return {
      hooks: Object.entries(get(ExtensionRegistry).hooks).flatMap(([name, hook]) =>
        hook === null ? [] : [name],
      ),
      tracer: get(Tracing).tracer,
      traffic: get(TrafficLog).observer,
      webhooks: get(WebhookDeliverer).observer,
    };
  }
  const NOBODY = { hooks: [], tracer: null, traffic: null, webhooks: null };

  it('has nothing listen when it is over, whether told so or not', async () => {
    const quiet = await startServer(INSPECTOR_VARIABLES);
    expect(listenersOf(quiet)).toEqual(NOBODY);
    const visitor = await InspectorPage.signIn(quiet);
    expect(listenersOf(quiet)).toEqual(NOBODY);
    const [one, two] = [await visitor.watch(), await visitor.watch({ event: 'e' })];
    const { hooks, ...others } = listenersOf(quiet);
    expect(hooks.sort()).toEqual([
      'onConnected',
      'onDisconnected',
      'onSignedIn',
      'onSlowConsumer',
      'onSubscribed',
      'onUnsubscribed',
    ]);
    for (const other of Object.values(others)) expect(other).not.toBeNull();
    await one.end();
    expect(listenersOf(quiet).tracer).not.toBeNull();
    await two.end();
    expect(listenersOf(quiet)).toEqual(NOBODY);
    const three = await visitor.watch();
    await publish(quiet, 'c', 'again');
    await three.expectRecord({ kind: 'published', event: 'again' });
    three.abandon();
    await eventually(() => expect(listenersOf(quiet)).toEqual(NOBODY), {
      withinMs: 15_000,
      everyMs: 100,
    });
    const before = three.frames.length;
    await publish(quiet, 'c', 'too late');
    await three.client.expectNoFrame(({ json }) => JSON.stringify(json).includes('too late'), 300);
    expect(three.frames).toHaveLength(before);
  });

  it('is known by a name that nobody guesses, and asks for what there is', async () => {
    const id = 'a-watch-of-mine-1';
    const expectFault = async (watches: unknown[], sentence: RegExp) => {
      const { status, json } = await page.watches(watches);
      expect({ status, error: json.error }).toEqual({
        status: 400,
        error: expect.stringMatching(sentence),
      });
    };
    await expectFault(
      [{ id: 'short', filter: {} }],
      /^watches\[0\]\.id must be 16 to 64 characters/,
    );
    await expectFault(
      [
        { id, filter: {} },
        { id: `${id}!`, filter: {} },
      ],
      /^watches\[1\]\.id /,
    );
    await expectFault([{ id: 7, filter: {} }], /^watches\[0\]\.id /);
    await expectFault([null], /^watches\[0\]\.id /);
    await expectFault(['x'], /^watches\[0\]\.id /);
    await expectFault([{ id }], /^watches\[0\]\.filter must be an object\.$/);
    await expectFault(
      [{ id, filter: { channel: 'x'.repeat(10_000) } }],
      /^watches\[0\]\.filter\.channel must/,
    );
    await expectFault([{ id, filter: { kinds: ['all'] } }], /^watches\[0\]\.filter\.kinds must/);
    await expectFault(
      Array.from({ length: 9 }, () => ({ id, filter: {} })),
      /watches/,
    );
    const { status } = await page.request('PUT', 'watches', { body: { watches: {}, ended: 7 } });
    expect(status).toBe(400);
  });

  it('is one of 64 on a node', async () => {
    const quiet = await startServer(INSPECTOR_VARIABLES);
    const visitor = await InspectorPage.signIn(quiet);
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        id: `watch-number-${1000 + from + i}`,
        filter: {},
      }));
    for (let i = 0; i < 64; i += 8) expect((await visitor.watches(some(i, 8))).status).toBe(200);
    const refused = await visitor.watches(some(64, 1));
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
    expect((await visitor.watches(some(0, 8))).status).toBe(200);
    const { id } = some(3, 1)[0]!;
    expect((await visitor.watches(some(64, 1), [id])).status).toBe(200);
    expect((await visitor.watches(some(65, 1))).status).toBe(429);
    await publish(quiet, 'c', 'e');
  });
});
