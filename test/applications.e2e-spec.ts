import { closeAll, PusherClient } from './harness/pusher-client.js';
import { channelAuth, signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

/** A server with two applications, each as if it were a server of its own. */
async function startPair(settings: object = {}): Promise<[TestServer, TestServer]> {
  const entries = ['a', 'b'].map((id) => {
    return { app_id: id, key: `${id}-key`, secret: `${id}-secret`, ...settings };
  });
  const server = await startServer({
    REVERB_APPS: JSON.stringify(entries),
    REVERB_WEBHOOK_GRACE: '0',
  });
  return entries.map(({ app_id: appId, key, secret }) => {
    return { ...server, appId, key, secret };
  }) as [TestServer, TestServer];
}

const publish = (server: TestServer, channel: string, data: string, more: object = {}) =>
  signedRequest(server, 'POST', 'events', {
    body: { name: 'event', channels: [channel], data, ...more },
  });

const get = async (server: TestServer, path: string) =>
  (await signedRequest(server, 'GET', path)).json;

describe('Two applications on one server', () => {
  let a: TestServer;
  let b: TestServer;
  let inA: PusherClient;
  let inB: PusherClient;

  beforeEach(async () => {
    [a, b] = await startPair();
    [inA, inB] = [await PusherClient.connect(a), await PusherClient.connect(b)];
  });

  it('have channels of the same name, and events of their own', async () => {
    for (const channel of ['room', 'private-room']) {
      await inA.subscribePrivate(channel, a);
      await inB.subscribePrivate(channel, b);
      await publish(a, channel, 'for a');
      await publish(b, channel, 'for b');
      expect((await inA.expectFrame('event')).data).toBe('for a');
      expect((await inB.expectFrame('event')).data).toBe('for b');
    }
    inA.trigger('client-hello', 'private-room', 1);
    await inA.roundTrip();
    await inB.roundTrip();
    expect([...inA.pendingFrames, ...inB.pendingFrames]).toEqual([]);
  });

  it('have members of their own, also of the same id', async () => {
    const member = { user_id: 'ann' };
    await inA.subscribePresence('presence-room', member, a);
    const { json } = await inB.subscribePresence('presence-room', member, b);
    expect(json.presence.count).toBe(1);
    const another = await PusherClient.connect(b);
    await another.subscribePresence('presence-room', { user_id: 'bob' }, b);
    await inB.expectFrame('pusher_internal:member_added');
    await another.close();
    await inB.expectFrame('pusher_internal:member_removed');
    await inA.roundTrip();
    expect(inA.pendingFrames).toEqual([]);
    expect(await get(a, 'channels/presence-room/users')).toEqual({ users: [{ id: 'ann' }] });
  });

  it('remember the events of cache channels apart', async () => {
    await publish(a, 'cache-room', 'for a');
    await inB.subscribe('cache-room');
    await inB.expectFrame('pusher:cache_miss');
    await inA.subscribe('cache-room');
    expect((await inA.expectFrame('event')).data).toBe('for a');
  });

  it('count and list apart', async () => {
    await inA.subscribe('room');
    expect(await get(a, 'connections')).toEqual({ connections: 1 });
    expect(await get(b, 'channels')).toEqual({ channels: {} });
    expect(await get(b, 'channels/room')).toEqual({ occupied: false });
    expect(await get(a, 'channels')).toEqual({ channels: { room: {} } });
  });

  it('have users of their own, also of the same id', async () => {
    await inB.signin({ id: 'bob', watchlist: ['ann'] }, b);
    await inA.signin({ id: 'ann' }, a);
    await inB.roundTrip();
    expect(inB.pendingFrames).toEqual([]);
    const annInB = await PusherClient.connect(b);
    await annInB.signin({ id: 'ann' }, b);
    await inB.expectFrame('pusher_internal:watchlist_events');
    await signedRequest(b, 'POST', 'users/ann/terminate_connections');
    await annInB.expectClose(4009);
    await inA.roundTrip();
    for (const [client, server] of [
      [inA, a],
      [inB, b],
    ] as const) {
      const own = server === a ? '#server-to-user-ann' : '#server-to-user-bob';
      await client.subscribe(own);
      await publish(server, own, server.appId);
      expect((await client.expectFrame('event')).data).toBe(server.appId);
    }
  });

  it('do not know each other’s socket ids', async () => {
    await inA.subscribe('room');
    await publish(a, 'room', '1', { socket_id: inB.socketId });
    await inA.expectFrame('event');
    await inB.subscribe('room');
    await publish(b, 'room', '2', { socket_id: inA.socketId });
    expect((await inB.expectFrame('event')).data).toBe('2');
  });

  it('do not take each other’s keys', async () => {
    const mixed = { key: a.key, secret: b.secret };
    for (const credentials of [b, mixed, { key: b.key, secret: a.secret }]) {
      const channel = 'private-room';
      const auth = channelAuth(credentials, inA.socketId, channel);
      expect((await inA.subscribeRefused(channel, auth)).json.status).toBe(401);
      const { status } = await publish({ ...a, ...credentials, appId: 'a' }, 'room', '1');
      expect(status).toBe(401);
    }
    await inA.subscribePrivate('private-room', a);
    inA.sendSignin({ id: 'ann' }, b);
    await inA.expectClose(4009);
    await inB.roundTrip();
  });
});

describe('Several keys of one application', () => {
  const FIRST = { key: 'first-key', secret: 'first-secret' };
  const SECOND = { key: 'second-key', secret: 'second-secret' };

  it('all open the same application', async () => {
    const server = await startServer({
      REVERB_APPS: JSON.stringify([
        { app_id: 'app-id', ...FIRST, keys: [SECOND] },
        { app_id: 'other', key: 'other', secret: 's' },
      ]),
    });
    const byFirst = await PusherClient.connect({ url: server.url, key: FIRST.key });
    const bySecond = await PusherClient.connect({ url: server.url, key: SECOND.key });
    for (const client of [byFirst, bySecond]) {
      // Whichever key it connected with.
      await client.subscribePrivate('private-first', FIRST);
      await client.subscribePrivate('private-second', SECOND);
    }
    for (const credentials of [FIRST, SECOND]) {
      const { status } = await publish({ ...server, ...credentials }, 'private-first', '1');
      expect(status).toBe(200);
      for (const client of [byFirst, bySecond]) await client.expectFrame('event');
      const counted = await get({ ...server, ...credentials }, 'connections');
      expect(counted).toEqual({ connections: 2 });
    }
    byFirst.trigger('client-hello', 'private-second', 'hi');
    await bySecond.expectFrame('client-hello');
  });

  it('each goes with its own secret only', async () => {
    const server = await startServer({
      REVERB_APPS: JSON.stringify([{ app_id: 'app-id', keys: [FIRST, SECOND] }]),
    });
    const client = await PusherClient.connect({ url: server.url, key: FIRST.key });
    const crossed = { key: FIRST.key, secret: SECOND.secret };
    await expect(client.subscribePrivate('private-room', crossed)).rejects.toThrow('AuthError');
    expect((await publish({ ...server, ...crossed }, 'private-room', '1')).status).toBe(401);
    await client.subscribePrivate('private-room', SECOND);
  });
});
