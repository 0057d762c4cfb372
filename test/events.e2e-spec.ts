import { closeAll, PusherClient } from './harness/pusher-client.js';
import { publish } from './harness/publish.js';
import { Random } from './harness/random.js';
import { signedRequest } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const SUCCEEDED = 'pusher_internal:subscription_succeeded';

const connectMany = (server: SharedServer, count: number) =>
  Promise.all(Array.from({ length: count }, () => PusherClient.connect(server)));

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** The numbers that came in events of a name. */
const numbersIn = (client: PusherClient, event: string) =>
  client.framesLike(event).map(({ data }) => Number(data));

describe('A published event', () => {
  it('has name, channel and the very text that was published, nothing else', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await publish(server, 'news', 'headline', ' {"a" : 1} ');
    const { raw } = await client.expectFrame('headline');
    expect(raw).toBe('{"event":"headline","channel":"news","data":" {\\"a\\" : 1} "}');
  });

  it.each(titled('', 'text', 'null', '\u0000\u2028 💥 "\\', 'x'.repeat(10_000)))(
    'carries the data %s as it is',
    async (_, data) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.subscribe('news');
      await publish(server, 'news', 'headline', data);
      expect((await client.expectFrame('headline')).data).toBe(data);
    },
  );

  it.each(titled('a"b', 'ä 💥', 'pusher:subscribe', 'client-x', ' ', '\\', 'x'.repeat(200)))(
    'may be named %s',
    async (_, name) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.subscribe('news');
      await publish(server, 'news', name);
      await client.expectFrame(name, { channel: 'news' });
    },
  );

  it('comes to each of its channels, and once to one that is named twice', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await client.subscribe('weather');
    await publish(server, ['news', 'weather', 'news', 'empty', 'weather'], 'storm');
    await client.roundTrip();
    const got = client.framesLike('storm').map(({ channel }) => channel);
    expect(got).toEqual(['news', 'weather']);
  });

  it('does not come to the excluded socket, on any channel', async () => {
    const server = await sharedServer();
    const [ann, bob] = await connectMany(server, 2);
    for (const client of [ann!, bob!]) {
      await client.subscribe('news');
      await client.subscribe('weather');
    }
    await publish(server, ['news', 'weather'], 'storm', '{}', { socket_id: ann!.socketId });
    await publish(server, ['news', 'weather'], 'calm');
    await ann!.roundTrip();
    await bob!.roundTrip();
    expect(ann!.framesLike('storm')).toEqual([]);
    expect(ann!.framesLike('calm')).toHaveLength(2);
    expect(bob!.framesLike('storm')).toHaveLength(2);
  });

  it.each(['1.1', '0.0', '99999999999999999999.1'])(
    'comes to all when the excluded socket %s is nobody',
    async (socket_id) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.subscribe('news');
      await publish(server, 'news', 'headline', '{}', { socket_id });
      await client.expectFrame('headline');
    },
  );

  it('excludes one socket here and another there, in one breath', async () => {
    const server = await sharedServer();
    const clients = await connectMany(server, 5);
    for (const client of clients) await client.subscribe('news');
    const sent = numbers(100).map((i) => {
      const socket_id = clients[i % 5]!.socketId;
      return publish(server, 'news', 'count', String(i), { socket_id });
    });
    await Promise.all(sent);
    for (const [own, client] of clients.entries()) {
      await client.roundTrip();
      const expected = numbers(100).filter((i) => i % 5 !== own);
      expect(numbersIn(client, 'count').sort((a, b) => a - b)).toEqual(expected);
    }
  });
});

describe('Events of one channel', () => {
  it('come in the order they were published in', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    for (const i of numbers(200)) await publish(server, 'news', 'count', String(i));
    await client.roundTrip();
    expect(numbersIn(client, 'count')).toEqual(numbers(200));
  });

  it('come in the order they have in a batch', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await client.subscribe('weather');
    const batch = numbers(10).map((i) => ({
      name: 'count',
      data: String(i),
      channel: i % 3 === 0 ? 'weather' : 'news',
    }));
    const { status } = await signedRequest(server, 'POST', 'batch_events', { body: { batch } });
    expect(status).toBe(200);
    await client.roundTrip();
    const on = (channel: string) =>
      client.framesLike({ event: 'count', channel }).map(({ data }) => Number(data));
    expect(on('weather')).toEqual([0, 3, 6, 9]);
    expect(on('news')).toEqual([1, 2, 4, 5, 7, 8]);
  });
});

describe.each(['true', 'false'])('With direct writes %s', (directWrites) => {
  const start = (variables: Record<string, string> = {}) =>
    sharedServer({ REVERB_DIRECT_WRITES: directWrites, ...variables });

  it('many publishes in flight reach many subscribers once, in one order', async () => {
    const server = await start();
    const clients = await connectMany(server, 60);
    await Promise.all(clients.map((client) => client.subscribe('news')));
    const lanes = numbers(10).map(async (lane) => {
      for (const i of numbers(40)) await publish(server, 'news', `lane-${lane}`, String(i));
    });
    await Promise.all(lanes);
    const orders = new Set<string>();
    for (const client of clients) {
      await client.roundTrip();
      for (const lane of numbers(10)) {
        expect(numbersIn(client, `lane-${lane}`)).toEqual(numbers(40));
      }
      const events = client.framesLike({ channel: 'news' });
      orders.add(events.map(({ raw }) => raw).join());
    }
    expect(orders.size).toBe(1);
  });

  it('answers and events of one connection do not mix up', async () => {
    const server = await start({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0' });
    const [ann, bob] = await connectMany(server, 2);
    for (const client of [ann!, bob!]) await client.subscribePrivate('private-room', server);
    const filler = 'x'.repeat(5000);
    for (const i of numbers(200)) {
      ann!.trigger('client-count', 'private-room', `${i} ${filler}`);
      ann!.send({ event: 'pusher:ping', data: {} });
      bob!.trigger('client-count', 'private-room', `${i} ${filler}`);
    }
    await ann!.subscribe('ann-is-done');
    await bob!.subscribe('bob-is-done');
    await ann!.subscribe('both-are-done');
    for (const client of [ann!, bob!]) {
      const got = client.framesLike('client-count').map(({ data }) => parseInt(data, 10));
      expect(got).toEqual(numbers(200));
    }
    expect(ann!.framesLike('pusher:pong')).toHaveLength(200);
  });

  it('a subscriber that pauses reading gets everything, in order', async () => {
    const server = await start({
      REVERB_MAX_OUTBOX_SIZE: '100000000',
      REVERB_APP_MAX_EVENT_SIZE: '50000',
      REVERB_MAX_REQUEST_SIZE: '100000',
    });
    const [slow, fast] = await connectMany(server, 2);
    await slow!.subscribe('news');
    await fast!.subscribe('news');
    const filler = 'x'.repeat(45_000);
    for (const round of numbers(3)) {
      slow!.pauseReading();
      const sent = numbers(90).map((i) =>
        publish(server, 'news', `round-${round}`, `${i} ${filler}`),
      );
      await Promise.all(sent);
      await fast!.roundTrip();
      slow!.resumeReading();
      await slow!.roundTrip(10_000);
      const order = (client: PusherClient) =>
        client.framesLike(`round-${round}`).map(({ data }) => parseInt(data, 10));
      expect(order(slow!)).toEqual(order(fast!));
      expect(order(slow!).sort((a, b) => a - b)).toEqual(numbers(90));
    }
  });
});

/** Publishes numbers one after the other, and knows which were begun and which were answered. */
class Counting {
  begun = -1;
  answered = -1;
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly server: SharedServer,
    readonly event: string,
  ) {
    this.done = this.run();
  }

  stop(): Promise<void> {
    this.isOver = true;
    return this.done;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await publish(this.server, 'news', this.event, String(++this.begun));
      this.answered = this.begun;
    }
  }
}

describe('Whoever subscribes while events are published', () => {
  /** One subscription, and the numbers that may have come and must have come within it. */
  async function visit(client: PusherClient, countings: readonly Counting[], events: number) {
    client.discardPending();
    const since = client.frames.length;
    const answeredBefore = countings.map(({ answered }) => answered);
    client.sendSubscribe('news');
    await client.expectFrame(SUCCEEDED);
    const begunBefore = countings.map(({ begun }) => begun);
    for (let i = 0; i < events; i++) await client.expectFrame({ channel: 'news' });
    const answeredAfter = countings.map(({ answered }) => answered);
    client.unsubscribe('news');
    await client.roundTrip();
    const frames = client.frames.slice(since);
    expect(frames[0]?.event).toBe(SUCCEEDED);
    for (const [i, { event }] of countings.entries()) {
      const got = frames.filter((frame) => frame.event === event).map(({ data }) => Number(data));
      const first = got[0] ?? answeredAfter[i]! + 1;
      expect(got).toEqual(got.map((_, position) => first + position));
      expect(first).toBeGreaterThan(answeredBefore[i]!);
      expect(first).toBeLessThanOrEqual(begunBefore[i]! + 1);
      expect(got.at(-1) ?? answeredAfter[i]!).toBeGreaterThanOrEqual(answeredAfter[i]!);
    }
    const end = client.frames.length;
    await client.roundTrip();
    expect(client.frames.slice(end).map(({ event }) => event)).toEqual(['pusher:pong']);
  }

  it.each(['true', 'false'])(
    'gets none of them before the success and misses none after it (direct writes %s)',
    async (directWrites) => {
      const server = await sharedServer({ REVERB_DIRECT_WRITES: directWrites });
      const countings = numbers(3).map((i) => new Counting(server, `lane-${i}`));
      const clients = await connectMany(server, 8);
      const visits = clients.map(async (client, seed) => {
        const random = new Random(seed);
        for (let i = 0; i < 40; i++) await visit(client, countings, random.below(6));
      });
      await Promise.all(visits);
      await Promise.all(countings.map((counting) => counting.stop()));
    },
  );
});
