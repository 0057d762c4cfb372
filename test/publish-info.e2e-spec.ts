import { api, publishTo } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const publish = (server: ApiTarget, channels: string[], info: unknown) =>
  api(server, 'POST', 'events', { body: { name: 'e', data: 'd', channels, info } });

describe('a publish that asks for info is told about its channels', () => {
  it('subscription_count of any, user_count of presence channels', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) {
      await client.subscribe('c');
      await client.subscribePresence('presence-c', { user_id: 'same' }, server);
    }
    const channels = ['c', 'presence-c', 'empty', 'presence-empty'];
    await publish(server, channels, 'subscription_count,user_count').expect(200, {
      channels: {
        c: { subscription_count: 2 },
        'presence-c': { subscription_count: 2, user_count: 1 },
        empty: { subscription_count: 0 },
        'presence-empty': { subscription_count: 0, user_count: 0 },
      },
    });
  });

  it('only what it asked for', async () => {
    const server = await sharedServer();
    const channels = ['c', 'presence-c'];
    await publish(server, channels, 'user_count').expect(200, {
      channels: { c: {}, 'presence-c': { user_count: 0 } },
    });
    await publish(server, channels, 'subscription_count').expect(200, {
      channels: { c: { subscription_count: 0 }, 'presence-c': { subscription_count: 0 } },
    });
  });

  it('the event itself in the cache of a cache channel', async () => {
    const server = await sharedServer();
    const response = await publish(server, ['cache-c', 'c'], 'cache').expect(200);
    expect(response.body).toEqual({
      channels: { 'cache-c': { cache: { data: 'd', ttl: expect.any(Number) } }, c: {} },
    });
    expect(response.body.channels['cache-c'].cache.ttl).toBeGreaterThan(1790);
    expect(response.body.channels['cache-c'].cache.ttl).toBeLessThanOrEqual(1800);
  });

  it.each(['nonsense', 'nonsense,user_count', 'USER_COUNT', 'toString', '__proto__'])(
    'what a channel cannot have left out silently: %s',
    async (info) => {
      const server = await sharedServer();
      await publish(server, ['c'], info).expect(200, { channels: { c: {} } });
    },
  );

  it.each(['', ',', ' , ', null])('nothing when it asks for nothing: %j', async (info) => {
    const server = await sharedServer();
    await publish(server, ['c'], info).expect(200, {});
  });

  it.each([
    ' subscription_count ',
    'subscription_count,,',
    'subscription_count,subscription_count',
  ])('however it spells the list: %j', async (info) => {
    const server = await sharedServer();
    await publish(server, ['c'], info).expect(200, { channels: { c: { subscription_count: 0 } } });
  });

  it('each channel once, whatever its name', async () => {
    const server = await sharedServer();
    const { text } = await publish(server, ['__proto__', 'c', 'c'], 'subscription_count');
    expect(text).toBe(
      '{"channels":{"__proto__":{"subscription_count":0},"c":{"subscription_count":0}}}',
    );
  });

  it('with channel as with channels, and with what info in the query leaves alone', async () => {
    const server = await sharedServer();
    await publishTo(server, 'c', { info: 'subscription_count' }).expect(200, {
      channels: { c: { subscription_count: 0 } },
    });
    const body = { name: 'e', data: 'd', channel: 'c' };
    const query = { info: 'subscription_count' };
    await api(server, 'POST', 'events', { body, query }).expect(200, {});
  });
});
