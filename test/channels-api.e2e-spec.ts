import {
  api,
  expectRefusal,
  publishTo,
  startServerFor,
  startTwoApplications,
} from './harness/api.js';
import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { plainRequest, signedUrl, type ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const list = (server: ApiTarget, query: Record<string, string> = {}) =>
  api(server, 'GET', 'channels', { query });

const describeChannel = (server: ApiTarget, channel: string, info?: string) =>
  api(server, 'GET', `channels/${channel}`, { query: info === undefined ? {} : { info } });

describe('the list of channels', () => {
  it('is {"channels":{}} when nobody is subscribed to anything', async () => {
    const server = await sharedServer();
    await PusherClient.connect(server);
    const response = await list(server)
      .expect(200)
      .expect('Content-Type', /^application\/json/);
    expect(response.text).toBe('{"channels":{}}');
  });

  it('has the occupied ones, without attributes', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) await client.subscribe('c');
    await ann.subscribePrivate('private-c', server);
    await ann.subscribePresence('presence-c', { user_id: 1 }, server);
    await publishTo(server, 'cache-nobody').expect(200);
    await list(server).expect(200, { channels: { c: {}, 'private-c': {}, 'presence-c': {} } });
  });

  it('forgets a channel with its last subscriber, however that one left', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribe('left');
    await bob.subscribe('dropped');
    await ann.subscribe('stays');
    ann.unsubscribe('left');
    await ann.roundTrip();
    await bob.terminate();
    await eventually(() => list(server).expect(200, { channels: { stays: {} } }));
  });

  it('does not have channels nobody was let into', async () => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribeRefused('private-c', 'app-key:wrong');
    await client.subscribeRefused('presence-c');
    await client.subscribeRefused('b ad');
    await list(server).expect(200, { channels: {} });
  });

  it('does not have the channels of single users', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    await client.subscribe('#server-to-user-ann');
    await list(server).expect(200, { channels: {} });
  });

  it('has those of one application only', async () => {
    const { server, other } = await startTwoApplications();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await list(server).expect(200, { channels: { c: {} } });
    await list(other).expect(200, { channels: {} });
  });

  it('has those whose name starts with filter_by_prefix', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const channel of ['orders-1', 'orders-2', 'Orders-3', 'x-orders-4']) {
      await client.subscribe(channel);
    }
    const filter = (prefix: string) => list(server, { filter_by_prefix: prefix });
    await filter('orders-').expect(200, { channels: { 'orders-1': {}, 'orders-2': {} } });
    await filter('orders-2').expect(200, { channels: { 'orders-2': {} } });
    for (const nothing of ['orders-22', '.*', 'b ad', '%', 'x'.repeat(1000)]) {
      await filter(nothing).expect(200, { channels: {} });
    }
    expect(Object.keys((await filter('')).body.channels)).toHaveLength(4);
  });

  it('has what info asks for', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) {
      await client.subscribePresence('presence-c', { user_id: 'same' }, server);
      await client.subscribe('__proto__');
    }
    await list(server, { filter_by_prefix: 'presence-', info: 'user_count' }).expect(200, {
      channels: { 'presence-c': { user_count: 1 } },
    });
    const info = 'user_count,subscription_count';
    await list(server, { filter_by_prefix: 'presence-c', info }).expect(200, {
      channels: { 'presence-c': { user_count: 1, subscription_count: 2 } },
    });
    const { text } = await list(server, { filter_by_prefix: '_', info: 'subscription_count' });
    expect(text).toBe('{"channels":{"__proto__":{"subscription_count":2}}}');
    await list(server, { filter_by_prefix: '_', info: '' }).expect(200);
  });

  it.each([
    ['user_count', {}],
    ['user_count', { filter_by_prefix: '' }],
    ['user_count', { filter_by_prefix: 'presence' }],
    ['user_count', { filter_by_prefix: 'private-' }],
    ['subscription_count,user_count', { filter_by_prefix: 'x-presence-' }],
  ])('refuses info=%s with %j', async (info, query) => {
    const server = await sharedServer();
    expectRefusal(await list(server, { ...query, info }), 400, /user_count.*presence-/);
  });

  it.each(['nonsense', 'cache', 'SUBSCRIPTION_COUNT', 'toString'])(
    'refuses info=%s',
    async (info) => {
      const server = await startServer();
      expectRefusal(await list(server, { info, filter_by_prefix: 'presence-' }), 400, info);
    },
  );
});

describe('one channel', () => {
  it('is occupied or not', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await describeChannel(server, 'c').expect(200, { occupied: true });
    await describeChannel(server, 'nobody-here').expect(200, { occupied: false });
    client.unsubscribe('c');
    await client.roundTrip();
    await describeChannel(server, 'c').expect(200, { occupied: false });
  });

  it('has the counts asked for, 0 when it is not occupied', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) {
      await client.subscribePresence('presence-c', { user_id: 1 }, server);
    }
    const info = 'user_count,subscription_count';
    await describeChannel(server, 'presence-c', info).expect(200, {
      occupied: true,
      user_count: 1,
      subscription_count: 2,
    });
    await describeChannel(server, 'presence-empty', info).expect(200, {
      occupied: false,
      user_count: 0,
      subscription_count: 0,
    });
    await describeChannel(server, 'c', 'subscription_count').expect(200, {
      occupied: false,
      subscription_count: 0,
    });
  });

  it('has its cached event, or null', async () => {
    const server = await startServerFor({ cache_ttl: 100 });
    const channels = [
      'cache-c',
      'private-cache-c',
      'presence-cache-c',
      'private-encrypted-cache-c',
    ];
    for (const channel of channels) {
      await describeChannel(server, channel, 'cache').expect(200, { occupied: false, cache: null });
      await publishTo(server, channel, { data: '{"a":1}' }).expect(200);
      const { body } = await describeChannel(server, channel, 'cache').expect(200);
      const cache = { data: '{"a":1}', ttl: expect.any(Number) };
      expect(body).toEqual({ occupied: false, cache });
      expect(body.cache.ttl).toBeGreaterThan(90);
      expect(body.cache.ttl).toBeLessThanOrEqual(100);
    }
  });

  it.each([
    ['c', 'user_count'],
    ['private-c', 'user_count'],
    ['x-presence-c', 'user_count'],
    ['c', 'cache'],
    ['foo-cache-bar', 'cache'],
    ['presence-c', 'cache'],
    ['c', 'nonsense'],
    ['presence-c', 'user_count,nonsense'],
    ['c', 'SUBSCRIPTION_COUNT'],
    ['c', 'constructor'],
  ])('%s refuses info=%s', async (channel, info) => {
    const server = await startServer();
    const wrong = info.split(',').at(-1)!;
    expectRefusal(await describeChannel(server, channel, info), 400, wrong);
  });

  it('may have any name a channel may have, 200 characters long and encoded or not', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const names = ['c'.repeat(200), 'a-Z0_=@,.;9', 'users', 'channels', 'events', '__proto__'];
    for (const name of names) {
      await client.subscribe(name);
      for (const path of new Set([name, encodeURIComponent(name)])) {
        await describeChannel(server, path).expect(200, { occupied: true });
      }
    }
    await client.signin({ id: 'ann' }, server);
    await client.subscribe('#server-to-user-ann');
    await describeChannel(server, '%23server-to-user-ann').expect(200, { occupied: true });
  });

  it.each(['a b', 'a/b', 'ä', '#c', '%', 'c'.repeat(201), 'c'.repeat(5000)])(
    'cannot be named %j',
    async (name) => {
      const server = await sharedServer();
      const path = `channels/${encodeURIComponent(name)}`;
      expectRefusal(await api(server, 'GET', path), 400, /^channel .* is not a channel name/);
      expectRefusal(await api(server, 'GET', `${path}/users`), 400, /^channel .* is not a channel/);
    },
  );

  it('is refused, not found to be a fault, when the path is encoded badly', async () => {
    const server = await sharedServer();
    for (const bad of ['%', '%zz', '%ff', '%c3', '%00', '%E0%A4%A']) {
      const url = signedUrl(server, 'GET', `channels/${bad}`);
      expectRefusal(await plainRequest(server.httpUrl, 'GET', url), 400, 'is not a channel name');
    }
  });
});
