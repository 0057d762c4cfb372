import { eventually } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { occupiedChannels, publish, usersIn } from './harness/publish.js';
import { Random } from './harness/random.js';
import { slowDriver, type Outage } from './harness/slow-driver.js';

afterEach(closeAll);

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A server whose state and messages are far away. */
function start(seed: number, outage?: Outage) {
  const scaling = { enabled: true, driver: 'slow' };
  const scalingDrivers = { slow: slowDriver(seed, outage) };
  return startHost('Fastify', { revurb: { scaling, scalingDrivers } });
}

type Server = Awaited<ReturnType<typeof start>>;

const connectMany = (server: Server, count: number) =>
  Promise.all(numbers(count).map(() => PusherClient.connect(server)));

describe('When state and messages are far away', () => {
  it.each([1, 2, 3, 4])('the members of a channel still agree (seed %i)', async (seed) => {
    const server = await start(seed);
    const random = new Random(seed);
    const clients = await connectMany(server, 24);
    for (const round of numbers(6)) {
      const channel = round % 2 === 0 ? 'presence-room' : 'presence-cache-room';
      const present = new Map<PusherClient, string>();
      for (const i of numbers(100)) {
        const client = random.of(clients);
        const user_id = `user-${clients.indexOf(client)}`;
        if (random.below(2) === 0) {
          client.unsubscribe(channel);
          present.delete(client);
        } else if (!present.has(client)) {
          client.sendSubscribe(channel, client.presenceAuth(channel, { user_id }, server));
          present.set(client, user_id);
        }
        if (i % 5 === 0) await client.roundTrip();
      }
      const expected = [...new Set(present.values())].sort();
      for (const client of clients) await client.roundTrip();
      expect(await usersIn(server, channel)).toEqual(expected);
      for (const client of present.keys()) {
        await eventually(() => {
          expect(rosterSeenBy(client, channel, { isLenient: true })).toEqual(expected);
        });
      }
      for (const client of clients) client.unsubscribe(channel);
      for (const client of clients) await client.roundTrip();
      await eventually(async () => expect(await occupiedChannels(server)).toEqual([]));
    }
  });

  it.each([1, 2, 3])('who subscribes knows the last cached event (seed %i)', async (seed) => {
    const server = await start(seed);
    const random = new Random(seed);
    const clients = await connectMany(server, 8);
    const over = new AbortController();
    let last = 0;
    const publishing = (async () => {
      while (!over.signal.aborted) await publish(server, 'cache-x', 'price', String(++last));
    })();
    const visits = clients.map(async (client) => {
      for (const turns of numbers(15).map(() => random.below(3))) {
        await client.subscribe('cache-x');
        for (let i = 0; i < turns; i++) await client.roundTrip();
        client.unsubscribe('cache-x');
      }
      await client.subscribe('cache-x');
    });
    await Promise.all(visits);
    over.abort();
    await publishing;
    for (const client of clients) {
      await eventually(() => expect(client.framesLike('price').at(-1)?.data).toBe(String(last)));
    }
  });

  it.each([1, 2, 3])(
    'who subscribes during a publish gets it one way or the other (seed %i)',
    async (seed) => {
      const server = await start(seed);
      for (const i of numbers(60)) {
        const channel = `cache-${i}`;
        const client = await PusherClient.connect(server);
        const published = publish(server, channel, 'price');
        await client.subscribe(channel);
        await published;
        await client.expectFrame('price');
        await client.close();
      }
    },
  );
});

describe('Who is gone before the answer came', () => {
  it.each([1, 2, 3])('is no member in the end (seed %i)', async (seed) => {
    const server = await start(seed);
    const random = new Random(seed);
    const witness = await PusherClient.connect(server);
    await witness.subscribePresence('presence-room', { user_id: 'witness' }, server);
    for (const client of await connectMany(server, 30)) {
      const auth = client.presenceAuth('presence-room', { user_id: client.socketId }, server);
      client.sendSubscribe('presence-room', auth);
      if (random.below(2) === 0) client.unsubscribe('presence-room');
      if (random.below(2) === 0) void client.terminate();
      else void client.close();
    }
    await eventually(async () => {
      expect(await usersIn(server, 'presence-room')).toEqual(['witness']);
      expect(rosterSeenBy(witness, 'presence-room')).toEqual(['witness']);
    });
  });
});

describe('While the other machine is gone', () => {
  it.each(['news', 'presence-room', 'presence-cache-room'])(
    'nobody is let into %s, and all is well afterwards',
    async (channel) => {
      const outage = { isOn: false };
      const server = await start(1, outage);
      const client = await PusherClient.connect(server);
      const auth = client.presenceAuth(channel, { user_id: 'ann' }, server);
      outage.isOn = true;
      client.sendSubscribe(channel, auth);
      await client.expectError(4200);
      outage.isOn = false;
      expect(await occupiedChannels(server)).toEqual([]);
      await client.subscribe(channel, auth);
      await publish(server, channel, 'event');
      await client.expectFrame('event');
      client.unsubscribe(channel);
      await eventually(async () => expect(await occupiedChannels(server)).toEqual([]));
    },
  );
});
