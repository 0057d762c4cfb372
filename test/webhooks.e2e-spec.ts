import Pusher from 'pusher';
import { startServerFor } from './harness/api.js';
import { member, signedIn, subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { webhookVariables, WebhookReceiver } from './harness/webhook-receiver.js';

afterEach(closeAll);

const occupied = (channel: string) => ({ name: 'channel_occupied', channel });
const vacated = (channel: string) => ({ name: 'channel_vacated', channel });

/** A server whose single application has this endpoint. */
async function startWith(endpoint: object = {}, variables: Record<string, string> = {}) {
  const receiver = await WebhookReceiver.start();
  const webhooks = [{ url: receiver.url('/hook'), ...endpoint }];
  const server = await startServer(webhookVariables(webhooks, variables));
  return { receiver, server };
}

/** Resolves once an event arrived that happens now, so that whatever was to come before has come. */
async function settled(receiver: WebhookReceiver, server: TestServer): Promise<void> {
  await subscriber(server, 'witness');
  await eventually(() => expect(receiver.events()).toContainEqual(occupied('witness')));
}

describe('A channel', () => {
  it('is occupied with its first subscriber, and vacated a while after its last', async () => {
    const { receiver, server } = await startWith();
    const clients = [await subscriber(server, 'a'), await subscriber(server, 'a')];
    await clients[0]!.close();
    clients[1]!.send({ event: 'pusher:unsubscribe', data: { channel: 'a' } });
    await receiver.expectEvents([occupied('a'), vacated('a')]);
    await clients[1]!.subscribe('a');
    await receiver.expectEvents([occupied('a'), vacated('a'), occupied('a')]);
  });

  it('was never away for who comes back within the grace', async () => {
    const { receiver, server } = await startWith();
    for (let i = 0; i < 3; i++) await (await subscriber(server, 'a', 'b')).close();
    await subscriber(server, 'a');
    await receiver.expectEvents([occupied('a'), occupied('b'), vacated('b')]);
    await settled(receiver, server);
    expect(receiver.events()).not.toContainEqual(vacated('a'));
  });

  it('of one user alone is no business of backends', async () => {
    const { receiver, server } = await startWith({ event_types: ['channel_occupied'] });
    const client = await signedIn(server, 'ann');
    await client.subscribe('#server-to-user-ann');
    await settled(receiver, server);
    expect(receiver.events()).toEqual([occupied('witness')]);
  });
});

describe('A member', () => {
  it('is added with its first connection, and removed a while after its last', async () => {
    const { receiver, server } = await startWith();
    const room = 'presence-a';
    const tabs = [await member(server, room, 7), await member(server, room, '7')];
    const other = await member(server, room, 'bob');
    await tabs[0]!.close();
    await tabs[1]!.close();
    await receiver.expectEvents([
      occupied(room),
      { name: 'member_added', channel: room, user_id: '7' },
      { name: 'member_added', channel: room, user_id: 'bob' },
      { name: 'member_removed', channel: room, user_id: '7' },
    ]);
    await other.close();
    await receiver.expectEvents([
      ...receiver.events().slice(0, 4),
      { name: 'member_removed', channel: room, user_id: 'bob' },
      vacated(room),
    ]);
  });
});

describe('A user', () => {
  it('is online with the first connection that signs in, and offline a while after the last', async () => {
    const { receiver, server } = await startWith();
    const tabs = [await signedIn(server, 'ann'), await signedIn(server, 'ann')];
    await tabs[0]!.close();
    await (await signedIn(server, 'ann')).close();
    await tabs[1]!.close();
    await receiver.expectEvents([
      { name: 'user_online', user_id: 'ann' },
      { name: 'user_offline', user_id: 'ann' },
    ]);
  });
});

describe('A client event', () => {
  it('is told as it was passed on, its data as text', async () => {
    const { receiver, server } = await startWith({ event_types: ['client_event'] });
    const ann = await member(server, 'presence-a', 'ann');
    await ann.subscribePrivate('private-a', server);
    ann.trigger('client-text', 'presence-a', 'hello');
    ann.trigger('client-json', 'private-a', { a: [1, null] });
    // Refused: nobody gets it.
    ann.trigger('client-no', 'public', 'x');
    const common = { name: 'client_event', socket_id: ann.socketId };
    await receiver.expectEvents([
      { ...common, channel: 'presence-a', event: 'client-text', data: 'hello', user_id: 'ann' },
      { ...common, channel: 'private-a', event: 'client-json', data: '{"a":[1,null]}' },
    ]);
  });
});

describe('A cache channel', () => {
  it('without an event is told to be missed by everybody who subscribes', async () => {
    const { receiver, server } = await startWith({ event_types: ['cache_miss'] });
    const miss = { name: 'cache_miss', channel: 'cache-a' };
    await subscriber(server, 'cache-a');
    await subscriber(server, 'cache-a');
    await receiver.expectEvents([miss, miss]);
    await publish(server, 'cache-a', 'event');
    await subscriber(server, 'cache-a', 'cache-b');
    await receiver.expectEvents([miss, miss, { name: 'cache_miss', channel: 'cache-b' }]);
  });
});

describe('The number of subscribers', () => {
  const count = (channel: string, subscription_count: number) => ({
    name: 'subscription_count',
    channel,
    subscription_count,
  });

  it('is told to an endpoint that names it, but not of presence channels', async () => {
    const { receiver, server } = await startWith({ event_types: ['subscription_count'] });
    await member(server, 'presence-a', 'ann');
    await subscriber(server, 'a');
    await (await subscriber(server, 'a')).close();
    await receiver.expectEvents([count('a', 1), count('a', 2), count('a', 1)]);
  });

  it('is told to an endpoint that names nothing where the application counts', async () => {
    const receiver = await WebhookReceiver.start();
    const webhooks = [{ url: receiver.url() }];
    const server = await startServerFor({ webhooks, subscription_count: true });
    const client = await subscriber(server, 'a');
    await client.expectFrame('pusher_internal:subscription_count');
    await receiver.expectEvents([occupied('a'), count('a', 1)]);
  });
});

describe('An endpoint', () => {
  it('gets what it wants, and nothing else stands in the body', async () => {
    const receiver = await WebhookReceiver.start();
    const server = await startServer(
      webhookVariables([
        { url: receiver.url('/all') },
        { url: receiver.url('/users'), event_types: ['user_online', 'member_added'] },
        {
          url: receiver.url('/orders'),
          filter: { channel_name_starts_with: 'orders-', channel_name_ends_with: '-eu' },
        },
      ]),
    );
    const ann = await member(server, 'presence-orders', 'ann');
    await ann.signin({ id: 'ann' }, server);
    for (const channel of ['orders-1-us', 'orders-2-eu', 'my-orders-3-eu']) {
      await ann.subscribe(channel);
    }
    const added = { name: 'member_added', channel: 'presence-orders', user_id: 'ann' };
    const online = { name: 'user_online', user_id: 'ann' };
    const channels = ['orders-1-us', 'orders-2-eu', 'my-orders-3-eu'].map(occupied);
    await receiver.expectEvents([occupied('presence-orders'), added, online, ...channels], {
      path: '/all',
    });
    await receiver.expectEvents([added, online], { path: '/users' });
    await receiver.expectEvents([occupied('orders-2-eu')], { path: '/orders' });
  });

  it('is sent what the official library takes for genuine', async () => {
    const { receiver, server } = await startWith({
      headers: { 'X-Tenant': '7', 'x-pusher-key': 'forged', 'content-type': 'text/plain' },
    });
    const beganMs = Date.now();
    await subscriber(server, 'a');
    await receiver.expectEvents([occupied('a')]);
    const [{ headers, rawHeaders, body, timeMs, path }] = receiver.deliveries as [
      (typeof receiver.deliveries)[0],
    ];
    const { appId, key, secret } = TEST_APPLICATION;
    const library = new Pusher({ appId, key, secret, cluster: 'x' });
    const webhook = library.webhook({ headers: headers as never, rawBody: body });
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toEqual([occupied('a')]);
    expect([path, headers['x-tenant'], headers['content-type']]).toEqual([
      '/hook',
      '7',
      'application/json',
    ]);
    expect(rawHeaders).toEqual(expect.arrayContaining(['X-Pusher-Key', 'X-Pusher-Signature']));
    expect(timeMs).toBeGreaterThanOrEqual(beganMs);
    expect(timeMs).toBeLessThanOrEqual(Date.now());
  });

  it('is signed for with the first key of the application', async () => {
    const receiver = await WebhookReceiver.start();
    const keys = [{ key: 'second', secret: 'second-secret' }];
    const server = await startServerFor({ keys, webhooks: [{ url: receiver.url() }] });
    await subscriber(server, 'a');
    await receiver.expectEvents([occupied('a')]);
    expect(receiver.deliveries[0]!.headers['x-pusher-key']).toBe(TEST_APPLICATION.key);
  });

  it('never hears of another application', async () => {
    const receiver = await WebhookReceiver.start();
    const applications = ['1', '2'].map((id) => ({
      app_id: id,
      key: `key-${id}`,
      secret: `secret-${id}`,
      webhooks: [{ url: receiver.url(`/${id}`) }],
    }));
    const server = await startServer({ REVERB_APPS: JSON.stringify(applications) });
    for (const id of ['1', '2']) {
      const client = await PusherClient.connect({ ...server, key: `key-${id}` });
      await client.subscribe('shared');
      await client.subscribe(`own-${id}`);
    }
    for (const id of ['1', '2']) {
      const path = `/${id}`;
      await receiver.expectEvents([occupied('shared'), occupied(`own-${id}`)], { path });
      for (const { headers } of receiver.taken(path)) {
        expect(headers['x-pusher-key']).toBe(`key-${id}`);
      }
    }
  });
});

describe('Events that come together', () => {
  it('are delivered together when they are gathered for a time', async () => {
    const { receiver, server } = await startWith({}, { REVERB_WEBHOOK_BATCH_WINDOW: '300' });
    const channels = ['a', 'b', 'c', 'd'];
    await subscriber(server, ...channels);
    await receiver.expectEvents(channels.map(occupied));
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('are delivered over few connections, one after the other, when they are not', async () => {
    const { receiver, server } = await startWith();
    const channels = Array.from({ length: 30 }, (_, i) => `channel-${i}`);
    await subscriber(server, ...channels);
    await receiver.expectEvents(channels.map(occupied));
    expect(receiver.connections).toBeLessThanOrEqual(2);
  });
});
