import {
  heard,
  numbersFrom,
  publishNumbers,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

let redis: RedisServer;
let cluster: NodeCluster;
let nodes: ServerProcess[];

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.start(3, redis);
  nodes = cluster.nodes;
});
afterAll(closeAll);

/** How many nodes listen on Redis to anything about a channel. */
async function listenersOf(channel: string): Promise<number> {
  const topics = (await redis.command('PUBSUB', 'CHANNELS', `*${channel}*`)) as string[];
  if (topics.length === 0) return 0;
  const [, count] = (await redis.command('PUBSUB', 'NUMSUB', ...topics)) as [string, number];
  return count;
}

describe('An event published on one node', () => {
  it('reaches the subscribers on every node, to the letter', async () => {
    const clients = await Promise.all(nodes.map((node) => subscriber(node, 'letter')));
    const data = JSON.stringify({ text: 'ä€😀 "\\\u0000', list: [1, null] });
    for (const node of nodes) {
      await publish(node, 'letter', 'event', data);
      const frames = await Promise.all(clients.map((client) => client.expectFrame('event')));
      for (const { envelope } of frames) {
        expect(envelope).toEqual({ event: 'event', channel: 'letter', data });
      }
    }
    for (const client of clients) await client.expectSilence(100);
  });

  it('does not reach the connection that is excluded, on whatever node it is', async () => {
    const clients = await Promise.all(nodes.map((node) => subscriber(node, 'except')));
    let published = 0;
    const expected = new Map(clients.map((client) => [client, [] as number[]]));
    for (const excluded of clients) {
      for (const node of nodes) {
        const data = String(++published);
        await publish(node, 'except', 'event', data, { socket_id: excluded.socketId });
        for (const client of clients) {
          if (client !== excluded) expected.get(client)!.push(published);
        }
      }
    }
    await publish(nodes[0]!, 'except', 'last');
    for (const client of clients) {
      await client.expectFrame('last');
      expect(heard(client, 'except', 'event')).toEqual(expected.get(client));
    }
  });

  it('reaches each of several channels, and everybody once on each', async () => {
    const client = await subscriber(nodes[0]!, 'one', 'two', 'three');
    await publish(nodes[1]!, ['one', 'two', 'two', 'three', 'elsewhere'], 'event');
    for (const channel of ['one', 'two', 'three']) await client.expectFrame('event', { channel });
    await client.expectSilence(100);
  });

  it('is any event of a batch, in its order', async () => {
    const client = await subscriber(nodes[2]!, 'batch-a', 'batch-b');
    const batch = numbersFrom(0, 10).map((i) => ({
      name: 'event',
      channel: i % 2 === 0 ? 'batch-a' : 'batch-b',
      data: String(i),
    }));
    const { status } = await signedRequest(nodes[0]!, 'POST', 'batch_events', { body: { batch } });
    expect(status).toBe(200);
    await eventually(() => expect(client.framesLike('event')).toHaveLength(10));
    expect(heard(client, 'batch-a', 'event')).toEqual([0, 2, 4, 6, 8]);
    expect(heard(client, 'batch-b', 'event')).toEqual([1, 3, 5, 7, 9]);
  });

  it('reaches private and encrypted channels, and is as large as it may be', async () => {
    for (const channel of ['private-room', 'private-encrypted-room']) {
      const client = await PusherClient.connect(nodes[0]!);
      await client.subscribePrivate(channel, nodes[0]!);
      const data = JSON.stringify('x'.repeat(9_998));
      await publish(nodes[1]!, channel, 'event', data);
      expect((await client.expectFrame('event', { channel })).data).toBe(data);
    }
  });

  it('is missed by nobody whose subscription succeeded before', async () => {
    const [near, far] = nodes as [ServerProcess, ServerProcess];
    for (let i = 0; i < 30; i++) {
      const channel = `prompt-${i}`;
      const client = await subscriber(near, channel);
      await publish(far, channel, 'event');
      await client.expectFrame('event');
      await client.close();
    }
  });
});

describe('Client events', () => {
  it('reach the subscribers on every node but their sender', async () => {
    const clients = await Promise.all(nodes.map((node) => PusherClient.connect(node)));
    for (const [i, client] of clients.entries()) {
      await client.subscribePresence('presence-typing', { user_id: `user-${i}` }, nodes[i]!);
    }
    for (const [i, sender] of clients.entries()) {
      sender.trigger('client-typed', 'presence-typing', { by: i });
      for (const client of clients) {
        if (client === sender) continue;
        const { envelope } = await client.expectFrame('client-typed');
        expect(envelope).toMatchObject({ data: { by: i }, user_id: `user-${i}` });
      }
      await sender.roundTrip();
      expect(sender.framesLike(({ envelope }) => envelope.data?.by === i)).toEqual([]);
    }
  });
});

describe('Everybody on a channel sees the same order', () => {
  it('whoever publishes, and wherever one is', async () => {
    const clients = await Promise.all(
      [...nodes, ...nodes].map((node) => subscriber(node, 'order')),
    );
    const perNode = 100;
    await Promise.all(
      nodes.map((node, i) => publishNumbers(node, 'order', numbersFrom(i * 1_000, perNode))),
    );
    const count = perNode * nodes.length;
    for (const client of clients) {
      await eventually(() => expect(heard(client, 'order')).toHaveLength(count));
    }
    const [first, ...others] = clients.map((client) => heard(client, 'order'));
    for (const other of others) expect(other).toEqual(first);
    for (const i of nodes.keys()) {
      const ofNode = first!.filter((number) => Math.floor(number / 1_000) === i);
      expect(ofNode).toEqual(numbersFrom(i * 1_000, perNode));
    }
  });
});

describe('A node listens on Redis', () => {
  it('only to channels that have a subscriber on it', async () => {
    expect(await listenersOf('interest')).toBe(0);
    const near = await subscriber(nodes[0]!, 'interest');
    expect(await listenersOf('interest')).toBe(1);
    await subscriber(nodes[0]!, 'interest');
    expect(await listenersOf('interest')).toBe(1);
    await subscriber(nodes[1]!, 'interest');
    expect(await listenersOf('interest')).toBe(2);
    await publish(nodes[2]!, 'interest', 'event');
    await near.expectFrame('event');
    expect(await listenersOf('interest')).toBe(2);
  });

  it('a while longer than the last subscriber stays, and then no more', async () => {
    const client = await subscriber(nodes[0]!, 'churn');
    client.unsubscribe('churn');
    await client.roundTrip();
    await client.expectSilence(300);
    expect(await listenersOf('churn')).toBe(1);
    await eventually(async () => expect(await listenersOf('churn')).toBe(0), { withinMs: 10_000 });
    await client.subscribe('churn');
    await publishNumbers(nodes[1]!, 'churn', [1]);
    await untilHeard(client, 'churn', [1]);
  });

  it('to a channel that empties and fills again and again, without asking Redis', async () => {
    const client = await subscriber(nodes[0]!, 'busy');
    const monitor = await redis.monitor();
    for (let i = 0; i < 20; i++) {
      client.unsubscribe('busy');
      await client.subscribe('busy');
    }
    await publishNumbers(nodes[1]!, 'busy', [1]);
    await untilHeard(client, 'busy', [1]);
    monitor.close();
    expect(monitor.lines.filter((line) => /^"s?(un)?subscribe"/i.test(line))).toEqual([]);
  });

  it('to many channels at once with few commands', async () => {
    const count = 100;
    const clients = await Promise.all(
      Array.from({ length: count }, () => PusherClient.connect(nodes[0]!)),
    );
    const monitor = await redis.monitor();
    await Promise.all(clients.map((client, i) => client.subscribe(`crowd-${i}`)));
    monitor.close();
    const commands = monitor.lines.filter((line) => /^"s?subscribe"/i.test(line));
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.length).toBeLessThan(count / 2);
  });
});
