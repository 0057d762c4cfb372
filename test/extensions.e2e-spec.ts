import { ForbiddenException, UnprocessableEntityException, type Provider } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import {
  ApplicationProvider,
  ClosingError,
  EventDispatcher,
  HookFault,
  PusherError,
  PusherExtension,
  Refusal,
  SubscriptionError,
  type BeforeClientEvent,
  type BeforeConnect,
  type BeforePublish,
  type BeforeSubscribe,
  type ConnectionAttempt,
  type Publication,
  type SubscriptionRequest,
} from '../src/index.js';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { startHost, type HostOptions } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';

afterEach(closeAll);

/** An extension with these hooks. */
function extension(hooks: object): Provider {
  @PusherExtension()
  class OwnExtension {}
  return { provide: OwnExtension, useValue: Object.assign(new OwnExtension(), hooks) };
}

const startWith = (hooks: object, options: Partial<HostOptions> = {}) =>
  startHost('Fastify', { ...options, providers: [extension(hooks)] });

/** A refusal of a team's own. */
class HouseRule extends Refusal {}

/** Something that ends only with the test. */
const never = () => new Promise<never>(() => undefined);
const IMPATIENT = { revurb: { extensions: { hookTimeoutSeconds: 0.05 } } };

describe('beforeConnect', () => {
  it('knows who wants to connect, and lets in whom it says nothing about', async () => {
    const attempts: ConnectionAttempt[] = [];
    const hooks: BeforeConnect = { beforeConnect: (attempt) => void attempts.push(attempt) };
    const host = await startWith(hooks);
    const client = await PusherClient.connect(host, {
      query: { token: 't' },
      headers: { cookie: 'a=b' },
    });
    const [{ socketId, application, url, headers, isSecure, client: description }] = attempts as [
      ConnectionAttempt,
    ];
    expect({ socketId, id: application.id, isSecure, cookie: headers.cookie }).toEqual({
      socketId: client.socketId,
      id: 'app-id',
      isSecure: false,
      cookie: 'a=b',
    });
    expect(url).toMatch(/^\/realtime\/app\/app-key\?.*token=t/);
    expect(description).toMatchObject({ library: 'js', version: '8.6.0', address: '127.0.0.1' });
  });

  it.each<[string, () => Error, number, number, string]>([
    ['a code that closes', () => new PusherError(4100, 'Later'), 4100, 4100, 'Later'],
    ['another code', () => new PusherError(4301, 'No'), 4301, 4009, 'No'],
    [
      'a code and another to close with',
      () => new ClosingError(4301, 'No', 4200),
      4301,
      4200,
      'No',
    ],
    ['an HTTP exception', () => new ForbiddenException('No'), 4009, 4009, 'No'],
    ['a WebSocket exception', () => new WsException('No'), 4009, 4009, 'No'],
    ['a refusal of its own', () => new HouseRule('No'), 4009, 4009, 'No'],
  ])('refuses with %s', async (_, makeError, code, closeCode, sentence) => {
    const host = await startWith({ beforeConnect: () => Promise.reject(makeError()) });
    const refused = await PusherClient.refused(host);
    expect(refused.errorFrame.json).toEqual({ code, message: sentence });
    expect(refused.closeCode).toBe(closeCode);
    await api(host, 'GET', 'connections').expect(200, { connections: 0 });
    expect(host.logs.of('error')).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['fails', () => Promise.reject(new TypeError('x is undefined'))],
    ['throws', () => new ClosingError(4001, 'No', 1234)],
    ['hangs', never],
    ['returns false', () => false],
  ])('keeps everybody out while it %s, and they may try again', async (_, beforeConnect) => {
    const host = await startWith({ beforeConnect }, IMPATIENT);
    for (let i = 0; i < 2; i++) {
      const { closeCode, closeReason } = await PusherClient.refused(host);
      expect([closeCode, closeReason]).toEqual([4100, expect.stringContaining('reconnect')]);
    }
    expect(host.logs.of('error')).toHaveLength(1);
    expect(host.logs.of('error')[0]).toContain('OwnExtension.beforeConnect');
  });

  it('is not asked about those whom the server refuses itself', async () => {
    const seen: unknown[] = [];
    const host = await startWith({ beforeConnect: (attempt: unknown) => void seen.push(attempt) });
    await PusherClient.refused({ ...host, key: 'nobody' });
    await PusherClient.refused(host, { query: { protocol: 3 } });
    expect(seen).toEqual([]);
  });

  it('keeps what a client sends meanwhile', async () => {
    let letIn = () => {};
    const host = await startWith({
      beforeConnect: () => new Promise<void>((resolve) => (letIn = resolve)),
    });
    const client = await PusherClient.connect(host, { awaitEstablished: false });
    client.sendSubscribe('c');
    await client.ping();
    expect(client.framesLike('pusher:connection_established')).toEqual([]);
    letIn();
    await client.expectFrame('pusher_internal:subscription_succeeded');
    expect(client.frames.map(({ event }) => event).slice(-2)).toEqual([
      'pusher:connection_established',
      'pusher_internal:subscription_succeeded',
    ]);
  });
});

describe('beforeSubscribe', () => {
  it('knows who wants to subscribe to what', async () => {
    const seen: unknown[] = [];
    const hooks: BeforeSubscribe = {
      beforeSubscribe({ application, connection, channel, channelData, member }) {
        seen.push([application.id, connection.socketId, channel, channelData, member]);
      },
    };
    const host = await startWith(hooks);
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    const member = { user_id: 7, user_info: { name: 'Ann' } };
    await client.subscribePresence('presence-c', member, host);
    const { socketId } = client;
    expect(seen).toEqual([
      ['app-id', socketId, 'c', undefined, undefined],
      [
        'app-id',
        socketId,
        'presence-c',
        JSON.stringify(member),
        { userId: '7', userInfo: { name: 'Ann' } },
      ],
    ]);
  });

  it.each<[string, () => Error, object]>([
    [
      'a Pusher error',
      () => new PusherError(4301, 'Not yours'),
      { type: 'AuthError', error: 'Not yours', status: 4301 },
    ],
    [
      'a subscription error',
      () => new SubscriptionError('c', { type: 'LimitReached', error: 'Full', status: 4004 }),
      { type: 'LimitReached', error: 'Full', status: 4004 },
    ],
    [
      'an HTTP exception',
      () => new ForbiddenException('Not yours'),
      { type: 'AuthError', error: 'Not yours', status: 403 },
    ],
  ])('refuses with %s, and the connection goes on', async (_, makeError, refusal) => {
    const host = await startWith({
      beforeSubscribe({ channel }: SubscriptionRequest) {
        if (channel === 'c') throw makeError();
      },
    });
    const client = await PusherClient.connect(host);
    expect((await client.subscribeRefused('c')).json).toEqual(refusal);
    await client.subscribe('other');
    await publishTo(host, 'c').expect(200, {});
    await publishTo(host, 'other').expect(200, {});
    await client.expectFrame('e', { channel: 'other' });
    await api(host, 'GET', 'channels').expect(200, { channels: { other: {} } });
    expect(client.framesLike({ event: 'e' })).toHaveLength(1);
  });

  it('may close the connection', async () => {
    const host = await startWith({
      beforeSubscribe: () => Promise.reject(new ClosingError(4009, 'Out')),
    });
    const client = await PusherClient.connect(host);
    client.sendSubscribe('c');
    expect((await client.expectClose(4009)).reason).toBe('Out');
  });

  it('says what the others get to know of a member', async () => {
    const hooks: BeforeSubscribe = {
      beforeSubscribe: async ({ member }) => ({ userInfo: { name: `${member?.userId}!` } }),
    };
    const host = await startWith(hooks);
    const ann = await PusherClient.connect(host);
    await ann.subscribePresence('presence-c', { user_id: 'ann', user_info: 'forged' }, host);
    const bob = await PusherClient.connect(host);
    const success = await bob.subscribePresence('presence-c', { user_id: 'bob' }, host);
    expect(success.json.presence.hash).toEqual({ ann: { name: 'ann!' }, bob: { name: 'bob!' } });
    const added = await ann.expectFrame('pusher_internal:member_added');
    expect(added.json).toEqual({ user_id: 'bob', user_info: { name: 'bob!' } });
  });

  it('may take what the others would get to know', async () => {
    const host = await startWith({ beforeSubscribe: () => ({ userInfo: undefined }) });
    const ann = await PusherClient.connect(host);
    const member = { user_id: 'ann', user_info: 'secret' };
    const success = await ann.subscribePresence('presence-c', member, host);
    expect(success.json.presence.hash).toEqual({ ann: null });
  });

  it('is not asked again about what is subscribed already, nor about who has no right to', async () => {
    const seen: string[] = [];
    const host = await startWith({
      beforeSubscribe: ({ channel }: SubscriptionRequest) => void seen.push(channel),
    });
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await client.subscribe('c');
    await client.subscribeRefused('private-c', 'app-key:forged');
    await client.subscribeRefused('b ad');
    expect(seen).toEqual(['c']);
  });

  it('answers a client also when it hangs or fails', async () => {
    const hang = { beforeSubscribe: never };
    const host = await startWith(hang, IMPATIENT);
    const client = await PusherClient.connect(host);
    client.sendSubscribe('c');
    await client.expectError(4200);
    await api(host, 'GET', 'channels').expect(200, { channels: {} });
    expect(host.logs.of('error')).toHaveLength(1);
  });

  it('leaves nothing behind of a client that goes while it is asked', async () => {
    let answer = () => {};
    const host = await startWith({
      beforeSubscribe: () => new Promise<void>((resolve) => (answer = resolve)),
    });
    const client = await PusherClient.connect(host);
    client.sendSubscribe('presence-c', client.presenceAuth('presence-c', { user_id: '1' }, host));
    await client.ping();
    await client.close();
    answer();
    await api(host, 'GET', 'channels').expect(200, { channels: {} });
    await api(host, 'GET', 'channels/presence-c/users').expect(200, { users: [] });
  });
});

describe.each([
  ['through the framework', false],
  ['in the fast lane', true],
])('beforePublish %s', (_, hasFastLane) => {
  const server = { server: { hasFastLane } };

  it('is asked about each event, and may change it', async () => {
    const seen: string[] = [];
    const hooks: BeforePublish = {
      beforePublish({ application, event: { name, data, channels, exceptSocketId } }) {
        seen.push([application.id, name, data, channels.join(), exceptSocketId].join(' '));
        return { data: `${data}!`, channels: ['c'] };
      },
    };
    const host = await startWith(hooks, server);
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await publishTo(host, 'other', { socket_id: '1.2' }).expect(200, {});
    expect((await client.expectFrame('e')).data).toBe('d!');
    const batch = [1, 2].map((i) => ({ name: `e${i}`, data: 'd', channel: 'x' }));
    await api(host, 'POST', 'batch_events', { body: { batch } }).expect(200, {});
    await client.expectFrame('e1');
    await client.expectFrame('e2');
    expect(seen).toEqual(['app-id e d other 1.2', 'app-id e1 d x ', 'app-id e2 d x ']);
  });

  it.each<[string, () => Error, number, string]>([
    ['a Pusher error', () => new PusherError(4301, 'Not this'), 403, 'Not this'],
    [
      'what is meant for subscriptions',
      () => new SubscriptionError('c', { type: 'AuthError', error: 'Not this', status: 401 }),
      403,
      'Not this',
    ],
    ['a WebSocket exception', () => new WsException('Not this'), 403, 'Not this'],
    ['a refusal of its own', () => new HouseRule('Not this'), 403, 'Not this'],
    ['an HTTP exception', () => new ForbiddenException('Not this'), 403, 'Not this'],
    [
      'a status libraries do not know',
      () => new UnprocessableEntityException('Not this'),
      403,
      'Not this',
    ],
    ['a fault, which is logged', () => new Error('secret detail'), 503, 'OwnExtension'],
  ])('refuses with %s', async (_case, makeError, status, sentence) => {
    const host = await startWith({ beforePublish: () => Promise.reject(makeError()) }, server);
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    expectRefusal(await publishTo(host, 'c'), status, sentence);
    await client.roundTrip();
    expect(client.framesLike('e')).toEqual([]);
    expect(host.logs.of('error')).toHaveLength(status === 503 ? 1 : 0);
  });

  it('refuses a whole batch for one of its events', async () => {
    const seen: string[] = [];
    const host = await startWith(
      {
        beforePublish({ event: { name } }: Publication) {
          if (name === 'bad') throw new PusherError(4301, 'Not this');
        },
        onPublished: ({ event: { name } }: Publication) => void seen.push(name),
      },
      server,
    );
    const client = await PusherClient.connect(host);
    await client.subscribe('cache-c');
    await client.expectFrame('pusher:cache_miss');
    const batch = ['good', 'bad', 'fine'].map((name) => ({ name, data: 'd', channel: 'cache-c' }));
    expectRefusal(await api(host, 'POST', 'batch_events', { body: { batch } }), 403, 'Not this');
    await client.roundTrip();
    await client.expectSilence(20);
    const info = await api(host, 'GET', 'channels/cache-c', { query: { info: 'cache' } });
    expect(info.body.cache).toBeNull();
    expect(seen).toEqual([]);
  });

  it('lets one event drop without a word', async () => {
    const host = await startWith(
      { beforePublish: ({ event }: Publication) => (event.name === 'spam' ? null : undefined) },
      server,
    );
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await publishTo(host, 'c', { name: 'spam' }).expect(200, {});
    const batch = ['spam', 'e'].map((name) => ({ name, data: 'd', channel: 'c' }));
    await api(host, 'POST', 'batch_events', { body: { batch } }).expect(200, {});
    await client.expectFrame('e');
    expect(client.framesLike('spam')).toEqual([]);
  });

  it('does not hang a backend', async () => {
    const host = await startWith({ beforePublish: never }, { ...server, ...IMPATIENT });
    const response = await publishTo(host, 'c');
    expectRefusal(response, 503);
    expect(response.headers['retry-after']).toBe('1');
  });

  it('is asked once for an idempotency key, and again when it refused', async () => {
    const seen: string[] = [];
    const host = await startWith(
      {
        beforePublish({ event: { data } }: Publication) {
          seen.push(data);
          if (seen.length === 1) throw new PusherError(4301, 'Not yet');
        },
      },
      server,
    );
    const headers = { 'X-Idempotency-Key': 'k' };
    const body = { name: 'e', data: 'd', channel: 'c' };
    const send = () => api(host, 'POST', 'events', { body, headers });
    await send().expect(403);
    await send().expect(200);
    await send().expect(200);
    expect(seen).toEqual(['d', 'd']);
  });
});

describe('beforePublish in the own code of a host', () => {
  const publish = async (host: Awaited<ReturnType<typeof startHost>>) => {
    const application = await host.app.get(ApplicationProvider).findById('app-id');
    const dispatcher = host.app.get(EventDispatcher);
    await dispatcher.publish(application!, [{ name: 'e', data: 'd', channels: ['c'] }]);
  };

  it('is asked by EventDispatcher, too', async () => {
    const host = await startWith({ beforePublish: () => ({ data: 'changed' }) });
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await publish(host);
    expect((await client.expectFrame('e')).data).toBe('changed');
  });

  it('tells the caller what was thrown', async () => {
    const refusal = new PusherError(4301, 'Not this');
    const host = await startWith({ beforePublish: () => Promise.reject(refusal) });
    await expect(publish(host)).rejects.toBe(refusal);
    const broken = await startWith({ beforePublish: () => Promise.reject(new Error('x')) });
    await expect(publish(broken)).rejects.toThrow(HookFault);
  });
});

describe('beforeClientEvent', () => {
  async function startPair(hooks: BeforeClientEvent, options?: Partial<HostOptions>) {
    const host = await startWith(hooks, options);
    const ann = await PusherClient.connect(host);
    const bob = await PusherClient.connect(host);
    await ann.subscribePresence('presence-c', { user_id: 'ann' }, host);
    await bob.subscribePresence('presence-c', { user_id: 'bob' }, host);
    return { host, ann, bob };
  }

  it('knows who sends what, and may change its data', async () => {
    const seen: unknown[] = [];
    const { ann, bob } = await startPair({
      beforeClientEvent: async ({ connection, channel, event, data, userId }) => {
        seen.push([connection.socketId, channel, event, data, userId]);
        return { data: { text: '***' } };
      },
    });
    ann.trigger('client-e', 'presence-c', { text: 'rude' });
    const { envelope } = await bob.expectFrame('client-e');
    expect(envelope).toEqual({
      event: 'client-e',
      channel: 'presence-c',
      data: { text: '***' },
      user_id: 'ann',
    });
    expect(seen).toEqual([[ann.socketId, 'presence-c', 'client-e', { text: 'rude' }, 'ann']]);
  });

  it.each<[string, () => Error, number]>([
    ['a Pusher error', () => new PusherError(4301, 'Rude'), 4301],
    ['an HTTP exception', () => new ForbiddenException('Rude'), 4009],
    ['a refusal of its own', () => new HouseRule('Rude'), 4009],
  ])('refuses it with %s, and tells the sender alone', async (_case, makeError, code) => {
    const { ann, bob } = await startPair({
      beforeClientEvent: () => {
        throw makeError();
      },
    });
    ann.trigger('client-e', 'presence-c', 1);
    expect((await ann.expectError(code)).json.message).toBe('Rude');
    await bob.roundTrip();
    expect(bob.framesLike('client-e')).toEqual([]);
  });

  it('lets it drop, and tells nobody', async () => {
    const { ann, bob } = await startPair({ beforeClientEvent: () => null });
    ann.trigger('client-e', 'presence-c', 1);
    await ann.roundTrip();
    await bob.roundTrip();
    expect(ann.framesLike('pusher:error')).toEqual([]);
    expect(bob.framesLike('client-e')).toEqual([]);
  });

  it('keeps the order of what a client sends', async () => {
    let delayMs = 20;
    const { ann, bob } = await startPair({
      beforeClientEvent: () => new Promise((resolve) => setTimeout(resolve, (delayMs -= 5))),
    });
    for (const i of [1, 2, 3]) ann.trigger(`client-${i}`, 'presence-c', i);
    await bob.expectFrame('client-3');
    const order = bob.framesLike(({ event }) => event.startsWith('client-'));
    expect(order.map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it('is not asked about what the server refuses itself', async () => {
    const seen: unknown[] = [];
    const { ann } = await startPair({ beforeClientEvent: (request) => void seen.push(request) });
    ann.trigger('client-e', 'presence-other', 1);
    await ann.expectError(4009);
    expect(seen).toEqual([]);
  });

  it('goes on with the next message when it hangs', async () => {
    const { ann } = await startPair({ beforeClientEvent: never }, IMPATIENT);
    ann.trigger('client-e', 'presence-c', 1);
    await ann.expectError(4200);
    await ann.roundTrip();
  });
});
