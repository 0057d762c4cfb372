import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PresenceChannel } from 'pusher-js';
import { closeAll, eventually } from '../harness/eventually.js';
import { PusherClient } from '../harness/pusher-client.js';
import { signedRequest } from '../harness/signed-request.js';
import { sharedServer } from '../harness/shared-server.js';
import { startServer, type TestServer } from '../harness/test-server.js';
import {
  backendOf,
  clientOf,
  connected,
  Ear,
  type Pusher,
  SETTLE_MS,
  subscribed,
  TLS_VARIABLES,
} from './official-libraries.js';

afterEach(closeAll);

/** How many clients tried to connect, from now on. */
function countUpgrades({ app }: TestServer): { count: number; urls: string[] } {
  const seen = { count: 0, urls: [] as string[] };
  app.getHttpServer().on('upgrade', (request: IncomingMessage) => {
    seen.count++;
    seen.urls.push(request.url ?? '');
  });
  return seen;
}

describe('pusher-js connects', () => {
  it('and learns its socket id', async () => {
    const server = await sharedServer();
    const client = await connected(clientOf(server));
    expect(client.connection.socket_id).toMatch(/^\d+\.\d+$/);
    const { json } = await signedRequest(server, 'GET', 'connections');
    expect(json).toEqual({ connections: 1 });
  });

  it('behind a path prefix', async () => {
    const server = await startServer({ REVERB_SERVER_PATH: '/realtime/ws' });
    const upgrades = countUpgrades(server);
    await connected(clientOf(server));
    expect(upgrades.urls[0]).toMatch(/^\/realtime\/ws\/app\/app-key\?protocol=7&client=js/);
  });

  it('and says goodbye', async () => {
    const server = await sharedServer();
    const client = await connected(clientOf(server));
    client.disconnect();
    expect(client.connection.state).toBe('disconnected');
    await eventually(async () =>
      expect((await signedRequest(server, 'GET', 'connections')).json.connections).toBe(0),
    );
  });
});

describe('pusher-js over TLS', () => {
  it('connects and subscribes', async () => {
    const server = await startServer(TLS_VARIABLES);
    const client = await connected(clientOf(server));
    expect(client.connection.isUsingTLS()).toBe(true);
    const event = Ear.on(await subscribed(client, 'private-room'), 'greeting');
    await signedRequest(server, 'POST', 'events', {
      body: { name: 'greeting', channel: 'private-room', data: '"hello"' },
    });
    expect(await event.next()).toBe('hello');
  });

  it('is sent there from a plain connection when the application demands it', async () => {
    const demanding = { REVERB_APP_TLS_ONLY: 'true' };
    const plain = await startServer(demanding);
    const secure = await startServer({ ...demanding, ...TLS_VARIABLES });
    const client = clientOf(plain, {}, { wssPort: secure.port });
    const errors = Ear.on(client.connection, 'error');
    await connected(client);
    expect(client.connection.isUsingTLS()).toBe(true);
    expect(await errors.next()).toMatchObject({
      error: { data: { code: 4000, message: expect.stringContaining('SSL') } },
    });
  });
});

describe('A public channel', () => {
  it('brings objects, text and nothing', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const channel = await subscribed(clientOf(server), 'news');
    const event = Ear.on(channel, 'item');
    const payloads = [{ title: 'Überraschung 🎉', nested: { list: [1, null] } }, 'plain text', ''];
    for (const payload of payloads) await backend.trigger('news', 'item', payload);
    for (const payload of payloads) expect(await event.next()).toEqual(payload);
  });

  it('brings events in the order they were published', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const event = Ear.on(await subscribed(clientOf(server), 'news'), 'item');
    for (let i = 0; i < 50; i++) await backend.trigger('news', 'item', i);
    await eventually(() => expect(event.heard).toHaveLength(50));
    expect(event.heard).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('brings nothing any more once it was unsubscribed, and again after that', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    const client = clientOf(server);
    const before = Ear.on(await subscribed(client, 'news'), 'item');
    await backend.trigger('news', 'item', 1);
    expect(await before.next()).toBe(1);
    const everything = Ear.on(client.connection, 'message');
    client.unsubscribe('news');
    await eventually(async () =>
      expect((await signedRequest(server, 'GET', 'channels')).json.channels).toEqual({}),
    );
    await backend.trigger('news', 'item', 2);
    await sleep(SETTLE_MS);
    expect(everything.heard).toEqual([]);
    const after = Ear.on(await subscribed(client, 'news'), 'item');
    await backend.trigger('news', 'item', 3);
    expect(await after.next()).toBe(3);
    expect(before.heard).toEqual([1]);
  });

  it('unsubscribed before the answer came ends up without a subscriber', async () => {
    const server = await sharedServer();
    const client = await connected(clientOf(server));
    client.subscribe('news');
    client.unsubscribe('news');
    await subscribed(client, 'other');
    await eventually(async () =>
      expect((await signedRequest(server, 'GET', 'channels')).json.channels).toEqual({ other: {} }),
    );
  });

  it('tells how many subscribe to it, where the application wants that', async () => {
    const server = await startServer({ REVERB_APP_SUBSCRIPTION_COUNT: 'true' });
    const channel = clientOf(server).subscribe('news');
    const count = Ear.on(channel, 'pusher:subscription_count');
    expect(await count.next()).toEqual({ subscription_count: 1 });
    const second = clientOf(server);
    await subscribed(second, 'news');
    expect(await count.next()).toEqual({ subscription_count: 2 });
    second.disconnect();
    expect(await count.next()).toEqual({ subscription_count: 1 });
    expect(channel.subscriptionCount).toBe(1);
  });

  it('of a name nobody may use is refused', async () => {
    const client = clientOf(await sharedServer());
    const refused = Ear.on(client.subscribe('what is this?'), 'pusher:subscription_error');
    expect(await refused.next()).toEqual({
      type: 'InvalidChannel',
      error: expect.any(String),
      status: 400,
    });
    expect(client.connection.state).toBe('connected');
  });
});

describe('A private channel', () => {
  it('lets in whom the backend signed for', async () => {
    const server = await sharedServer();
    const event = Ear.on(await subscribed(clientOf(server), 'private-room'), 'greeting');
    await backendOf(server).trigger('private-room', 'greeting', { text: 'hi' });
    expect(await event.next()).toEqual({ text: 'hi' });
  });

  it('refuses another signature, and keeps the connection', async () => {
    const server = await sharedServer();
    const impostor = backendOf({ ...server, secret: 'guessed' });
    const client = clientOf(
      server,
      {},
      {
        channelAuthorization: {
          customHandler: ({ socketId, channelName }, callback) =>
            callback(null, impostor.authorizeChannel(socketId, channelName)),
        },
      },
    );
    const errors = Ear.on(client.connection, 'error');
    const refused = Ear.on(client.subscribe('private-room'), 'pusher:subscription_error');
    expect(await refused.next()).toEqual({
      type: 'AuthError',
      error: expect.any(String),
      status: 401,
    });
    expect(await errors.next()).toMatchObject({ data: { code: 4009 } });
    expect(client.connection.state).toBe('connected');
    const news = Ear.on(await subscribed(client, 'news'), 'item');
    await backendOf(server).trigger('news', 'item', 1);
    expect(await news.next()).toBe(1);
  });

  it('passes client events on to the others', async () => {
    const server = await sharedServer();
    const ann = await subscribed(clientOf(server), 'private-room');
    const bob = await subscribed(clientOf(server), 'private-room');
    const [atAnn, atBob] = [Ear.on(ann, 'client-typing'), Ear.on(bob, 'client-typing')];
    ann.trigger('client-typing', { name: 'ann' });
    expect(await atBob.next()).toEqual({ name: 'ann' });
    bob.trigger('client-typing', 'plain');
    expect(await atAnn.next()).toBe('plain');
    await sleep(SETTLE_MS);
    expect([atAnn.heard, atBob.heard]).toEqual([['plain'], [{ name: 'ann' }]]);
  });
});

describe('A presence channel', () => {
  const ann = { user_id: 'ann', user_info: { name: 'Ann', tags: {} } };
  const bob = { user_id: 'bob' };

  it('knows who is there, who comes and who goes', async () => {
    const server = await sharedServer();
    const first = (await subscribed(
      clientOf(server, { member: ann }),
      'presence-room',
    )) as PresenceChannel;
    expect(first.members).toMatchObject({ count: 1, myID: 'ann', me: { id: 'ann' } });
    const added = Ear.on(first, 'pusher:member_added');
    const removed = Ear.on(first, 'pusher:member_removed');

    const client = clientOf(server, { member: bob });
    const second = (await subscribed(client, 'presence-room')) as PresenceChannel;
    expect(second.members.count).toBe(2);
    expect(second.members.get('ann')).toEqual({ id: 'ann', info: ann.user_info });
    expect(second.members.me).toEqual({ id: 'bob', info: null });
    expect(await added.next()).toMatchObject({ id: 'bob' });
    expect(first.members.count).toBe(2);

    client.disconnect();
    expect(await removed.next()).toMatchObject({ id: 'bob' });
    expect(first.members.count).toBe(1);
  });

  it('counts a user with two windows once', async () => {
    const server = await sharedServer();
    const watcher = (await subscribed(
      clientOf(server, { member: ann }),
      'presence-room',
    )) as PresenceChannel;
    const added = Ear.on(watcher, 'pusher:member_added');
    const removed = Ear.on(watcher, 'pusher:member_removed');
    const windows = [clientOf(server, { member: bob }), clientOf(server, { member: bob })];
    for (const window of windows) await subscribed(window, 'presence-room');
    windows[0]!.disconnect();
    await sleep(SETTLE_MS);
    expect([added.heard.length, removed.heard.length]).toEqual([1, 0]);
    windows[1]!.unsubscribe('presence-room');
    expect(await removed.next()).toMatchObject({ id: 'bob' });
    expect(added.heard).toHaveLength(1);
  });

  it('says which member a client event is from', async () => {
    const server = await sharedServer();
    const sender = await subscribed(clientOf(server, { member: ann }), 'presence-room');
    const receiver = await subscribed(clientOf(server, { member: bob }), 'presence-room');
    const event = Ear.on(receiver, 'client-wave');
    sender.trigger('client-wave', { to: 'all', user_id: 'forged' });
    await event.next();
    expect(event.metadata).toEqual([{ user_id: 'ann' }]);
  });

  it('takes a signed-in user for the member', async () => {
    const server = await sharedServer();
    const client = clientOf(server, { user: { id: 'carol', user_info: { name: 'Carol' } } });
    client.signin();
    const channel = (await subscribed(client, 'presence-room')) as PresenceChannel;
    expect(channel.members.me).toEqual({ id: 'carol', info: { name: 'Carol' } });
  });
});

describe('A cache channel', () => {
  it('says that it remembers nothing, then hands out the last event', async () => {
    const server = await sharedServer();
    const backend = backendOf(server);
    for (const name of ['cache-rates', 'private-cache-rates', 'presence-cache-rates']) {
      const identity = { member: { user_id: name } };
      const empty = Ear.on(clientOf(server, identity).subscribe(name), 'pusher:cache_miss');
      await empty.next();
      await backend.trigger(name, 'rate', { eur: 1.09 });
      await backend.trigger(name, 'rate', { eur: 1.1 });
      const rate = Ear.on(clientOf(server, identity).subscribe(name), 'rate');
      expect(await rate.next()).toEqual({ eur: 1.1 });
      await sleep(20);
      expect(rate.heard).toHaveLength(1);
    }
  });
});

describe('An encrypted channel', () => {
  it.each(['private-encrypted-safe', 'private-encrypted-cache-safe'])(
    'brings what only the client can read: %s',
    async (name) => {
      const server = await sharedServer();
      const eavesdropper = await PusherClient.connect(server);
      const { auth } = backendOf(server).authorizeChannel(eavesdropper.socketId, name);
      await eavesdropper.subscribe(name, { auth });
      const event = Ear.on(await subscribed(clientOf(server), name), 'secret');
      await backendOf(server).trigger(name, 'secret', { pin: 'four-two' });
      expect(await event.next()).toEqual({ pin: 'four-two' });
      const sealed = await eavesdropper.expectFrame('secret');
      expect(sealed.json).toEqual({ nonce: expect.any(String), ciphertext: expect.any(String) });
      expect(sealed.raw).not.toContain('four-two');
    },
  );

  it('keeps an encrypted event in the cache as it is', async () => {
    const server = await sharedServer();
    await backendOf(server).trigger('private-encrypted-cache-safe', 'secret', 'kept');
    const channel = clientOf(server).subscribe('private-encrypted-cache-safe');
    expect(await Ear.on(channel, 'secret').next()).toBe('kept');
  });
});

describe('A user', () => {
  const ann = { id: 'ann', user_info: { name: 'Ann' } };

  it('signs in, and hears what a backend sends to it on every connection', async () => {
    const server = await sharedServer();
    const clients = [clientOf(server, { user: ann }), clientOf(server, { user: ann })];
    const stranger = clientOf(server, { user: { id: 'bob' } });
    const all = [...clients, stranger];
    const ears = all.map((client) => Ear.on(client.user, 'note'));
    for (const client of all) {
      client.signin();
      await client.user.signinDonePromise;
    }
    expect(clients[0]!.user.user_data).toEqual(ann);
    await eventually(() => expect(all.every(isHeard)).toBe(true));
    await backendOf(server).sendToUser('ann', 'note', { text: 'for you' });
    expect(await ears[0]!.next()).toEqual({ text: 'for you' });
    expect(await ears[1]!.next()).toEqual({ text: 'for you' });
    await sleep(SETTLE_MS);
    expect(ears[2]!.heard).toEqual([]);
  });

  it('signs in again after a reconnection', async () => {
    const server = await sharedServer();
    const client = clientOf(server, { user: ann });
    client.signin();
    await eventually(() => expect(isHeard(client)).toBe(true));
    await connected(client);
    client.disconnect();
    client.connect();
    await eventually(() => expect(isHeard(client)).toBe(true));
    const note = Ear.on(client.user, 'note');
    await backendOf(server).sendToUser('ann', 'note', 'again');
    expect(await note.next()).toBe('again');
  });

  it('with a signature of somebody else is refused for good', async () => {
    const server = await sharedServer();
    const client = clientOf({ ...server, secret: 'guessed' }, { user: ann });
    const errors = Ear.on(client.connection, 'error');
    client.signin();
    expect(await errors.next()).toMatchObject({ data: { code: 4009 } });
    await eventually(() => expect(client.connection.state).toBe('disconnected'));
  });

  it('hears when those it watches come and go', async () => {
    const server = await sharedServer({ REVERB_WEBHOOK_GRACE: '0' });
    const signedIn = (id: string, watchlist: string[] = []) => {
      const client = clientOf(server, { user: { id, watchlist } });
      client.signin();
      return client;
    };
    const early = signedIn('early');
    await early.user.signinDonePromise;
    const watcher = signedIn('watcher', ['early', 'late', 'never']);
    const online = Ear.on(watcher.user.watchlist, 'online');
    const offline = Ear.on(watcher.user.watchlist, 'offline');
    expect(await online.next()).toEqual({ name: 'online', user_ids: ['early'] });
    const late = signedIn('late');
    expect(await online.next()).toEqual({ name: 'online', user_ids: ['late'] });
    early.disconnect();
    expect(await offline.next()).toEqual({ name: 'offline', user_ids: ['early'] });
    late.disconnect();
    expect(await offline.next()).toEqual({ name: 'offline', user_ids: ['late'] });
  });

  it('is thrown out by the backend, and does not come back', async () => {
    const server = await startServer();
    const signedIn = clientOf(server, { user: ann });
    signedIn.signin();
    await signedIn.user.signinDonePromise;
    const present = clientOf(server, { member: { user_id: 'ann' } });
    await subscribed(present, 'presence-room');
    const other = await connected(clientOf(server, { user: { id: 'bob' } }));
    const upgrades = countUpgrades(server);
    const errors = Ear.on(signedIn.connection, 'error');
    await backendOf(server).terminateUserConnections('ann');
    expect(await errors.next()).toMatchObject({
      data: { code: 4009, message: 'You got disconnected by the app.' },
    });
    await eventually(() => expect(signedIn.connection.state).toBe('disconnected'));
    await eventually(() => expect(present.connection.state).toBe('disconnected'));
    await sleep(1_200);
    expect(upgrades.count).toBe(0);
    expect(other.connection.state).toBe('connected');
  });

  /** It is subscribed to its own channel. */
  function isHeard({ user }: Pusher): boolean {
    return user.serverToUserChannel?.subscribed ?? false;
  }
});

describe('pusher-js comes back', () => {
  it('after 4100, as soon as there is room', async () => {
    const server = await sharedServer({ REVERB_MAX_CONNECTIONS: '1' });
    const first = await connected(clientOf(server));
    const second = clientOf(server);
    const errors = Ear.on(second.connection, 'error');
    const channel = second.subscribe('news');
    expect(await errors.next()).toMatchObject({ error: { data: { code: 4100 } } });
    first.disconnect();
    await Ear.on(channel, 'pusher:subscription_succeeded').next();
    expect(second.connection.state).toBe('connected');
  });

  it('to the next server on the port, when one drains, and subscribes again', async () => {
    const first = await startServer();
    const variables = { REVERB_SERVER_PORT: String(first.port) };
    const client = clientOf(first, { member: { user_id: 'ann' }, user: { id: 'ann' } });
    client.signin();
    const rooms = ['news', 'private-room', 'presence-room'];
    const channels = [];
    for (const room of rooms) channels.push(await subscribed(client, room));
    const errors = Ear.on(client.connection, 'error');
    const again = channels.map((channel) => Ear.on(channel, 'pusher:subscription_succeeded'));
    await first.close();
    expect(await errors.next()).toMatchObject({ data: { code: 4200 } });
    const second = await startServer(variables);
    for (const ear of again) await ear.next(20_000);
    const event = Ear.on(client, 'item');
    await backendOf(second).trigger(rooms, 'item', 'still here');
    await eventually(() => expect(event.heard).toHaveLength(3));
    await eventually(() => expect(client.user.serverToUserChannel?.subscribed).toBe(true));
  });

  it('after the connection was lost', async () => {
    const server = await startServer();
    const sockets: Socket[] = [];
    server.app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
    const client = await connected(clientOf(server));
    const former = client.connection.socket_id;
    const again = Ear.on(client.connection, 'connected');
    for (const socket of sockets) socket.resetAndDestroy();
    await again.next(4_000);
    expect(client.connection.socket_id).not.toBe(former);
  });
});

describe('pusher-js stays away', () => {
  it.each([
    ['4001', 'Application does not exist', {}, { key: 'no-such-key' }],
    ['4003', 'Application is disabled', disabled(), {}],
    ['4004', 'Application is over connection quota', { REVERB_APP_MAX_CONNECTIONS: '1' }, {}],
    ['4009', 'Origin not allowed', { REVERB_ALLOWED_ORIGINS: 'https://example.test' }, {}],
  ])('after %s: %s', async (code, message, variables, difference) => {
    const server = await startServer(variables as Record<string, string>);
    if (code === '4004') await connected(clientOf(server));
    const upgrades = countUpgrades(server);
    const client = clientOf({ ...server, ...difference });
    const errors = Ear.on(client.connection, 'error');
    expect(await errors.next()).toMatchObject({ error: { data: { code: Number(code), message } } });
    await eventually(() => expect(client.connection.state).toBe('disconnected'));
    await sleep(1_200);
    expect(upgrades.count).toBe(1);
  });

  function disabled(): Record<string, string> {
    const application = { app_id: 'app-id', key: 'app-key', secret: 'app-secret', enabled: false };
    return { REVERB_APPS: JSON.stringify([application]) };
  }
});

describe('A sender', () => {
  it('does not hear its own event', async () => {
    const server = await sharedServer();
    const [sender, other] = [clientOf(server), clientOf(server)];
    const atSender = Ear.on(await subscribed(sender, 'news'), 'item');
    const atOther = Ear.on(await subscribed(other, 'news'), 'item');
    const backend = backendOf(server);
    await backend.trigger('news', 'item', 1, { socket_id: sender.connection.socket_id });
    await backend.trigger('news', 'item', 2);
    await eventually(() => expect(atOther.heard).toEqual([1, 2]));
    expect(atSender.heard).toEqual([2]);
  });
});
