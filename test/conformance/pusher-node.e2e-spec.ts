import { closeAll, PusherClient } from '../harness/pusher-client.js';
import type { Json } from '../harness/signed-request.js';
import { sharedServer } from '../harness/shared-server.js';
import { startServer } from '../harness/test-server.js';
import { Backend, backendOf, ENCRYPTION_MASTER_KEY } from './official-libraries.js';

afterEach(closeAll);

/** The JSON of an answer, which must be a 200. */
async function answerOf(response: Promise<{ status: number; json(): Promise<unknown> }>) {
  const { status, json } = await response.then(async (answered) => ({
    status: answered.status,
    json: (await answered.json()) as Json,
  }));
  expect(status).toBe(200);
  return json;
}

/** The refusal of a call, as the library reports it. */
async function refusalOf(response: Promise<unknown>): Promise<Backend.RequestError> {
  const error: unknown = await response.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Backend.RequestError);
  return error as Backend.RequestError;
}

/** A refusal carries a status and one sentence. */
function expectRefusal({ status, body }: Backend.RequestError, expected: number, words: RegExp) {
  expect(status).toBe(expected);
  expect(JSON.parse(body!)).toEqual({ error: expect.stringMatching(words) });
}

describe('trigger', () => {
  it('publishes to one channel, data encoded as JSON unless it is a string', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    const backend = backendOf(server);
    expect(await answerOf(backend.trigger('news', 'item', { a: [1, 'é'] }))).toEqual({});
    await backend.trigger('news', 'item', 'as it is');
    expect((await client.expectFrame('item')).data).toBe('{"a":[1,"é"]}');
    expect((await client.expectFrame('item')).data).toBe('as it is');
  });

  it('publishes to several channels, each once', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const channels = Array.from({ length: 100 }, (_, i) => `news-${i}`);
    for (const channel of channels) await client.subscribe(channel);
    await backendOf(server).trigger([...channels.slice(0, 99), 'news-0'], 'item', 1);
    for (const channel of channels.slice(0, 99)) await client.expectFrame('item', { channel });
    await client.expectSilence();
  });

  it('leaves out the socket it is told to', async () => {
    const server = await sharedServer();
    const [sender, other] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    for (const client of [sender, other]) await client.subscribe('news');
    await backendOf(server).trigger('news', 'item', 1, { socket_id: sender.socketId });
    await other.expectFrame('item');
    await sender.expectSilence();
  });

  it('brings back what is asked of the channels', async () => {
    const server = await sharedServer();
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of clients) {
      await client.subscribe('news');
      await client.subscribePresence('presence-room', { user_id: 'ann' }, server);
    }
    const answered = backendOf(server).trigger(['news', 'presence-room', 'empty'], 'item', 1, {
      info: 'subscription_count,user_count',
    });
    expect(await answerOf(answered)).toEqual({
      channels: {
        news: { subscription_count: 2 },
        'presence-room': { subscription_count: 2, user_count: 1 },
        empty: { subscription_count: 0 },
      },
    });
  });

  it('says why an event was refused', async () => {
    const backend = backendOf(await sharedServer());
    const large = await refusalOf(backend.trigger('news', 'item', 'x'.repeat(10_001)));
    expectRefusal(large, 413, /content of this event/);
    const stranger = backendOf({ ...(await sharedServer()), secret: 'guessed' });
    expectRefusal(await refusalOf(stranger.trigger('news', 'item', 1)), 401, /auth_signature/);
    const nowhere = backendOf({ ...(await sharedServer()), appId: 'other' });
    expectRefusal(await refusalOf(nowhere.trigger('news', 'item', 1)), 404, /other/);
  });

  it('lets data of the largest size through', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await backendOf(server).trigger('news', 'item', 'x'.repeat(10_000));
    expect((await client.expectFrame('item')).data).toHaveLength(10_000);
  });
});

describe('triggerBatch', () => {
  it('publishes several events in order, and tells by position what is asked', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await client.subscribe('more');
    const backend = backendOf(server);
    const batch = Array.from({ length: 10 }, (_, i) => ({
      channel: i % 2 ? 'more' : 'news',
      name: 'item',
      data: { i },
    }));
    expect(await answerOf(backend.triggerBatch(batch))).toEqual({});
    for (let i = 0; i < 10; i += 2) {
      expect((await client.expectFrame('item', { channel: 'news' })).json).toEqual({ i });
      expect((await client.expectFrame('item', { channel: 'more' })).json).toEqual({ i: i + 1 });
    }
    const asked = backend.triggerBatch([
      { channel: 'news', name: 'item', data: 1, info: 'subscription_count' },
      { channel: 'more', name: 'item', data: 2, socket_id: client.socketId },
    ]);
    expect(await answerOf(asked)).toEqual({ batch: [{ subscription_count: 1 }, {}] });
    await client.expectFrame('item', { channel: 'news' });
    await client.expectSilence();
  });

  it('refuses a batch with one bad event as a whole', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    const good = { channel: 'news', name: 'item', data: 1 };
    const backend = backendOf(server);
    const bad = await refusalOf(backend.triggerBatch([good, { ...good, channel: 'not a name' }]));
    expectRefusal(bad, 400, /batch\[1\]/);
    const large = await refusalOf(
      backend.triggerBatch([good, { ...good, data: 'x'.repeat(10_001) }]),
    );
    expectRefusal(large, 413, /content of this event/);
    const many = await refusalOf(backend.triggerBatch(Array.from({ length: 11 }, () => good)));
    expectRefusal(many, 400, /Batch too large/);
    expectRefusal(await refusalOf(backend.triggerBatch([])), 400, /batch/);
    await client.expectSilence();
  });
});

describe('get', () => {
  it('lists channels, by prefix and with attributes', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    expect(await answerOf(backend.get({ path: '/channels' }))).toEqual({ channels: {} });
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await client.subscribePresence('presence-a', { user_id: 1 }, server);
    expect(await answerOf(backend.get({ path: '/channels' }))).toEqual({
      channels: { news: {}, 'presence-a': {} },
    });
    const params = { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' };
    expect(await answerOf(backend.get({ path: '/channels', params }))).toEqual({
      channels: { 'presence-a': { user_count: 1, subscription_count: 1 } },
    });
    const wrong = await refusalOf(
      backend.get({ path: '/channels', params: { info: 'user_count' } }),
    );
    expectRefusal(wrong, 400, /filter_by_prefix/);
  });

  it('describes a channel, and lists the users of a presence channel', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const clients = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const [i, client] of clients.entries()) {
      await client.subscribePresence('presence-cache-a', { user_id: `user ${i}` }, server);
    }
    await backend.trigger('presence-cache-a', 'item', 'kept');
    const info = 'user_count,subscription_count,cache';
    const described = backend.get({ path: '/channels/presence-cache-a', params: { info } });
    expect(await answerOf(described)).toEqual({
      occupied: true,
      user_count: 2,
      subscription_count: 2,
      cache: { data: 'kept', ttl: expect.any(Number) },
    });
    expect(await answerOf(backend.get({ path: '/channels/presence-cache-a/users' }))).toEqual({
      users: [{ id: 'user 0' }, { id: 'user 1' }],
    });
    expect(await answerOf(backend.get({ path: '/channels/nobody' }))).toEqual({ occupied: false });
    expectRefusal(await refusalOf(backend.get({ path: '/channels/news/users' })), 400, /presence/i);
    expectRefusal(await refusalOf(backend.get({ path: '/nothing' })), 404, /path/);
  });

  it('signs parameters that need escapes', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('a=b;c,d@e.f');
    const params = { filter_by_prefix: 'a=b;c,d@' };
    expect(await answerOf(backendOf(server).get({ path: '/channels', params }))).toEqual({
      channels: { 'a=b;c,d@e.f': {} },
    });
  });
});

describe('users', () => {
  it('are sent to, and are disconnected', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const client = await PusherClient.connect(server);
    const data = backend.authenticateUser(client.socketId, { id: 'ann', user_info: { a: 1 } });
    client.send({ event: 'pusher:signin', data });
    await client.expectFrame('pusher:signin_success');
    await client.subscribe('#server-to-user-ann');
    expect(await answerOf(backend.sendToUser('ann', 'note', { n: 1 }))).toEqual({});
    expect((await client.expectFrame('note')).json).toEqual({ n: 1 });
    expect(await answerOf(backend.terminateUserConnections('ann'))).toEqual({});
    await client.expectError(4009);
    await client.expectClose(4009);
    expect(await answerOf(backend.terminateUserConnections('nobody'))).toEqual({});
  });
});

describe('authorizeChannel', () => {
  it('signs what the server lets in', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const client = await PusherClient.connect(server);
    const { socketId } = client;
    await client.subscribe('private-a', backend.authorizeChannel(socketId, 'private-a'));
    const member = { user_id: 'ü "1"', user_info: { nested: { deep: [{}] } } };
    const presence = await client.subscribe(
      'presence-a',
      backend.authorizeChannel(socketId, 'presence-a', member),
    );
    expect(presence.json.presence.hash).toEqual({ 'ü "1"': member.user_info });
    const { auth } = backend.authorizeChannel(socketId, 'private-encrypted-a');
    await client.subscribe('private-encrypted-a', { auth });
    await client.subscribeRefused('private-b', { auth });
  });
});

describe('The library set up by URL', () => {
  const application = { REVERB_APP_ID: '4711', REVERB_APP_KEY: 'key', REVERB_APP_SECRET: 'secret' };

  it('publishes', async () => {
    const { port, url } = await startServer(application);
    const client = await PusherClient.connect({ url, key: 'key' });
    await client.subscribe('news');
    const backend = Backend.forURL(`http://key:secret@127.0.0.1:${port}/apps/4711`);
    await backend.trigger('news', 'item', 1);
    await client.expectFrame('item');
  });

  it('publishes through a path prefix it does not sign', async () => {
    const server = await startServer({ ...application, REVERB_SERVER_PATH: '/realtime' });
    const client = await PusherClient.connect({ url: server.url, key: 'key' });
    await client.subscribe('private-encrypted-a', {
      auth: backendOf({ ...server, key: 'key', secret: 'secret' }).authorizeChannel(
        client.socketId,
        'private-encrypted-a',
      ).auth,
    });
    const backend = new Backend({
      appId: '4711',
      key: 'key',
      secret: 'secret',
      host: `127.0.0.1:${server.port}/realtime`,
      encryptionMasterKeyBase64: ENCRYPTION_MASTER_KEY,
    });
    await backend.trigger('private-encrypted-a', 'item', { a: 1 });
    expect((await client.expectFrame('item')).json).toEqual({
      nonce: expect.any(String),
      ciphertext: expect.any(String),
    });
  });
});
