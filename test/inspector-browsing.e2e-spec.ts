import { Drain } from '../src/pusher/drain.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage, type WatchedFeed } from './harness/inspector-page.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { rawHttp } from './harness/raw-socket.js';
import { signedRequest, type Json } from './harness/signed-request.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { answer, WebhookReceiver } from './harness/webhook-receiver.js';

const NUMBER = expect.any(Number);

let server: TestServer;
let other: TestServer;
let page: InspectorPage;
let feed: WatchedFeed;
let receiver: WebhookReceiver;
let nodeId: string;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const { appId: app_id, key, secret } = TEST_APPLICATION;
  const hooks = (path: string) => [{ url: receiver.url(path), event_types: ['channel_occupied'] }];
  const applications = [
    { app_id, key, secret },
    { app_id: 'off-id', key: 'off-key', secret: 'off-secret', enabled: false },
    { app_id: 'slow-id', key: 'slow-key', secret: 'slow-secret', publishes_per_second: 1 },
    { app_id: 'other-id', key: 'other-key', secret: 'other-secret', webhooks: hooks('/h?token=1') },
  ];
  server = await startServer({
    ...INSPECTOR_VARIABLES,
    REVERB_APPS: JSON.stringify(applications),
    REVERB_WEBHOOK_RETRY_WINDOW: '0',
    REVERB_WEBHOOK_GRACE: '1',
  });
  other = { ...server, appId: 'other-id', key: 'other-key', secret: 'other-secret' };
  page = await InspectorPage.signIn(server, { name: 'Ann' });
  feed = await page.watch({ kinds: ['action'] });
  ({ nodeId } = page.session!);
});

afterAll(closeAll);

async function visitor(...channels: readonly string[]): Promise<PusherClient> {
  const client = await PusherClient.connect(server);
  for (const channel of channels) await client.subscribe(channel);
  return client;
}

/** What an action says of itself to those who watch, and in the log. */
async function expectNoted(action: string, fields: object): Promise<void> {
  const by = 'Ann (127.0.0.1)';
  await feed.expectRecord({ kind: 'action', appId: 'app-id', by, action, ...fields });
  expect(server.logs.of('log').some((line) => line.startsWith(`Ann ${action}`))).toBe(true);
}

async function expectFault(path: string, body: unknown, status: number, sentence: RegExp) {
  const { status: given, json } = await page.request('POST', path, { body });
  expect({ status: given, error: json.error }).toEqual({
    status,
    error: expect.stringMatching(sentence),
  });
}

describe('The page is told of', () => {
  it('the applications, with their connections', async () => {
    const before = (await page.get('applications')).applications[0].connections;
    const client = await visitor();
    expect(await page.get('applications')).toEqual({
      applications: [
        { id: 'app-id', connections: before + 1 },
        { id: 'off-id', connections: 0 },
        { id: 'other-id', connections: 0 },
        { id: 'slow-id', connections: 0 },
      ],
      isPartial: false,
    });
    await client.close();
  });

  it('the node', async () => {
    const { nodes, ...rest } = await page.get('nodes');
    expect(rest).toEqual({
      silent: [],
      lease: { heartbeatSeconds: NUMBER, leaseSeconds: NUMBER },
      isPartial: false,
    });
    expect(nodes).toEqual([
      {
        nodeId,
        version: page.session!.version,
        uptimeSeconds: NUMBER,
        connections: NUMBER,
        messagesReceived: NUMBER,
        eventsPublished: NUMBER,
        slowConsumers: 0,
        memoryBytes: NUMBER,
        load: NUMBER,
        eventLoopLagMs: NUMBER,
        cluster: 'alone',
        answeredInMs: NUMBER,
      },
    ]);
  });

  it('what is charted', async () => {
    const charts = await eventually(
      async () => {
        const found = await page.get('charts');
        expect(found.nodes[0].series.connections.length).toBeGreaterThan(0);
        return found;
      },
      { withinMs: 10_000, everyMs: 200 },
    );
    expect(charts.isPartial).toBe(false);
    const [{ series, ...node }] = charts.nodes;
    expect(node).toEqual({ nodeId, endMs: NUMBER, intervalMs: 5000 });
    expect(Object.keys(series)).toEqual([
      'connections',
      'messagesInPerSecond',
      'messagesOutPerSecond',
      'latencyP50Ms',
      'latencyP99Ms',
      'eventLoopLagMs',
      'memoryBytes',
    ]);
    const lengths = Object.values(series).map((points) => (points as []).length);
    expect(new Set(lengths).size).toBe(1);
    expect(series.memoryBytes.at(-1)).toBeGreaterThan(10_000_000);
  });

  it('the channels, by name, and those that are looked for', async () => {
    const clients = [
      await visitor('list-b', 'cache-list', 'list-a'),
      await visitor('list-a'),
      await visitor(),
    ];
    await clients[2]!.subscribePresence('presence-list', { user_id: 'u' }, server);
    await clients[1]!.subscribePresence('presence-list', { user_id: 'u' }, server);
    await clients[1]!.subscribePrivate('private-encrypted-list', server);
    await clients[1]!.signin({ id: 'u' }, server);
    await page.watch();
    for (let i = 0; i < 3; i++) await publish(server, 'list-b', 'e');
    // What is listed may have been read a moment ago.
    await eventually(async () => {
      const { channels, total, isPartial } = await page.get('apps/app-id/channels?search=list');
      expect({ channels, total, isPartial }).toEqual({
        channels: [
          { name: 'cache-list', type: 'cache', subscriptions: 1 },
          { name: 'list-a', type: 'public', subscriptions: 2 },
          { name: 'list-b', type: 'public', subscriptions: 1, rate: NUMBER },
          { name: 'presence-list', type: 'presence', subscriptions: 2, users: 1 },
          { name: 'private-encrypted-list', type: 'private-encrypted', subscriptions: 1 },
        ],
        total: 5,
        isPartial: false,
      });
    });
    const all = await page.get('apps/app-id/channels');
    expect(all.total).toBeGreaterThanOrEqual(5);
    expect(all.channels.filter(({ name }: Json) => name.startsWith('#'))).toEqual([]);
    expect(await page.get('apps/other-id/channels')).toEqual({
      channels: [],
      total: 0,
      isPartial: false,
    });
    for (const client of clients) await client.close();
  });

  it('a channel, and who is there', async () => {
    const client = await visitor();
    await client.subscribePresence('presence-one', { user_id: 'ü 1' }, server);
    expect(await page.get('apps/app-id/channels/presence-one')).toEqual({
      name: 'presence-one',
      type: 'presence',
      subscriptions: 1,
      users: 1,
      subscribers: [{ socketId: client.socketId, userId: 'ü 1', nodeId, unsentBytes: 0 }],
      members: ['ü 1'],
      isPartial: false,
    });
    expect(await page.get('apps/app-id/channels/nobody-there')).toEqual({
      name: 'nobody-there',
      type: 'public',
      subscriptions: 0,
      subscribers: [],
      isPartial: false,
    });
  });

  it('what a cache channel remembers, without the data', async () => {
    await publish(server, 'cache-one', 'e', 'für');
    const { cached } = await page.get('apps/app-id/channels/cache-one');
    expect(cached).toEqual({ event: 'e', bytes: 4, ttlSeconds: NUMBER });
  });

  it('the connections, and those that are looked for', async () => {
    const client = await PusherClient.connect(server, {
      headers: { Origin: 'https://found.example' },
      query: { client: 'swift', version: '9.9' },
    });
    await client.signin({ id: 'findable' }, server);
    await client.subscribe('c');
    const row = {
      socketId: client.socketId,
      nodeId,
      userId: 'findable',
      client: 'swift 9.9',
      address: '127.0.0.1',
      origin: 'https://found.example',
      ageMs: NUMBER,
      idleMs: NUMBER,
      channels: 1,
      bytesReceived: NUMBER,
      bytesSent: NUMBER,
      unsentBytes: 0,
    };
    for (const search of [client.socketId, 'findable', 'found.ex', 'swift', 'swift%209']) {
      expect(await page.get(`apps/app-id/connections?search=${search}`)).toEqual({
        connections: [row],
        total: 1,
        isPartial: false,
      });
    }
    const { connections } = await page.get('apps/app-id/connections?search=127.0.0.1');
    expect(connections).toContainEqual(row);
    expect((await page.get('apps/app-id/connections')).connections).toContainEqual(row);
    expect((await page.get('apps/other-id/connections')).total).toBe(0);
    expect(row.bytesSent).not.toBe(0);
    expect(await page.get(`apps/app-id/connections/${client.socketId}`)).toEqual({
      ...row,
      subscriptions: [{ channel: 'c' }],
      watchlist: 0,
    });
    const elsewhere = await page.request('GET', `apps/other-id/connections/${client.socketId}`);
    expect([elsewhere.status, elsewhere.json.error]).toEqual([
      404,
      expect.stringMatching(/is gone/),
    ]);
  });

  it('the webhooks, those that died among them, which can be sent again', async () => {
    receiver.behave(answer(500), '/h?token=1');
    const client = await PusherClient.connect(other);
    await client.subscribe('webhook-a');
    await client.subscribe('webhook-b');
    const overview = await eventually(
      async () => {
        const found = await page.get('apps/other-id/webhooks');
        expect(found.dead).toHaveLength(2);
        return found;
      },
      { withinMs: 10_000 },
    );
    expect(overview).toEqual({
      delivered: 0,
      failed: NUMBER,
      retried: NUMBER,
      waiting: 0,
      endpoints: [receiver.url('/h')],
      isPartial: false,
      dead: ['webhook-a', 'webhook-b'].map((channel) => ({
        id: expect.any(String),
        url: receiver.url('/h'),
        name: 'channel_occupied',
        channel,
        atMs: NUMBER,
        deadMs: NUMBER,
        attempts: NUMBER,
        cause: expect.stringMatching(/500/),
      })),
    });
    receiver.behave(answer(200), '/h?token=1');
    const [{ id }] = overview.dead;
    const path = 'apps/other-id/webhooks/retry';
    expect(await page.post(path, { ids: ['nothing', id] })).toEqual({ retried: 1 });
    await receiver.expectEvents([{ name: 'channel_occupied', channel: 'webhook-a' }]);
    expect(await page.post(path, {})).toEqual({ retried: 1 });
    expect(await page.post(path, {})).toEqual({ retried: 0 });
    await feed.expectRecord({ appId: 'other-id', action: 'sent 1 webhook event again' });
    await expectFault(path, { ids: [] }, 400, /ids/);
    await expectFault(path, { ids: [7] }, 400, /ids/);
    await expectFault(path, { ids: 'all' }, 400, /ids/);
    await eventually(async () => {
      expect(await page.get('apps/other-id/webhooks')).toMatchObject({ dead: [], delivered: 2 });
    });
  });
});

describe('What is published from the page', () => {
  const PATH = 'apps/app-id/events';

  it('comes to the subscribers, in order, but for whom it is not meant', async () => {
    const [client, left] = [await visitor('to-a', 'to-b'), await visitor('to-a')];
    const events = [
      { name: 'one', channels: ['to-a', 'to-b'], data: 'text', socket_id: left.socketId },
      { name: 'two', channels: ['to-a'], data: { a: [1] } },
    ];
    expect(await page.post(PATH, { events })).toEqual({});
    await client.expectFrame('two');
    await client.expectFrame('one', { channel: 'to-b' });
    const got = client.framesLike({ channel: 'to-a' }).filter(({ event }) => !event.includes(':'));
    expect(got.map(({ event, data }) => [event, data])).toEqual([
      ['one', 'text'],
      ['two', '{"a":[1]}'],
    ]);
    await left.expectFrame('two');
    expect(left.framesLike('one')).toEqual([]);
    await expectNoted('published', { event: 'one', channels: ['to-a', 'to-b'] });
  });

  const GOOD = { name: 'e', channels: ['limits'], data: 'x' };

  it.each<[string, unknown, number, RegExp]>([
    ['nothing', undefined, 400, /^events /],
    ['an object', {}, 400, /^events /],
    ['none', [], 400, /^events /],
    ['no events', [GOOD, 7], 400, /^events\[1\] must be a JSON object/],
    ['no name', [GOOD, { ...GOOD, name: undefined }], 400, /^events\[1\]\.name /],
    ['a number as name', [{ ...GOOD, name: 7 }], 400, /^events\[0\]\.name /],
    ['a long name', [GOOD, { ...GOOD, name: 'n'.repeat(201) }], 400, /^events\[1\]\.name .* 200/],
    ['no data', [{ ...GOOD, data: undefined }], 400, /^events\[0\]\.data /],
    [
      'much data',
      [GOOD, { ...GOOD, data: 'x'.repeat(10_001) }],
      413,
      /^events\[1\]\.data: .*10000 bytes/,
    ],
    ['no channels', [GOOD, { ...GOOD, channels: undefined }], 400, /^events\[1\]\.channels /],
    ['an empty list of channels', [{ ...GOOD, channels: [] }], 400, /^events\[0\]\.channels /],
    [
      'a channel that is none',
      [GOOD, { ...GOOD, channels: ['a', 'b!'] }],
      400,
      /^events\[1\]\.channel "b!" /,
    ],
    [
      'many channels',
      [GOOD, { ...GOOD, channels: Array(101).fill('c') }],
      400,
      /^events\[1\]\.channels .*100/,
    ],
    ['a strange socket', [GOOD, { ...GOOD, socket_id: 'x' }], 400, /^events\[1\]\.socket_id /],
    ['many events', Array.from({ length: 11 }, () => GOOD), 400, /^events: there are more than 10/],
  ])('is refused, all of it, for %s', async (_, events, status, sentence) => {
    const client = await visitor('limits');
    await expectFault(PATH, { events }, status, sentence);
    await client.roundTrip();
    expect(client.framesLike('e')).toEqual([]);
    await client.close();
  });

  it('is refused for data that is nested too deeply', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = `{"events":[{"name":"e","channels":["c"],"data":${deep}}]}`;
    const { status } = await page.request('POST', PATH, { body });
    expect([400, 413]).toContain(status);
  });

  it('is refused while the application is disabled', () =>
    expectFault('apps/off-id/events', { events: [GOOD] }, 403, /^Application off-id is disabled/));

  it('is refused beyond the rate of the application', async () => {
    const path = 'apps/slow-id/events';
    await expectFault(path, { events: [GOOD, GOOD] }, 400, /only 1 events a second/);
    // Some of them are in one second, whatever the machine does.
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const { status } = await page.request('POST', path, { body: { events: [GOOD] } });
        return status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });

  it('is refused by a server that goes away', async () => {
    const drain = server.app.get(Drain, { strict: false });
    drain.isDraining = true;
    try {
      await expectFault(PATH, { events: [GOOD] }, 503, /shutting down/);
    } finally {
      drain.isDraining = false;
    }
  });
});

describe('Whoever looks can', () => {
  it('disconnect a connection', async () => {
    const [client, neighbour] = [await visitor(), await visitor()];
    const body = { socketId: client.socketId };
    const result = await page.post('apps/app-id/disconnect', body);
    expect(result).toEqual({ affected: 1, isPartial: false });
    expect((await client.expectClose(4009)).reason).toBe('You got disconnected by the app.');
    await neighbour.roundTrip();
    await expectNoted('disconnected 1 connection', { socketId: client.socketId });
    expect((await page.post('apps/app-id/disconnect', body)).affected).toBe(0);
    await expectNoted('disconnected 0 connections', { socketId: client.socketId });
  });

  it('disconnect a user, wherever they are', async () => {
    const clients = [await visitor(), await visitor(), await visitor()];
    await clients[0]!.signin({ id: 'unwanted' }, server);
    await clients[1]!.subscribePresence('presence-c', { user_id: 'unwanted' }, server);
    await clients[2]!.signin({ id: 'wanted' }, server);
    const result = await page.post('apps/app-id/disconnect', { userId: 'unwanted' });
    expect(result).toEqual({ affected: 2, isPartial: false });
    await clients[0]!.expectClose(4009);
    await clients[1]!.expectClose(4009);
    await clients[2]!.roundTrip();
    await expectNoted('disconnected 2 connections', { userId: 'unwanted' });
  });

  it('disconnect nobody of another application', async () => {
    const client = await visitor();
    const { affected } = await page.post('apps/other-id/disconnect', { socketId: client.socketId });
    expect(affected).toBe(0);
    await client.roundTrip();
  });

  it.each([
    [{}],
    [{ socketId: '' }],
    [{ socketId: 7 }],
    [{ userId: ['u'] }],
    [{ socketId: '1.2', userId: 'u' }],
    [{ socketId: null, userId: null }],
  ])('not disconnect %j', async (body) => {
    await expectFault('apps/app-id/disconnect', body, 400, /socketId|userId/);
  });

  it('end the subscriptions of a user', async () => {
    const [member, signedIn, stays] = [await visitor(), await visitor(), await visitor()];
    const channel = 'presence-left';
    await member.subscribePresence(channel, { user_id: 'leaver' }, server);
    await signedIn.signin({ id: 'leaver' }, server);
    await signedIn.subscribePresence(channel, { user_id: 'leaver' }, server);
    await stays.subscribePresence(channel, { user_id: 'stayer' }, server);
    const body = { userId: 'leaver', channel };
    const result = await page.post('apps/app-id/unsubscribe', body);
    expect(result).toEqual({ affected: 2, isPartial: false });
    for (const client of [member, signedIn]) {
      const { json } = await client.expectFrame('pusher:subscription_error', { channel });
      expect(json).toEqual({
        type: 'AuthError',
        error: 'The app ended the subscription.',
        status: 403,
      });
    }
    const removed = await stays.expectFrame('pusher_internal:member_removed', { channel });
    expect(removed.json.user_id).toBe('leaver');
    await publish(server, channel, 'afterwards');
    await stays.expectFrame('afterwards');
    for (const client of [member, signedIn]) {
      await client.roundTrip();
      expect(client.framesLike('afterwards')).toEqual([]);
    }
    const { subscriptions, users, members } = await page.get(`apps/app-id/channels/${channel}`);
    expect({ subscriptions, users, members }).toEqual({
      subscriptions: 1,
      users: 1,
      members: ['stayer'],
    });
    expect((await page.post('apps/app-id/unsubscribe', body)).affected).toBe(0);
    await expectNoted('ended 2 subscriptions', { userId: 'leaver', channels: [channel] });
    await member.subscribePresence(channel, { user_id: 'leaver' }, server);
  });

  it('end the subscription of who has signed in to a channel without members', async () => {
    const client = await visitor();
    await client.signin({ id: 'reader' }, server);
    await client.subscribePrivate('private-news', server);
    await client.subscribe('news');
    const body = { userId: 'reader', channel: 'private-news' };
    expect((await page.post('apps/app-id/unsubscribe', body)).affected).toBe(1);
    await client.expectFrame('pusher:subscription_error', { channel: 'private-news' });
    const { subscriptions } = await page.get(`apps/app-id/connections/${client.socketId}`);
    expect(subscriptions).toEqual([{ channel: 'news' }]);
    await expectFault('apps/app-id/unsubscribe', { userId: 'reader' }, 400, /channel/);
    await expectFault('apps/app-id/unsubscribe', { channel: 'news' }, 400, /userId/);
    await expectFault('apps/app-id/unsubscribe', { userId: {}, channel: 'news' }, 400, /userId/);
  });

  it('have the event of a cache channel forgotten', async () => {
    await publish(server, 'cache-forgotten', 'e', 'x');
    const body = { channel: 'cache-forgotten' };
    const path = 'apps/app-id/forget-cached-event';
    expect(await page.post(path, body)).toEqual({ affected: 1, isPartial: false });
    expect(await page.post(path, body)).toEqual({ affected: 0, isPartial: false });
    const client = await visitor('cache-forgotten');
    await client.expectFrame('pusher:cache_miss');
    await expectNoted('cleared the cached event', { channels: ['cache-forgotten'] });
    await expectNoted('found no cached event to clear', { channels: ['cache-forgotten'] });
    await expectFault(path, {}, 400, /channel/);
    await expectFault(path, { channel: 'no name' }, 400, /not the name of a channel/);
  });
});

describe('Whatever the page is asked', () => {
  it.each([
    ['apps/nobody/channels', 404],
    ['apps/%00/channels', 404],
    ['apps/__proto__/channels', 404],
    ['apps//connections', 404],
    ['apps/%E0%A4%A/webhooks', 404],
    ['apps/app-id/channels/%00', 404],
    ['apps/app-id/channels/%F0%9F%A6%8A', 404],
    ['apps/app-id/channels/..%2f..%2fetc', 404],
    ['apps/app-id/channels/__proto__', 200],
    [`apps/app-id/channels/${'c'.repeat(201)}`, 404],
    [`apps/app-id/channels/${'c'.repeat(10_000)}`, 404],
    ['apps/app-id/connections/%00', 404],
    ['apps/app-id/connections/__proto__', 404],
    [`apps/app-id/connections/${'1'.repeat(5000)}.2`, 404],
    [`apps/app-id/connections?search=${'x'.repeat(10_000)}`, 200],
    [`apps/app-id/channels?search=${'*'.repeat(10_000)}`, 200],
    ['apps/app-id/channels?search=%00&search[]=a&search=%ZZ', 200],
    ['apps/app-id/connections?search=%F0%9F%A6%8A%', 200],
    ['apps/app-id/channels?', 200],
  ])('it answers %s', async (path, status) => {
    const errors = server.logs.of('error').length;
    const response = await page.request('GET', path);
    expect({ path, status: response.status }).toEqual({ path, status });
    expect(response.json).toBeInstanceOf(Object);
    expect(server.logs.of('error')).toHaveLength(errors);
  });

  it('as if to a proxy that is none, it answers too', async () => {
    const head = (target: string) =>
      `GET ${target} HTTP/1.1\r\nHost: x\r\nCookie: ${page.cookie}\r\nConnection: close\r\n\r\n`;
    for (const host of ['http://x', 'http://[bad', 'http://x:99999', 'https://%00']) {
      const target = `${host}/inspector/api/apps/app-id/channels?search=nothing-like-it`;
      const { statuses, text } = await rawHttp(server.port, head(target));
      expect({ host, statuses }).toEqual({ host, statuses: [200] });
      expect(text).toContain('"total":0');
    }
    expect(server.logs.of('error')).toEqual([]);
  });

  it('it takes no names that mean something to a language', async () => {
    for (const body of ['{"__proto__":{"userId":"u"}}', '{"constructor":1,"toString":2}']) {
      const { status } = await page.request('POST', 'apps/app-id/disconnect', { body });
      expect(status).toBe(400);
    }
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const watched = await page.request('PUT', 'watches', {
      body: `{"watches":[{"id":"a-watch-that-is-deep","filter":${deep}}]}`,
    });
    expect([200, 400]).toContain(watched.status);
    const health = await signedRequest(server, 'GET', 'channels');
    expect(health.status).toBe(200);
    expect(server.logs.of('error')).toEqual([]);
  });
});
