import {
  member,
  numbersFrom,
  publishNumbers,
  toldTo,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { RECOVERY_MS } from './harness/node-cluster.js';
import { ROOM, startPopulated, startTwo } from './harness/populated-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import type { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';

afterEach(closeAll);

describe('When Redis has lost its data', () => {
  it.each([
    ['while it ran (FLUSHALL)', (redis: RedisServer) => redis.command('FLUSHALL')],
    [
      'with its scripts',
      async (redis: RedisServer) => {
        await redis.command('FLUSHALL');
        await redis.command('SCRIPT', 'FLUSH');
      },
    ],
    ['in a restart', (redis: RedisServer) => redis.restart()],
  ])('%s, the nodes say again what they hold, and no client notices', async (_, loseData) => {
    const { redis, one, two, ann, bob, cid, watcher, ...rest } = await startPopulated(
      ServerHere.start,
    );
    await loseData(redis);
    await rest.expectRight();
    // A heartbeat more, in which nothing happens.
    await watcher.expectNoFrame(({ event }) => event === 'never', 2_500);
    rest.expectQuiet();
    // And what happens from now on is right, too.
    const dee = await member(two, ROOM, 'dee');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob', 'dee']));
    await rest.tab.close();
    await dee.close();
    await bob.expectFrame('pusher_internal:member_removed');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
    await cid.close();
    await eventually(() => expect(toldTo(watcher)).toEqual(['online cid', 'offline cid']), {
      withinMs: RECOVERY_MS,
    });
    await publishNumbers(one, ROOM, [1]);
    await untilHeard(bob, ROOM, [1]);
  });

  it('again and again, while members come and go, all nodes agree in the end', async () => {
    const { redis, cluster, one, two } = await startTwo(ServerHere.start);
    const watchers = [await member(one, ROOM, 'w1'), await member(two, ROOM, 'w2')];
    for (let round = 0; round < 10; round++) {
      const nodes = [one, two];
      const clients = await Promise.all(
        numbersFrom(0, 6).map((i) => member(nodes[i % 2]!, ROOM, `user-${i % 4}`)),
      );
      await Promise.all([
        redis.command('FLUSHALL'),
        ...clients.slice(0, 3).map((client) => client.terminate()),
      ]);
      await Promise.all(clients.slice(3).map((client) => client.close()));
    }
    await cluster.untilUp();
    await eventually(
      () => {
        for (const client of watchers) expect(rosterSeenBy(client, ROOM)).toEqual(['w1', 'w2']);
      },
      { withinMs: RECOVERY_MS },
    );
    await cluster.untilAllAnswer(
      `channels/${ROOM}`,
      { occupied: true, user_count: 2 },
      {
        query: { info: 'user_count' },
      },
    );
    await cluster.untilAllAnswer('connections', { connections: 2 });
  });
});
