import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { expectAgreement, expectAllToExpire } from '../../../test/harness/state-audit.js';
import { memberOf, StateNode } from '../../../test/harness/state-node.js';

const ROOM = 'presence-a';
/** Only what is asked for on behalf of the test: heartbeats come later. */
const CALM = { heartbeatSeconds: 60, leaseSeconds: 180 };

let redis: RedisServer;
let app: string;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
  app = `app-${randomUUID()}`;
});

afterEach(() => closeAll());

const ask = (...command: readonly string[]) => redis.command(...command);
const join = (node: StateNode, userId: string, socketId = `${userId}.1`) =>
  node.store.join(app, ROOM, socketId, memberOf(userId), 0);
const usersOf = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);

/** @returns how many scripts Redis ran */
async function scriptsOf(act: () => Promise<unknown>): Promise<number> {
  const monitor = await redis.monitor();
  await act();
  await redis.command('ECHO', 'the end');
  await monitor.expectLine(/the end/);
  monitor.close();
  return monitor.lines.filter((line) => /^"evalsha"/i.test(line)).length;
}

describe('The members of a channel of 1 000', () => {
  let a: StateNode;
  let b: StateNode;

  beforeEach(async () => {
    a = await StateNode.start({ redis: redis.options, ...CALM });
    b = await StateNode.start({ redis: redis.options, ...CALM });
    await Promise.all(usersOf(1000).map((userId) => join(a, userId)));
  });

  it('come with few scripts, however many come at once, and their further connections with none', async () => {
    const come = (socketId: string) => () =>
      Promise.all(usersOf(1000).map((userId) => join(b, userId, socketId)));
    expect(await scriptsOf(come('2.1'))).toBeLessThanOrEqual(5);
    expect(await scriptsOf(come('2.2'))).toBe(0);
  });

  it('another one joins and leaves with one script each', async () => {
    expect(await scriptsOf(async () => join(a, 'another'))).toBe(1);
    const leave = async () => a.store.leave(app, ROOM, 'another.1', 'another');
    expect(await scriptsOf(leave)).toBe(1);
  });
});

describe('What is kept in Redis', () => {
  it('ends by itself, all of it', async () => {
    const node = await StateNode.start({ redis: redis.options });
    await join(node, '1');
    await node.store.signIn(app, '1', '1.1');
    await node.store.signIn(app, '2', '2.1');
    await node.store.signOut(app, '2', '2.1', 60_000);
    await node.store.openConnection(app, '1.1', 5);
    node.store.setSubscriptions(app, ROOM, 1);
    await node.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    await node.store.once(app, 'key', 100, async () => 'answer');
    await node.store.take(app, 'bucket', 1, 1, 60_000);
    await node.store.handOver();
    await eventually(async () =>
      expect(await redis.command('KEYS', '*subscriptions*')).toHaveLength(1),
    );
    expect(((await redis.command('KEYS', '*')) as string[]).length).toBeGreaterThan(15);
    await expectAllToExpire(redis.connect());
  });

  it('is renewed as long as it is needed, and missed when it is lost', async () => {
    const nodes = await StateNode.startCluster(2, { redis: redis.options });
    for (const { context } of nodes) Object.assign(context, { ttlMs: 2000 });
    const channels = Array.from({ length: 40 }, (_, i) => `presence-${i}`);
    for (const node of nodes) {
      for (const channel of channels) {
        void node.store.join(app, channel, '1.1', memberOf('1'), 0);
        node.store.setSubscriptions(app, channel, 1);
      }
      await node.store.openConnection(app, '1.1', null);
      await node.store.signIn(app, '1', '1.1');
    }
    await sleep(5000);
    await expectAgreement(ask, nodes, app, channels);
    // Lost behind the back of all.
    for (const name of (await redis.command('KEYS', '*presence-7}*')) as string[]) {
      await redis.command('DEL', name);
    }
    await redis.command('DEL', `reverb:{node ${nodes[0]!.store.nodeId}}:subscriptions:${app}`);
    await eventually(() => expectAgreement(ask, nodes, app, channels), { withinMs: 10_000 });
  });

  it('is next to nothing when all have left', async () => {
    const nodes = await StateNode.startCluster(2, { redis: redis.options });
    for (const node of nodes) {
      for (const userId of usersOf(50)) {
        const socketId = `${userId}.${node.store.nodeId}`;
        await node.store.openConnection(app, socketId, 1000);
        await join(node, userId, socketId);
        await node.store.signIn(app, userId, socketId);
        node.store.setSubscriptions(app, ROOM, 1);
      }
    }
    for (const node of nodes) {
      for (const userId of usersOf(50)) {
        const socketId = `${userId}.${node.store.nodeId}`;
        node.store.setSubscriptions(app, ROOM, 0);
        await node.store.leave(app, ROOM, socketId, userId);
        await node.store.signOut(app, userId, socketId, 10);
        await node.store.closeConnection(app, socketId);
      }
    }
    await eventually(() => {
      const told = nodes.flatMap(({ statuses }) => statuses);
      expect(told).toHaveLength(50);
      for (const { life } of nodes) expect(life.users.isEmpty).toBe(true);
    });
    for (const node of nodes) await node.stop();
    const names = (await redis.command('KEYS', '*')) as string[];
    const rests = names.filter((name) => !/:(state|clock|graves)$/.test(name));
    expect(rests).toEqual([]);
    await expectAllToExpire(redis.connect());
  });
});

describe('A user of Redis who may do little', () => {
  it('is enough: the prefix, and no commands of administrators', async () => {
    const acl = {
      username: 'reverb',
      password: 'secret',
      rules: ['~reverb:*', '&reverb:*', '+@all', '-@admin', '-@dangerous'],
    };
    const guarded = await RedisServer.start({ acl });
    const [a, b] = (await StateNode.startCluster(2, { redis: guarded.options })) as [
      StateNode,
      StateNode,
    ];
    await join(a, '1');
    a.link.fail(new Error('cut'));
    await eventually(() => expect(a.store.counters.restores).toBe(1));
    await eventually(async () => expect(await b.members(app, ROOM)).toEqual(['1']));
    expect(a.moves).toEqual([]);
  });
});
