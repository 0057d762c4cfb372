import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Echo from 'laravel-echo';
import PusherJs from 'pusher-js';
import { closeAll, eventually, registerForClose } from '../harness/eventually.js';
import { sharedServer, type SharedServer } from '../harness/shared-server.js';
import {
  backendOf,
  Ear,
  keep,
  optionsFor,
  SETTLE_MS,
  type Identity,
} from './official-libraries.js';

afterEach(closeAll);

type ReverbEcho = Echo<'reverb'>;

/** Echo as a Laravel application sets it up for Reverb. */
function echoOf(server: SharedServer, identity: Identity = {}): ReverbEcho {
  const { cluster: _, ...options } = optionsFor(server, identity);
  return keep(
    new Echo({ broadcaster: 'reverb', Pusher: PusherJs, key: server.key, ...options } as never),
  );
}

/** Calls `subscribed` of a channel of Echo. */
async function subscribedTo<Channel extends { subscribed(callback: () => void): unknown }>(
  channel: Channel,
): Promise<Channel> {
  const ear = new Ear();
  channel.subscribed(ear.hear);
  await ear.next();
  return channel;
}

/** Publishes as Laravel does: the name of the class, and the payload as JSON. */
function broadcast(
  server: SharedServer,
  channel: string,
  event: string,
  payload: object,
  exceptSocketId?: string,
) {
  const params = exceptSocketId === undefined ? {} : { socket_id: exceptSocketId };
  return backendOf(server).trigger(channel, event, payload, params);
}

describe('Echo on a public channel', () => {
  it('hears broadcast events by their class, by their own name, and all of them', async () => {
    const server = await sharedServer();
    const [byClass, byName, all] = [new Ear(), new Ear(), new Ear()];
    const channel = echoOf(server).channel('orders');
    channel.listen('OrderShipped', byClass.hear).listen('.order.packed', byName.hear);
    channel.listenToAll(all.hear);
    await subscribedTo(channel);
    await broadcast(server, 'orders', 'App\\Events\\OrderShipped', { id: 1 });
    await broadcast(server, 'orders', 'order.packed', { id: 2 });
    expect(await byClass.next()).toEqual({ id: 1 });
    expect(await byName.next()).toEqual({ id: 2 });
    expect(all.heard).toEqual(['.App\\Events\\OrderShipped', '.order.packed'].map(shownToAll));
    expect(all.metadata).toEqual([{ id: 1 }, { id: 2 }]);
  });

  /** Echo takes its own namespace away. */
  function shownToAll(name: string): string {
    return name.replace(/^\.App\\Events\\/, '');
  }

  it('hears nothing any more after it stopped listening or left', async () => {
    const server = await sharedServer();
    const echo = echoOf(server);
    const [stopped, left, other] = [new Ear(), new Ear(), new Ear()];
    const channel = await subscribedTo(echo.channel('orders'));
    channel.listen('.a', stopped.hear).listen('.b', left.hear);
    (await subscribedTo(echo.channel('other'))).listen('.b', other.hear);
    channel.stopListening('.a', stopped.hear);
    await broadcast(server, 'orders', 'a', {});
    await broadcast(server, 'orders', 'b', {});
    await left.next();
    echo.leave('orders');
    await sleep(SETTLE_MS);
    await broadcast(server, 'orders', 'b', {});
    await broadcast(server, 'other', 'b', {});
    await other.next();
    expect([stopped.heard, left.heard]).toEqual([[], [{}]]);
  });

  it('keeps out whoever sent it (toOthers)', async () => {
    const server = await sharedServer();
    const echoes = [echoOf(server), echoOf(server)] as const;
    const ears = [new Ear(), new Ear()] as const;
    for (const [i, echo] of echoes.entries()) {
      (await subscribedTo(echo.channel('orders'))).listen('.placed', ears[i]!.hear);
    }
    await broadcast(server, 'orders', 'placed', { id: 1 }, echoes[0].socketId());
    expect(await ears[1].next()).toEqual({ id: 1 });
    await sleep(SETTLE_MS);
    expect(ears[0].heard).toEqual([]);
  });
});

describe('Echo on a private channel', () => {
  it('hears events and notifications', async () => {
    const server = await sharedServer();
    const [event, notification] = [new Ear(), new Ear()];
    const channel = echoOf(server).private('App.Models.User.1');
    channel.listen('OrderShipped', event.hear).notification(notification.hear);
    await subscribedTo(channel);
    const name = 'private-App.Models.User.1';
    await broadcast(server, name, 'App\\Events\\OrderShipped', { id: 1 });
    await broadcast(
      server,
      name,
      'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated',
      { type: 'InvoicePaid' },
    );
    expect(await event.next()).toEqual({ id: 1 });
    expect(await notification.next()).toEqual({ type: 'InvoicePaid' });
  });

  it('whispers to the others, and never to itself', async () => {
    const server = await sharedServer();
    const ann = await subscribedTo(echoOf(server).private('chat'));
    const bob = await subscribedTo(echoOf(server).private('chat'));
    const [atAnn, atBob] = [new Ear(), new Ear()];
    ann.listenForWhisper('typing', atAnn.hear);
    bob.listenForWhisper('typing', atBob.hear);
    ann.whisper('typing', { name: 'Ann' });
    expect(await atBob.next()).toEqual({ name: 'Ann' });
    bob.whisper('typing', { name: 'Bob' });
    expect(await atAnn.next()).toEqual({ name: 'Bob' });
    await sleep(SETTLE_MS);
    expect([atAnn.heard.length, atBob.heard.length]).toEqual([1, 1]);
  });

  it('is told when it may not', async () => {
    const server = await sharedServer();
    const error = new Ear();
    echoOf({ ...server, secret: 'guessed' })
      .private('chat')
      .error(error.hear);
    expect(await error.next()).toMatchObject({ type: 'AuthError', status: 401 });
  });

  it('reads what is encrypted', async () => {
    const server = await sharedServer();
    const event = new Ear();
    const channel = echoOf(server).encryptedPrivate('safe');
    channel.listen('.opened', event.hear);
    await subscribedTo(channel);
    await broadcast(server, 'private-encrypted-safe', 'opened', { by: 'ann' });
    expect(await event.next()).toEqual({ by: 'ann' });
  });
});

describe('Echo in a presence channel', () => {
  const member = (id: string) => ({ member: { user_id: id, user_info: { id, name: `I, ${id}` } } });
  const info = (id: string) => member(id).member.user_info;

  it('knows who is here, joining and leaving', async () => {
    const server = await sharedServer();
    const [here, joining, leaving, hereToo] = [new Ear(), new Ear(), new Ear(), new Ear()];
    echoOf(server, member('ann'))
      .join('room')
      .here(here.hear)
      .joining(joining.hear)
      .leaving(leaving.hear);
    expect(await here.next()).toEqual([info('ann')]);
    const second = echoOf(server, member('bob'));
    second.join('room').here(hereToo.hear);
    expect(await joining.next()).toEqual(info('bob'));
    expect(await hereToo.next()).toEqual([info('ann'), info('bob')]);
    second.leave('room');
    expect(await leaving.next()).toEqual(info('bob'));
    second.join('room');
    expect(await joining.next()).toEqual(info('bob'));
    second.disconnect();
    expect(await leaving.next()).toEqual(info('bob'));
    expect(here.heard).toHaveLength(1);
  });

  it('whispers, and hears events', async () => {
    const server = await sharedServer();
    const ann = await subscribedTo(echoOf(server, member('ann')).join('room'));
    const bob = await subscribedTo(echoOf(server, member('bob')).join('room'));
    const [whisper, event] = [new Ear(), new Ear()];
    bob.listenForWhisper('wave', whisper.hear).listen('.said', event.hear);
    ann.whisper('wave', { hands: 2 });
    expect(await whisper.next()).toEqual({ hands: 2 });
    expect(whisper.metadata).toEqual([{ user_id: 'ann' }]);
    await broadcast(server, 'presence-room', 'said', { text: 'hi' });
    expect(await event.next()).toEqual({ text: 'hi' });
  });
});

describe('Echo with an authorization endpoint', () => {
  it('asks it for private, presence and user signatures', async () => {
    const server = await sharedServer();
    const endpoint = await startEndpoint(server);
    const options = optionsFor(server);
    delete options.channelAuthorization;
    delete options.userAuthentication;
    const echo = keep(
      new Echo({
        ...options,
        broadcaster: 'pusher',
        Pusher: PusherJs,
        key: server.key,
        bearerToken: 'session',
        authEndpoint: `${endpoint}/broadcasting/auth`,
        userAuthentication: { endpoint: `${endpoint}/broadcasting/user-auth`, headers: {} },
      } as never),
    ) as Echo<'pusher'>;
    await subscribedTo(echo.private('chat'));
    const here = new Ear();
    echo.join('room').here(here.hear);
    expect(await here.next()).toEqual([{ name: 'Ann' }]);
    echo.connector.signin();
    const note = Ear.on(echo.connector.pusher.user, 'note');
    await eventually(() =>
      expect(echo.connector.pusher.user.serverToUserChannel?.subscribed).toBe(true),
    );
    await backendOf(server).sendToUser('ann', 'note', 'for you');
    expect(await note.next()).toBe('for you');
  });

  /** What Laravel answers at `/broadcasting/auth`; refuses who brings no token. */
  async function startEndpoint(server: SharedServer): Promise<string> {
    const backend = backendOf(server);
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const [socketId, channel] = [form.get('socket_id') ?? '', form.get('channel_name') ?? ''];
      const isKnown = request.headers.authorization === 'Bearer session';
      const member = { user_id: 'ann', user_info: { name: 'Ann' } };
      const signed = request.url!.endsWith('user-auth')
        ? backend.authenticateUser(socketId, { id: 'ann' })
        : backend.authorizeChannel(
            socketId,
            channel,
            channel.startsWith('presence-') ? member : undefined,
          );
      response.writeHead(isKnown ? 200 : 403, { 'Content-Type': 'application/json' });
      response.end(isKnown ? JSON.stringify(signed) : '{}');
    };
    const http = createServer((request, response) => void answer(request, response));
    await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
    registerForClose(() => {
      http.closeAllConnections();
      http.close();
    });
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }
});

describe('The connection of Echo', () => {
  it('tells its state, and comes back with its channels', async () => {
    const server = await sharedServer();
    const echo = echoOf(server);
    const states: string[] = [];
    echo.connector.onConnectionChange((state) => states.push(state));
    const event = new Ear();
    const channel = echo.channel('orders').listen('.placed', event.hear);
    await subscribedTo(channel);
    expect(echo.connectionStatus()).toBe('connected');
    echo.disconnect();
    expect(echo.connectionStatus()).toBe('disconnected');
    const again = subscribedTo(channel);
    // Not `echo.connect()`: that makes a second client.
    echo.connector.pusher.connect();
    await again;
    await broadcast(server, 'orders', 'placed', {});
    await event.next();
    expect(new Set(states)).toEqual(new Set(['connecting', 'connected', 'disconnected']));
  });

  it('works behind a path prefix', async () => {
    const server = await sharedServer({ REVERB_SERVER_PATH: '/reverb' });
    const channel = await subscribedTo(echoOf(server).channel('orders'));
    expect(channel.subscription.subscribed).toBe(true);
  });
});
