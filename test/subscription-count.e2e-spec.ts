import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const COUNT = 'pusher_internal:subscription_count';
const ENABLED = { REVERB_APP_SUBSCRIPTION_COUNT: 'true' };

const countsOf = (client: PusherClient): number[] =>
  client.framesLike(COUNT).map(({ json }) => json.subscription_count);

async function subscribeMany(server: SharedServer, channel: string, count: number) {
  const clients = await Promise.all(
    Array.from({ length: count }, () => PusherClient.connect(server)),
  );
  await Promise.all(clients.map((client) => client.subscribe(channel)));
  return clients;
}

describe('The subscription count', () => {
  it('is not sent unless the application wants it', async () => {
    const server = await sharedServer();
    const [client] = await subscribeMany(server, 'news', 3);
    await client!.roundTrip();
    expect(countsOf(client!)).toEqual([]);
  });

  it('is sent to all subscribers whenever one comes or goes', async () => {
    const server = await sharedServer(ENABLED);
    const [ann, bob, cid] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    await ann.subscribe('news');
    const first = await ann.expectFrame(() => true);
    expect(first.envelope).toEqual({
      event: COUNT,
      channel: 'news',
      data: '{"subscription_count":1}',
    });
    await bob.subscribe('news');
    await cid.subscribe('news');
    await cid.roundTrip();
    bob.unsubscribe('news');
    await bob.roundTrip();
    await cid.roundTrip();
    await cid.terminate();
    await eventually(() => expect(countsOf(ann)).toEqual([1, 2, 3, 2, 1]));
    expect(countsOf(bob)).toEqual([2, 3]);
    expect(countsOf(cid)).toEqual([3, 2]);
  });

  it('comes after the success frame', async () => {
    const server = await sharedServer(ENABLED);
    const client = await PusherClient.connect(server);
    client.sendSubscribe('news');
    await client.expectFrame(COUNT);
    expect(client.frames.map(({ event }) => event).slice(1)).toEqual([
      'pusher_internal:subscription_succeeded',
      COUNT,
    ]);
  });

  it.each(['private-room', 'cache-room', 'private-encrypted-room'])(
    'is sent on %s too',
    async (channel) => {
      const server = await sharedServer(ENABLED);
      const client = await PusherClient.connect(server);
      await client.subscribePrivate(channel, server);
      expect((await client.expectFrame(COUNT)).json).toEqual({ subscription_count: 1 });
    },
  );

  it.each(['presence-room', 'presence-cache-room'])('is not sent on %s', async (channel) => {
    const server = await sharedServer(ENABLED);
    const client = await PusherClient.connect(server);
    await client.subscribePresence(channel, { user_id: '1' }, server);
    await client.roundTrip();
    expect(countsOf(client)).toEqual([]);
  });

  it('does not change by subscribing again, or by a refusal', async () => {
    const server = await sharedServer(ENABLED);
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribePrivate('private-room', server);
    await ann.subscribePrivate('private-room', server);
    await bob.subscribeRefused('private-room');
    bob.unsubscribe('private-room');
    await bob.roundTrip();
    await ann.roundTrip();
    expect(countsOf(ann)).toEqual([1]);
  });

  it('is one of each channel', async () => {
    const server = await sharedServer(ENABLED);
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribe('news');
    await bob.subscribe('weather');
    await ann.roundTrip();
    expect(countsOf(ann)).toEqual([1]);
  });
});

describe('Above 100 subscribers the count', () => {
  it('is sent at most once in 5 seconds, and is right in the end', async () => {
    const server = await sharedServer(ENABLED);
    const clients = await subscribeMany(server, 'news', 120);
    const [witness] = clients;
    await eventually(() => expect(countsOf(witness!)).toContain(101));
    expect(Math.max(...countsOf(witness!))).toBe(101);
    for (const client of clients.slice(115)) client.unsubscribe('news');

    await eventually(() => expect(countsOf(witness!).at(-1)).toBe(115), { withinMs: 8000 });
    const large = witness!.framesLike(COUNT).slice(100);
    expect(large.map(({ json }) => json.subscription_count)).toEqual([101, 115]);
    expect(large[1]!.atMs - large[0]!.atMs).toBeGreaterThan(4500);
  });

  it('goes back to every change at 100, and repeats nothing later', async () => {
    const server = await sharedServer(ENABLED);
    const clients = await subscribeMany(server, 'news', 102);
    const [witness] = clients;
    await eventually(() => expect(countsOf(witness!)).toContain(101));
    for (const client of clients.slice(97)) {
      client.unsubscribe('news');
      await client.roundTrip();
    }
    await eventually(() => expect(countsOf(witness!).at(-1)).toBe(97));
    expect(countsOf(witness!).slice(-4)).toEqual([100, 99, 98, 97]);
    witness!.discardPending();
    await witness!.expectNoFrame(COUNT, 5200);
  });
});
