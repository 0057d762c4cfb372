import {
  changesSeenBy,
  heard,
  member,
  numbersFrom,
  Publisher,
  publishNumbers,
  signedIn,
  subscriber,
  toldTo,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, RECOVERY_MS, SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { RedisCluster } from './harness/redis-cluster.js';
import { ServerHere } from './harness/server-here.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-room';

async function startTwo(variables: Record<string, string> = {}) {
  const redis = await RedisCluster.start(3, { password: 'pw' });
  const cluster = await NodeCluster.startWith(2, redis, variables, ServerHere.start);
  const [one, two] = cluster.nodes as [ServerHere, ServerHere];
  return { redis, cluster, one, two };
}

describe('Over a Redis Cluster of three masters', () => {
  it('events reach every node, on channels of every master, in one order', async () => {
    const { redis, one, two } = await startTwo();
    const channels = numbersFrom(0, 30).map((i) => `channel-${i}`);
    const near = await subscriber(one, ...channels);
    const far = await subscriber(two, ...channels);
    const shards = await redis.gather('PUBSUB', 'SHARDCHANNELS');
    expect(shards.filter((topic) => /channel-\d+/.test(topic))).toHaveLength(30);
    const perMaster = await Promise.all(
      redis.masters.map((master) => master.command('PUBSUB', 'SHARDCHANNELS')),
    );
    for (const topics of perMaster) expect(topics).not.toEqual([]);
    // Nothing goes through the Pub/Sub that every master hears.
    expect(await redis.gather('PUBSUB', 'CHANNELS')).toEqual([]);
    for (const channel of channels) {
      await Promise.all([
        publishNumbers(one, channel, numbersFrom(0, 5)),
        publishNumbers(two, channel, numbersFrom(10, 5)),
      ]);
    }
    for (const channel of channels) {
      await eventually(() => expect(heard(far, channel)).toHaveLength(10));
      await eventually(() => expect(heard(near, channel)).toEqual(heard(far, channel)));
    }
  });

  it('presence, users, caches, keys and counts are those of all nodes', async () => {
    const { redis, cluster, one, two } = await startTwo({
      REVERB_WEBHOOK_GRACE: '1',
      REVERB_APP_MAX_CONNECTIONS: '100',
      REVERB_APP_PUBLISHES_PER_SECOND: '1000',
    });
    const channels = numbersFrom(0, 8).map((i) => `presence-cache-${i}`);
    for (const channel of channels) {
      const ann = await member(one, channel, 'ann');
      await member(two, channel, 'bob');
      await eventually(() => expect(rosterSeenBy(ann, channel)).toEqual(['ann', 'bob']));
      await publishNumbers(two, channel, [1]);
      const cid = await member(one, channel, 'cid');
      await untilHeard(cid, channel, [1]);
    }
    await cluster.untilAllAnswer('connections', { connections: 24 });
    const info = { user_count: 3, subscription_count: 3 };
    await cluster.untilAllAnswer(
      'channels',
      { channels: Object.fromEntries(channels.map((channel) => [channel, info])) },
      { query: { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' } },
    );
    const watcher = await signedIn(one, 'watcher', 'dee');
    const dee = await signedIn(two, 'dee');
    await eventually(() => expect(toldTo(watcher)).toEqual(['online dee']));
    await signedRequest(one, 'POST', 'users/dee/terminate_connections');
    await dee.expectClose(4009);
    await eventually(() => expect(toldTo(watcher)).toEqual(['online dee', 'offline dee']));
    const keys = await redis.gather('KEYS', '*');
    expect(keys.filter((key) => !key.startsWith('reverb:'))).toEqual([]);
  });

  it('a node that is killed is cleared away', async () => {
    const redis = await RedisCluster.start(3, { password: 'pw' });
    const cluster = await NodeCluster.start(2, redis);
    const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
    const ann = await member(one, ROOM, 'ann');
    await member(two, ROOM, 'bob');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
    await cluster.kill(two);
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann']), {
      withinMs: SWEEP_MS,
    });
    await cluster.untilAllAnswer('connections', { connections: 1 }, { withinMs: SWEEP_MS });
  });

  it('all is right again after one master was killed and started, empty', async () => {
    const { redis, cluster, one, two } = await startTwo({ REVERB_SCALING_LEASE: '10' });
    const channels = numbersFrom(0, 12).map((i) => `presence-${i}`);
    const clients = [];
    for (const channel of channels) {
      const ann = await member(one, channel, 'ann');
      const bob = await member(two, channel, 'bob');
      clients.push({ channel, ann, bob });
    }
    const publisher = Publisher.start(one, channels[0]!);
    await publisher.more(20);
    const master = redis.masters[1]!;
    await master.kill();
    await publisher.more(50);
    await master.restart();
    await redis.untilWhole();
    await cluster.untilUp(15_000);
    await publisher.more(50);
    await publisher.stop();
    expect(publisher.slowestMs).toBeLessThan(2_500);
    await untilHeard(clients[0]!.ann, channels[0]!, publisher.accepted);
    for (const { channel, ann, bob } of clients) {
      await publishNumbers(two, channel, [-1]);
      for (const client of [ann, bob]) {
        await eventually(() => expect(heard(client, channel)).toContain(-1));
        await eventually(() => expect(rosterSeenBy(client, channel)).toEqual(['ann', 'bob']), {
          withinMs: RECOVERY_MS,
        });
      }
      expect(changesSeenBy(ann, channel)).toEqual(['added bob']);
    }
    await cluster.untilAllAnswer('connections', { connections: 24 });
  }, 40_000);

  it('all is right again after a replica took the place of its master', async () => {
    const redis = await RedisCluster.start(3, { replicas: 1 });
    const cluster = await NodeCluster.start(2, redis, { REVERB_SCALING_LEASE: '10' });
    const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
    const ann = await member(one, ROOM, 'ann');
    const bob = await member(two, ROOM, 'bob');
    const topic = (await redis.gather('PUBSUB', 'SHARDCHANNELS')).find((name) =>
      name.includes(ROOM),
    );
    await (await redis.masterOf(topic!)).kill();
    await eventually(
      async () => {
        await publishNumbers(two, ROOM, [1]);
        expect(heard(ann, ROOM)).not.toEqual([]);
      },
      { withinMs: 20_000, everyMs: 200 },
    );
    await cluster.untilUp(20_000);
    await publishNumbers(one, ROOM, [2]);
    for (const client of [ann, bob]) {
      await eventually(() => expect(heard(client, ROOM).at(-1)).toBe(2));
      expect(rosterSeenBy(client, ROOM)).toEqual(['ann', 'bob']);
    }
    await cluster.untilAllAnswer('connections', { connections: 2 });
  }, 40_000);
});
