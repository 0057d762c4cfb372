import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { publish } from './harness/publish.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const ROOM = 'private-room';

async function connectTwo(server: SharedServer) {
  const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
  await ann.subscribePrivate(ROOM, server);
  await bob.subscribePrivate(ROOM, server);
  return [ann, bob] as const;
}

/** Sends `count` client events at once, and waits until they are dealt with. */
async function flood(sender: PusherClient, listener: PusherClient, count: number) {
  const before = listener.framesLike('client-typed').length;
  for (let i = 0; i < count; i++) sender.trigger('client-typed', ROOM, i);
  await sender.roundTrip();
  await listener.roundTrip();
  return listener.framesLike('client-typed').length - before;
}

describe('Client events per second', () => {
  it.each([
    ['10 unless configured', {}, 10],
    ['what is configured', { REVERB_APP_CLIENT_EVENTS_PER_SECOND: '3' }, 3],
  ])('are %s', async (_, variables, limit) => {
    const server = await sharedServer(variables as Record<string, string>);
    const [ann, bob] = await connectTwo(server);
    expect(await flood(ann, bob, limit + 5)).toBe(limit);
    const errors = ann.framesLike('pusher:error').map(({ json }) => json);
    expect(errors).toEqual(
      Array.from({ length: 5 }, () => ({ code: 4301, message: 'Rate limit exceeded' })),
    );
    expect(bob.framesLike('pusher:error')).toEqual([]);
  });

  it('are allowed again after a second, and the connection stays', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '3' });
    const [ann, bob] = await connectTwo(server);
    await flood(ann, bob, 10);
    await eventually(async () => expect(await flood(ann, bob, 1)).toBe(1), { everyMs: 100 });
    expect(ann.isOpen).toBe(true);
  });

  it('are counted for each connection by itself', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '3' });
    const [ann, bob] = await connectTwo(server);
    await flood(ann, bob, 10);
    expect(await flood(bob, ann, 3)).toBe(3);
  });

  it('do not hold back anything else', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '1' });
    const [ann, bob] = await connectTwo(server);
    await flood(ann, bob, 5);
    await ann.subscribe('news');
    await publish(server, 'news', 'headline');
    await ann.expectFrame('headline');
  });

  it('are not limited by 0', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0' });
    const [ann, bob] = await connectTwo(server);
    expect(await flood(ann, bob, 500)).toBe(500);
    expect(ann.framesLike('pusher:error')).toEqual([]);
  });
});

describe('The limit of messages', () => {
  const LIMITED = {
    REVERB_APP_RATE_LIMITING_ENABLED: 'true',
    REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS: '5',
    REVERB_APP_RATE_LIMIT_DECAY_SECONDS: '60',
    REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
  };
  const TERMINATING = { ...LIMITED, REVERB_APP_RATE_LIMIT_TERMINATE: 'true' };

  const ping = (client: PusherClient, times: number) => {
    for (let i = 0; i < times; i++) client.send({ event: 'pusher:ping', data: {} });
  };

  it('is off unless configured', async () => {
    const client = await PusherClient.connect(
      await sharedServer({ REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS: '5' }),
    );
    ping(client, 500);
    await client.subscribe('news');
    expect(client.framesLike('pusher:error')).toEqual([]);
  });

  it('drops what is over it with an error, and the connection stays', async () => {
    const server = await sharedServer(LIMITED);
    const client = await PusherClient.connect(server);
    ping(client, 5);
    client.sendSubscribe('news');
    const { json } = await client.expectError(4301);
    expect(json).toEqual({ code: 4301, message: 'Rate limit exceeded' });
    expect(client.framesLike('pusher:pong')).toHaveLength(5);
    expect(client.framesLike('pusher_internal:subscription_succeeded')).toEqual([]);
  });

  it('counts malformed messages and client events like all others', async () => {
    const server = await sharedServer(LIMITED);
    const [ann, bob] = await connectTwo(server);
    for (const message of ['', 'x', '{}']) ann.send(message);
    ann.trigger('client-typed', ROOM, 'let through');
    ann.trigger('client-typed', ROOM, 'too many');
    await ann.expectError(4301);
    await bob.roundTrip();
    expect(bob.framesLike('client-typed').map(({ data }) => data)).toEqual(['let through']);
  });

  it('begins anew when the window is over', async () => {
    const brief = { ...LIMITED, REVERB_APP_RATE_LIMIT_DECAY_SECONDS: '1' };
    const client = await PusherClient.connect(await sharedServer(brief));
    ping(client, 6);
    await client.expectError(4301);
    await eventually(() => client.roundTrip(100), { everyMs: 100 });
    expect(client.isOpen).toBe(true);
  });

  it('is one of each connection', async () => {
    const server = await sharedServer(LIMITED);
    const first = await PusherClient.connect(server);
    ping(first, 6);
    await first.expectError(4301);
    await (await PusherClient.connect(server)).roundTrip();
  });

  it('with terminate_on_limit delivers the error and then closes with 4200', async () => {
    const server = await sharedServer(TERMINATING);
    const [ann, bob] = await connectTwo(server);
    ping(ann, 4);
    for (let i = 0; i < 20; i++) ann.trigger('client-typed', ROOM, i);
    await ann.expectClose(4200);
    const errors = ann.framesLike('pusher:error').map(({ json }) => json);
    expect(errors).toEqual([{ code: 4301, message: 'Rate limit exceeded' }]);
    expect(ann.frames.at(-1)?.event).toBe('pusher:error');
    expect(ann.framesLike('pusher:pong')).toHaveLength(4);
    await bob.roundTrip();
    expect(bob.framesLike('client-typed')).toEqual([]);
  });

  it('with terminate_on_limit ends the subscriptions at once', async () => {
    const server = await sharedServer(TERMINATING);
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribePresence('presence-room', { user_id: 'ann' }, server);
    await bob.subscribePresence('presence-room', { user_id: 'bob' }, server);
    ping(ann, 5);
    await ann.expectClose(4200);
    const { json } = await bob.expectFrame('pusher_internal:member_removed');
    expect(json).toEqual({ user_id: 'ann' });
  });

  it('with terminate_on_limit lets through what keeps below it', async () => {
    const client = await PusherClient.connect(await sharedServer(TERMINATING));
    for (let i = 0; i < 5; i++) await client.roundTrip();
    expect(client.framesLike('pusher:error')).toEqual([]);
  });
});
