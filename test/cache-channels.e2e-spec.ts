import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { ReceivedFrame } from './harness/pusher-client.js';
import { occupiedChannels, publish } from './harness/publish.js';
import { signedRequest } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const SUCCEEDED = 'pusher_internal:subscription_succeeded';
const CACHE_MISS = 'pusher:cache_miss';
const KINDS = ['cache-x', 'private-cache-x', 'presence-cache-x', 'private-encrypted-cache-x'];

/** Subscribes to a channel of any kind, by a user of its own where one is needed. */
async function subscribe(server: SharedServer, client: PusherClient, channel: string) {
  if (channel.startsWith('presence-')) {
    return client.subscribePresence(channel, { user_id: client.socketId }, server);
  }
  return client.subscribePrivate(channel, server);
}

/** Subscribes with a new connection, and gives what came after the success frame. */
async function arrive(server: SharedServer, channel: string): Promise<readonly ReceivedFrame[]> {
  const client = await PusherClient.connect(server);
  await subscribe(server, client, channel);
  await client.roundTrip();
  const since = client.frames.findIndex(({ event }) => event === SUCCEEDED);
  return client.frames.slice(since + 1).filter(({ event }) => event !== 'pusher:pong');
}

describe.each(KINDS)('A cache channel, %s,', (channel) => {
  it('says that it remembers nothing, right after the success', async () => {
    const server = await sharedServer();
    const [miss, ...more] = await arrive(server, channel);
    expect(miss?.envelope).toEqual({ event: CACHE_MISS, channel, data: '{}' });
    expect(more).toEqual([]);
  });

  it('gives who comes the last event, as an event like any other', async () => {
    const server = await sharedServer();
    const first = await PusherClient.connect(server);
    await subscribe(server, first, channel);
    await first.expectFrame(CACHE_MISS);
    await publish(server, channel, 'price', '{"eur":1}');
    await publish(server, channel, 'price', '{"eur":2}');
    const live = [await first.expectFrame('price'), await first.expectFrame('price')];
    const [cached, ...more] = await arrive(server, channel);
    expect(cached?.raw).toBe(live[1]!.raw);
    expect(cached?.envelope).toEqual({ event: 'price', channel, data: '{"eur":2}' });
    expect(more).toEqual([]);
  });

  it('remembers what was published while nobody was subscribed', async () => {
    const server = await sharedServer();
    await publish(server, channel, 'price', '');
    expect(await occupiedChannels(server)).toEqual([]);
    expect((await arrive(server, channel))[0]).toMatchObject({ event: 'price', data: '' });
  });

  it('goes on remembering when all have left', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await subscribe(server, client, channel);
    await publish(server, channel, 'price');
    await client.expectFrame('price');
    await client.close();
    await eventually(async () => expect(await occupiedChannels(server)).toEqual([]));
    expect((await arrive(server, channel))[0]).toMatchObject({ event: 'price' });
  });

  it('remembers also what it did not bring to an excluded socket', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await subscribe(server, client, channel);
    await publish(server, channel, 'price', '{}', { socket_id: client.socketId });
    await client.roundTrip();
    expect(client.framesLike('price')).toEqual([]);
    expect((await arrive(server, channel))[0]).toMatchObject({ event: 'price' });
  });

  it('forgets when the time is over', async () => {
    const server = await sharedServer({ REVERB_APP_CACHE_TTL: '1' });
    await publish(server, channel, 'price');
    expect((await arrive(server, channel))[0]).toMatchObject({ event: 'price' });
    await eventually(async () => {
      expect((await arrive(server, channel))[0]).toMatchObject({ event: CACHE_MISS });
    });
  });

  it('never misses what is published while somebody subscribes', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const { socketId } = client;
    for (let i = 0; i < 40; i++) {
      const published = publish(server, channel, 'price', String(i));
      const joined = subscribe(server, client, channel);
      await Promise.all([published, joined]);
      await client.expectFrame((frame) => frame.event === 'price' && frame.data === String(i));
      client.unsubscribe(channel);
      await client.roundTrip();
      client.discardPending();
    }
    expect(client.socketId).toBe(socketId);
    for (const sent of runsOf(client.frames)) {
      expect(sent).toEqual([...sent].sort((a, b) => a - b));
      expect(new Set(sent).size).toBe(sent.length);
    }
  });
});

/** The numbers that came within each subscription. */
function runsOf(frames: readonly ReceivedFrame[]): number[][] {
  const runs: number[][] = [];
  for (const { event, data } of frames) {
    if (event === SUCCEEDED) runs.push([]);
    else if (event === 'price') runs.at(-1)!.push(Number(data));
  }
  return runs;
}

describe('The cache of a channel', () => {
  it('never holds a client event', async () => {
    const server = await sharedServer();
    for (const channel of ['private-cache-x', 'presence-cache-x']) {
      const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
      await subscribe(server, ann, channel);
      await subscribe(server, bob, channel);
      ann.trigger('client-typed', channel, {});
      await bob.expectFrame('client-typed');
      expect((await arrive(server, channel)).map(({ event }) => event)).toEqual([CACHE_MISS]);
    }
  });

  it('never holds a client event of somebody who is no member', async () => {
    const server = await sharedServer({ REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: 'all' });
    const ann = await PusherClient.connect(server);
    ann.trigger('client-typed', 'cache-x', {});
    await ann.roundTrip();
    expect((await arrive(server, 'cache-x')).map(({ event }) => event)).toEqual([CACHE_MISS]);
  });

  it('never holds who came and went', async () => {
    const server = await sharedServer();
    const channel = 'presence-cache-x';
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await subscribe(server, ann, channel);
    await subscribe(server, bob, channel);
    await bob.close();
    await ann.expectFrame('pusher_internal:member_removed');
    expect((await arrive(server, channel)).map(({ event }) => event)).toEqual([CACHE_MISS]);
  });

  it('never holds a subscription count', async () => {
    const server = await startServer({ REVERB_APP_SUBSCRIPTION_COUNT: 'true' });
    await arrive(server, 'cache-x');
    const frames = await arrive(server, 'cache-x');
    expect(frames[0]).toMatchObject({ event: CACHE_MISS });
  });

  it('is one of each channel and each application', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    await publish(one!, 'cache-x', 'price');
    expect((await arrive(one!, 'cache-y'))[0]).toMatchObject({ event: CACHE_MISS });
    expect((await arrive(two!, 'cache-x'))[0]).toMatchObject({ event: CACHE_MISS });
    expect((await arrive(one!, 'cache-x'))[0]).toMatchObject({ event: 'price' });
  });

  it('holds the last event of a batch, and of each channel of a publish', async () => {
    const server = await sharedServer();
    const batch = ['first', 'last'].map((name) => ({ name, data: '{}', channel: 'cache-x' }));
    await signedRequest(server, 'POST', 'batch_events', { body: { batch } });
    await publish(server, ['cache-y', 'cache-z', 'cache-y'], 'both');
    expect((await arrive(server, 'cache-x'))[0]).toMatchObject({ event: 'last' });
    expect((await arrive(server, 'cache-y'))[0]).toMatchObject({ event: 'both' });
    expect((await arrive(server, 'cache-z'))[0]).toMatchObject({ event: 'both' });
  });

  it('is not given to who may not subscribe', async () => {
    const server = await startServer();
    await publish(server, 'private-cache-x', 'secret');
    const client = await PusherClient.connect(server);
    await client.subscribeRefused('private-cache-x', 'app-key:00');
    await client.roundTrip();
    expect(client.framesLike('secret')).toEqual([]);
  });

  it.each(['foo-cache-bar', 'my-cache-x', 'private-x-cache-y', 'cache', 'cached-x'])(
    'is not there on %s',
    async (channel) => {
      const server = await sharedServer();
      await publish(server, channel, 'price');
      expect(await arrive(server, channel)).toEqual([]);
    },
  );
});
