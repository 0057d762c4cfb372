import {
  member,
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

const QUOTA = 12;
const PER_SECOND = 20;

const LIMITED = { appId: 'limited-id', key: 'limited-key', secret: 'limited-secret' };
const COUNTED = { appId: 'counted-id', key: 'counted-key', secret: 'counted-secret' };
const APPLICATIONS = [
  { app_id: COUNTED.appId, key: COUNTED.key, secret: COUNTED.secret },
  { app_id: 'app-id', key: 'app-key', secret: 'app-secret', cache_ttl: 3 },
  {
    app_id: LIMITED.appId,
    key: LIMITED.key,
    secret: LIMITED.secret,
    max_connections: QUOTA,
    publishes_per_second: PER_SECOND,
    reads_per_second: PER_SECOND,
    subscription_count: true,
  },
];

let redis: RedisServer;
let cluster: NodeCluster;
let nodes: ServerProcess[];

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.start(3, redis, {
    REVERB_APPS: JSON.stringify(APPLICATIONS),
    REVERB_APP_ID: undefined,
    REVERB_APP_KEY: undefined,
    REVERB_APP_SECRET: undefined,
  });
  nodes = cluster.nodes;
});
afterAll(closeAll);

/** A node as seen by another application. */
const limited = (node: ServerProcess) => ({ url: node.url, httpUrl: node.httpUrl, ...LIMITED });
const counted = (node: ServerProcess) => ({ url: node.url, httpUrl: node.httpUrl, ...COUNTED });

describe('From any node one learns', () => {
  it('the channels of all, with their counts', async () => {
    const expected: Record<string, object> = {};
    for (const [i, node] of nodes.entries()) {
      await member(node, 'presence-all', `user-${i}`);
      await member(node, 'presence-all', 'everywhere');
      await member(node, `presence-own-${i}`, 'ann');
      await subscriber(node, `plain-${i}`);
      expected[`presence-own-${i}`] = { user_count: 1, subscription_count: 1 };
    }
    expected['presence-all'] = { user_count: 4, subscription_count: 6 };
    const query = { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' };
    await cluster.untilAllAnswer('channels', { channels: expected }, { query });
    const plain = { channels: { 'plain-0': {}, 'plain-1': {}, 'plain-2': {} } };
    await cluster.untilAllAnswer('channels', plain, { query: { filter_by_prefix: 'plain-' } });
    for (const node of nodes) {
      const { json } = await signedRequest(node, 'GET', 'channels/presence-all/users');
      const ids = json.users.map(({ id }: { id: string }) => id).sort();
      expect(ids).toEqual(['everywhere', 'user-0', 'user-1', 'user-2']);
    }
  });

  it('in the answer to a publish, too', async () => {
    for (const node of nodes) await member(node, 'presence-info', 'ann');
    await eventually(async () => {
      for (const node of nodes) {
        const info = 'user_count,subscription_count';
        const body = { name: 'e', data: '', channels: ['presence-info', 'nobody'], info };
        const { json } = await signedRequest(node, 'POST', 'events', { body });
        expect(json).toEqual({
          channels: {
            'presence-info': { user_count: 1, subscription_count: 3 },
            nobody: { subscription_count: 0 },
          },
        });
      }
    });
  });

  it('at once what happened on itself', async () => {
    const node = nodes[1]!;
    for (let i = 0; i < 10; i++) {
      const client = await subscriber(node, 'prompt');
      const query = { info: 'subscription_count' };
      const { json } = await signedRequest(node, 'GET', 'channels/prompt', { query });
      expect(json).toEqual({ occupied: true, subscription_count: 1 });
      client.unsubscribe('prompt');
      await client.roundTrip();
      const after = await signedRequest(node, 'GET', 'channels/prompt', { query });
      expect(after.json).toEqual({ occupied: false, subscription_count: 0 });
      await client.close();
    }
  });

  it('how many connections there are, opened and closed in any way', async () => {
    const expectCount = (connections: number) =>
      eventually(async () => {
        for (const node of nodes) {
          const { json } = await signedRequest(counted(node), 'GET', 'connections');
          expect(json).toEqual({ connections });
        }
      });
    const clients = await Promise.all(
      numbersFrom(0, 30).map((i) => PusherClient.connect(counted(nodes[i % 3]!))),
    );
    await expectCount(30);
    await Promise.all(
      clients.slice(0, 20).map((client, i) => (i % 2 ? client.close() : client.terminate())),
    );
    await expectCount(10);
    await Promise.all(clients.slice(20).map((client) => client.close()));
    await expectCount(0);
  });
});

describe('The quota of connections', () => {
  it('is that of all nodes, and a place that becomes free is free on every node', async () => {
    const clients = await Promise.all(
      numbersFrom(0, QUOTA).map((i) => PusherClient.connect(limited(nodes[i % 3]!))),
    );
    for (const node of nodes) {
      const { closeCode, errorFrame } = await PusherClient.refused(limited(node));
      expect([closeCode, errorFrame.json.code]).toEqual([4004, 4004]);
    }
    await clients[0]!.close();
    clients[0] = await eventually(() => PusherClient.connect(limited(nodes[2]!)));
    expect((await PusherClient.refused(limited(nodes[0]!))).closeCode).toBe(4004);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('holds when all come at once', async () => {
    await eventually(
      async () => {
        const { json } = await signedRequest(limited(nodes[0]!), 'GET', 'connections');
        expect(json).toEqual({ connections: 0 });
      },
      { everyMs: 200 },
    );
    const attempts = await Promise.all(
      numbersFrom(0, QUOTA * 3).map(async (i) => {
        const target = limited(nodes[i % 3]!);
        const client = await PusherClient.connect(target, { awaitEstablished: false });
        const { event } = await client.expectFrame(() => true);
        return { client, isIn: event === 'pusher:connection_established' };
      }),
    );
    expect(attempts.filter(({ isIn }) => isIn)).toHaveLength(QUOTA);
    await Promise.all(attempts.map(({ client }) => client.terminate()));
  });
});

describe('A rate limit of an application', () => {
  const attempt = async (
    count: number,
    ask: (node: ServerProcess) => Promise<{ status: number }>,
  ) => {
    const asked = numbersFrom(0, count).map((i) => ask(nodes[i % 3]!));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    return { ok: statuses.filter((status) => status === 200).length, statuses };
  };

  it.each([
    [
      'publishes',
      (node: ServerProcess) =>
        signedRequest(limited(node), 'POST', 'events', {
          body: { name: 'e', data: '', channel: 'c' },
        }),
    ],
    ['reads', (node: ServerProcess) => signedRequest(limited(node), 'GET', 'channels')],
  ])('holds over all nodes: %s', async (_, ask) => {
    const { ok, statuses } = await attempt(PER_SECOND * 4, ask);
    // A second may end while they are asked, and then another PER_SECOND are allowed.
    expect(ok).toBeGreaterThanOrEqual(PER_SECOND);
    expect(ok).toBeLessThanOrEqual(PER_SECOND * 3);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    await eventually(async () => expect((await ask(nodes[0]!)).status).toBe(200), { everyMs: 200 });
  });
});

describe('A cache channel', () => {
  it('gives the last event of any node on every node', async () => {
    for (const [i, node] of nodes.entries()) {
      await publishNumbers(node, 'cache-price', [i]);
      for (const other of nodes) {
        const client = await subscriber(other, 'cache-price');
        await untilHeard(client, 'cache-price', [i]);
        await client.close();
        const { json } = await signedRequest(other, 'GET', 'channels/cache-price', {
          query: { info: 'cache' },
        });
        expect(json.cache).toMatchObject({ data: String(i) });
        expect(json.cache.ttl).toBeGreaterThan(0);
        expect(json.cache.ttl).toBeLessThanOrEqual(3);
      }
    }
  });

  it('forgets it on every node', async () => {
    await publish(nodes[0]!, 'cache-brief', 'event');
    await eventually(
      async () => {
        for (const node of nodes) {
          const client = await subscriber(node, 'cache-brief');
          await client.roundTrip();
          const missed = client.framesLike('pusher:cache_miss').length;
          await client.close();
          expect(missed).toBe(1);
        }
      },
      { withinMs: 6_000, everyMs: 200 },
    );
  });

  it('keeps an event that has an excluded connection', async () => {
    const excluded = await subscriber(nodes[0]!, 'cache-except');
    await publish(nodes[1]!, 'cache-except', 'event', '1', { socket_id: excluded.socketId });
    const late = await subscriber(nodes[2]!, 'cache-except');
    await late.expectFrame('event');
    await excluded.roundTrip();
    expect(excluded.framesLike('event')).toEqual([]);
  });
});

describe('An idempotency key', () => {
  const once = (node: ServerProcess, key: string, fields: object = {}) =>
    signedRequest(node, 'POST', 'events', {
      body: { name: 'number', channel: 'once', data: '1', info: 'subscription_count', ...fields },
      headers: { 'X-Idempotency-Key': key },
    });

  it('is known on every node, and so is the answer', async () => {
    const client = await subscriber(nodes[0]!, 'once');
    const first = await once(nodes[0]!, 'key-1');
    expect(first.json).toEqual({ channels: { once: { subscription_count: 1 } } });
    await subscriber(nodes[1]!, 'once');
    for (const node of nodes) {
      const again = await once(node, 'key-1', { data: '2' });
      expect(again).toMatchObject({ status: 200, text: first.text });
    }
    await client.roundTrip();
    await untilHeard(client, 'once', [1]);
  });

  it('used on all nodes at once publishes once, and all get the same answer', async () => {
    const client = await subscriber(nodes[0]!, 'race');
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        [...nodes, ...nodes].map((node) =>
          once(node, `race-${round}`, { channel: 'race', data: String(round) }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    }
    await untilHeard(client, 'race', numbersFrom(0, 10));
    await client.expectNoFrame((frame) => frame.event === 'number' && Number(frame.json) > 9, 200);
    await untilHeard(client, 'race', numbersFrom(0, 10));
  });

  it('of a refused publish may be used again, on another node', async () => {
    const client = await subscriber(nodes[0]!, 'retry');
    const refused = await once(nodes[0]!, 'retry', { channel: 'retry', data: 'x'.repeat(20_000) });
    expect(refused.status).toBe(413);
    expect((await once(nodes[1]!, 'retry', { channel: 'retry', data: '5' })).status).toBe(200);
    await untilHeard(client, 'retry', [5]);
  });
});

describe('Subscription counts', () => {
  it('told to subscribers are those of all nodes', async () => {
    const COUNT = 'pusher_internal:subscription_count';
    const clients: PusherClient[] = [];
    for (const node of nodes) {
      const client = await PusherClient.connect(limited(node));
      await client.subscribe('counted');
      clients.push(client);
    }
    for (const client of clients) {
      await eventually(() => {
        expect(client.framesLike(COUNT).at(-1)?.json).toEqual({ subscription_count: 3 });
      });
    }
    await clients[2]!.close();
    for (const client of clients.slice(0, 2)) {
      await eventually(() => {
        expect(client.framesLike(COUNT).at(-1)?.json).toEqual({ subscription_count: 2 });
      });
    }
  });
});
