import { member } from './harness/cluster-clients.js';
import { closeAll } from './harness/eventually.js';
import { NodeCluster, SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';

afterEach(closeAll);

const ROOM = 'presence-room';

describe('Nodes that are replaced', () => {
  it('one after the other keep the members whose clients come back each time', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.startWith(2, redis, {}, ServerHere.start);
    const watcher = await member(cluster.nodes[0]!, ROOM, 'watcher');
    let bob = await member(cluster.nodes[1]!, ROOM, 'bob');
    await watcher.expectFrame('pusher_internal:member_added');
    for (const i of [1, 2]) {
      const fresh = await cluster.add();
      await cluster.untilUp();
      const stopping = cluster.stop(cluster.nodes[i]!);
      await bob.expectClose(4200);
      bob = await member(fresh, ROOM, 'bob');
      expect(await stopping).toBe(0);
    }
    await watcher.expectSilence(4_000);
    expect(rosterSeenBy(bob, ROOM)).toEqual(['bob', 'watcher']);
  });

  it('all at once leave nothing behind that the next would trip over', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.startWith(2, redis, {}, ServerHere.start);
    await member(cluster.nodes[0]!, ROOM, 'ann');
    await member(cluster.nodes[1]!, ROOM, 'bob');
    expect(await Promise.all(cluster.nodes.map((node) => cluster.stop(node)))).toEqual([0, 0]);
    await cluster.add();
    await cluster.untilUp();
    const options = { withinMs: SWEEP_MS };
    await cluster.untilAllAnswer(`channels/${ROOM}/users`, { users: [] }, options);
    await cluster.untilAllAnswer('connections', { connections: 0 }, options);
  });
});
