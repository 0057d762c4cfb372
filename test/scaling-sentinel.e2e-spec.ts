import {
  changesSeenBy,
  heard,
  member,
  Publisher,
  publishNumbers,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, RECOVERY_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { RedisSentinel } from './harness/redis-sentinel.js';
import type { ServerProcess } from './harness/server-process.js';

afterEach(closeAll);

const ROOM = 'presence-room';

describe('With sentinels', () => {
  it('nodes find the master, and the next one when it fails', async () => {
    const redis = await RedisSentinel.start({ password: 'pw', sentinelPassword: 'of-sentinels' });
    const cluster = await NodeCluster.start(2, redis, { REVERB_SCALING_LEASE: '10' });
    const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
    const ann = await member(one, ROOM, 'ann');
    const bob = await member(two, ROOM, 'bob');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
    const publisher = Publisher.start(one, ROOM);
    await publisher.more(20);
    const master = await redis.failover();
    await publisher.more(20);
    await cluster.untilUp(20_000);
    await publisher.more(20);
    await publisher.stop();
    expect(publisher.slowestMs).toBeLessThan(2_500);
    expect(await master.command('DBSIZE')).not.toBe(0);
    await untilHeard(ann, ROOM, publisher.accepted);
    await eventually(() => expect(heard(bob, ROOM)).toContain(publisher.accepted.at(-1)), {
      withinMs: RECOVERY_MS,
    });
    const numbers = heard(bob, ROOM);
    expect(numbers).toEqual([...new Set(numbers)].sort((x, y) => x - y));
    await cluster.untilAllAnswer('connections', { connections: 2 });
    for (const client of [ann, bob]) expect(rosterSeenBy(client, ROOM)).toEqual(['ann', 'bob']);
    expect(changesSeenBy(ann, ROOM)).toEqual(['added bob']);
    await publishNumbers(two, ROOM, [-1]);
    await eventually(() => expect(heard(ann, ROOM)).toContain(-1));
  });

  it('a node starts while one sentinel is gone', async () => {
    const redis = await RedisSentinel.start();
    await redis.sentinels[0]!.kill();
    const cluster = await NodeCluster.start(1, redis);
    const client = await member(cluster.nodes[0]!, ROOM, 'ann');
    await publishNumbers(cluster.nodes[0]!, ROOM, [1]);
    await untilHeard(client, ROOM, [1]);
  });
});
