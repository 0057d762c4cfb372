import {
  heard,
  Publisher,
  publishNumbers,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { RECOVERY_MS } from './harness/node-cluster.js';
import { ROOM, startPopulated, startTwo } from './harness/populated-cluster.js';
import type { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';

afterEach(closeAll);

describe('When Redis hangs for a while (DEBUG SLEEP)', () => {
  it('nothing is lost, doubled or out of order, and nobody is said to have left', async () => {
    // The leases do not end meanwhile.
    const started = await startPopulated(ServerHere.start, { REVERB_SCALING_LEASE: '10' });
    const { redis, cluster, one, two, ann, bob, expectRight, expectQuiet } = started;
    const near = await subscriber(one, 'news');
    const far = await subscriber(two, 'news');
    const publisher = Publisher.start(one, 'news');
    await publisher.more(20);
    const asleep = redis.command('DEBUG', 'SLEEP', '5');
    await cluster.untilDown();
    await publisher.more(20);
    await asleep;
    await cluster.untilUp();
    await publisher.more(20);
    await publisher.stop();
    const { accepted, slowestMs } = publisher;
    expect(slowestMs).toBeLessThan(2_500);
    await untilHeard(near, 'news', accepted);
    await eventually(() => expect(heard(far, 'news')).toContain(accepted.at(-1)), {
      withinMs: RECOVERY_MS,
    });
    const numbers = heard(far, 'news');
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    await near.close();
    await far.close();
    await expectRight();
    expectQuiet();
    expect([ann.isOpen, bob.isOpen]).toEqual([true, true]);
  });
});

describe('When the connections to Redis are cut (CLIENT KILL)', () => {
  it.each(['normal', 'pubsub'])('those of type %s, all is right again', async (type) => {
    const { redis, one, two, ann, bob, expectRight, expectQuiet } = await startPopulated(
      ServerHere.start,
    );
    const publisher = Publisher.start(one, ROOM);
    await publisher.more(20);
    for (let round = 0; round < 3; round++) {
      await redis.command('CLIENT', 'KILL', 'TYPE', type);
      await publisher.more(20);
      await expectRight();
    }
    await publisher.more(20);
    await publisher.stop();
    await publishNumbers(two, ROOM, [-1]);
    for (const client of [ann, bob]) {
      await eventually(() => expect(heard(client, ROOM)).toContain(-1));
      const numbers = heard(client, ROOM).filter((number) => number >= 0);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
    expectQuiet();
  });

  it('those of one node, the others do not notice', async () => {
    const { redis, cluster, one, two } = await startTwo(ServerHere.start);
    const clients = [await subscriber(one, 'news'), await subscriber(two, 'news')];
    await publishNumbers(one, 'news', [0]);
    await untilHeard(clients[1]!, 'news', [0]);
    const list = String(await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
      .trim()
      .split('\n');
    const id = /^id=(\d+)/.exec(list[0]!)![1]!;
    await redis.command('CLIENT', 'KILL', 'ID', id);
    await cluster.untilUp();
    await eventually(async () => {
      const count = Number(
        ((await redis.command('PUBSUB', 'NUMSUB', ...(await topicsOf(redis)))) as unknown[])[1],
      );
      expect(count).toBe(2);
    });
    await publishNumbers(two, 'news', [1]);
    for (const client of clients) await untilHeard(client, 'news', [0, 1]);
  });
});

async function topicsOf(redis: RedisServer): Promise<string[]> {
  return (await redis.command('PUBSUB', 'CHANNELS', '*news*')) as string[];
}
