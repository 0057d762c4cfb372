import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { memberOf, StateNode } from '../../../test/harness/state-node.js';

const ROOM = 'presence-a';
const PATIENCE = { withinMs: 10_000 };

let redis: RedisServer;
let app: string;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
  app = `app-${randomUUID()}`;
});

afterEach(() => closeAll());

const start = (count: number) => StateNode.startCluster(count, { redis: redis.options });

const join = (node: StateNode, userId: string, socketId = `${userId}.1`) =>
  node.store.join(app, ROOM, socketId, memberOf(userId), 0);

/** Fills a node with something of everything. */
async function occupy(node: StateNode, userIds: readonly string[]): Promise<void> {
  for (const userId of userIds) {
    await node.store.openConnection(app, `${userId}.1`, null);
    await join(node, userId);
    await node.store.signIn(app, userId, `${userId}.1`);
  }
  node.store.setSubscriptions(app, ROOM, userIds.length);
  node.store.setSubscriptions(app, 'news', userIds.length);
}

const sorted = (texts: readonly string[]) => [...texts].sort();

describe('A node that is heard of before it has its lease', () => {
  it('is there, whatever the registry says, and gone if it never has one', async () => {
    const [node] = (await start(1)) as [StateNode];
    const nodeId = 'f'.repeat(16);
    node.directory.add(nodeId);
    for (let beats = 0; beats < 3; beats++) {
      await node.life.membership.beat();
      expect(node.store.nodes()).toEqual([node.store.nodeId, nodeId]);
      expect(node.directory.ids).toEqual([nodeId]);
    }
    await eventually(() => expect(node.directory.ids).toEqual([]), PATIENCE);
    expect(node.store.nodes()).toEqual([node.store.nodeId]);
  });
});

describe('A node that dies', () => {
  it('is cleared away by one of the others, and what it held is gone', async () => {
    const [a, b, c] = (await start(3)) as [StateNode, StateNode, StateNode];
    await occupy(a, ['shared', 'a1', 'a2']);
    await occupy(b, ['shared', 'b1']);
    await eventually(async () => expect(await c.store.countConnections(app)).toBe(5));
    await eventually(async () =>
      expect((await c.store.channel(app, 'news')).subscriptions).toBe(5),
    );
    await a.crash();
    await eventually(() => {
      expect(sorted([...b.moves, ...c.moves])).toEqual(['-a1', '-a2']);
      expect(b.store.counters.reapedNodes + c.store.counters.reapedNodes).toBe(1);
      for (const { store } of [b, c]) expect(store.nodes()).toHaveLength(2);
    }, PATIENCE);
    const told = [...b.statuses, ...c.statuses];
    expect(sorted(told.map(({ userId, isOnline }) => `${userId} ${isOnline}`))).toEqual([
      'a1 false',
      'a2 false',
    ]);
    for (const node of [b, c]) {
      expect(await node.members(app, ROOM)).toEqual(['b1', 'shared']);
      expect(await node.store.countConnections(app)).toBe(2);
      expect((await node.store.channel(app, 'news')).subscriptions).toBe(2);
      expect(await node.store.channel(app, ROOM)).toEqual({
        channel: ROOM,
        subscriptions: 2,
        users: 2,
      });
      expect(await node.store.onlineUsers(app, ['a1', 'b1', 'shared'])).toEqual(['b1', 'shared']);
      await eventually(() => expect(node.restored).toBe(1));
    }
  });

  it('has changes with versions that follow upon those of the others', async () => {
    const [a, b] = (await start(2)) as [StateNode, StateNode];
    await occupy(a, ['a1', 'a2', 'a3']);
    await occupy(b, ['b1']);
    const { version } = (await b.store.roster(app, ROOM))!;
    await a.crash();
    await eventually(() => expect(b.moves).toHaveLength(3), PATIENCE);
    expect(b.changes.at(-1)!.version).toBe(version + 3);
    expect((await b.store.roster(app, ROOM))!.version).toBe(version + 3);
  });

  it('is told once, also when two are at work on it', async () => {
    const [a, b, c] = (await start(3)) as [StateNode, StateNode, StateNode];
    const users = Array.from({ length: 1500 }, (_, i) => `u${i}`);
    await Promise.all(users.map((userId) => join(a, userId)));
    await Promise.all(users.map((userId) => a.store.signIn(app, userId, `${userId}.1`)));
    await a.crash();
    await redis.command('ZREM', 'reverb:{nodes}:leases', a.store.nodeId);
    await redis.command('ZADD', 'reverb:{nodes}:dead', '0', a.store.nodeId);
    const buried = [b, c].map(({ life }) => life.reaper.bury(a.store.nodeId, 1));
    await Promise.all(buried);
    await eventually(() => {
      expect([...b.moves, ...c.moves]).toHaveLength(users.length);
      expect(b.store.counters.reapedNodes + c.store.counters.reapedNodes).toBe(1);
    }, PATIENCE);
    expect(new Set([...b.moves, ...c.moves]).size).toBe(users.length);
    expect([...b.statuses, ...c.statuses]).toHaveLength(users.length);
    expect(await b.members(app, ROOM)).toEqual([]);
  });

  it('is cleared away by another node when the one that began dies as well', async () => {
    const [a, b, c] = (await start(3)) as [StateNode, StateNode, StateNode];
    const channels = Array.from({ length: 300 }, (_, i) => `presence-${i}`);
    for (const channel of channels) {
      void a.store.join(app, channel, '1.1', memberOf('a1'), 0);
    }
    await eventually(async () => {
      for (const channel of channels) expect(await c.members(app, channel)).toEqual(['a1']);
    });
    c.freeze();
    await a.crash();
    // It is stopped in the midst of the work.
    await eventually(() => expect(b.changes.length).toBeGreaterThan(0), {
      ...PATIENCE,
      everyMs: 1,
    });
    await b.crash();
    c.thaw();
    await eventually(async () => {
      expect(c.store.nodes()).toEqual([c.store.nodeId]);
      for (const channel of channels) expect(await c.members(app, channel)).toEqual([]);
    }, PATIENCE);
    const told = [...b.changes, ...c.changes].map(({ channel }) => channel);
    expect(new Set(told).size).toBe(told.length);
  });

  it('that was only silent registers anew, and says again whom it holds', async () => {
    const [a, b] = (await start(2)) as [StateNode, StateNode];
    await occupy(a, ['shared', 'a1']);
    await occupy(b, ['shared']);
    a.freeze();
    await eventually(() => expect(b.moves).toEqual(['-a1']), PATIENCE);
    await eventually(() => expect(a.store.status).toBe('down'), PATIENCE);
    // It answers by itself until it has registered.
    expect(await a.members(app, ROOM)).toEqual(['a1', 'shared']);
    expect(await join(a, 'a2')).toEqual({ isFull: false, isFirst: true, version: 0 });
    expect(await a.store.leave(app, ROOM, 'shared.1', 'shared')).toEqual({
      isLast: true,
      version: 0,
    });
    a.thaw();
    await eventually(async () => {
      expect(a.store.status).toBe('up');
      expect(sorted(a.moves)).toEqual(['+a1', '+a2']);
      expect(await b.members(app, ROOM)).toEqual(['a1', 'a2', 'shared']);
    }, PATIENCE);
    expect(a.restored).toBe(1);
    expect(a.statuses).toContainEqual({ appId: app, userId: 'a1', isOnline: true });
    expect(a.store.counters.restores).toBe(1);
    await eventually(async () => expect(await b.store.countConnections(app)).toBe(3));
    await sleep(500);
    expect(b.moves).toEqual(['-a1']);
  });
});

describe('A node that stops in order', () => {
  it('leaves its users behind for a while: who returns was never away, the others leave then', async () => {
    const [a, b, c] = (await start(3)) as [StateNode, StateNode, StateNode];
    await occupy(a, ['a1', 'a2']);
    await a.store.handOver();
    for (const userId of ['a1', 'a2']) {
      expect((await a.store.leave(app, ROOM, `${userId}.1`, userId)).isLast).toBe(false);
      await a.store.signOut(app, userId, `${userId}.1`, 100);
    }
    await eventually(() => {
      for (const { store } of [b, c]) {
        expect(store.nodes()).not.toContain(a.store.nodeId);
        expect(store.leavingNodes()).toEqual([a.store.nodeId]);
      }
    });
    expect(a.store.leavingNodes()).toEqual([]);
    await a.stop();
    await eventually(() => expect(b.store.leavingNodes()).toEqual([]));
    expect(await b.members(app, ROOM)).toEqual(['a1', 'a2']);
    const returned = await join(b, 'a1');
    expect(returned).toMatchObject({ isFull: false, isFirst: false });
    expect(await b.store.signIn(app, 'a1', 'a1.2')).toBe(false);
    expect(await c.store.onlineUsers(app, ['a1', 'a2'])).toEqual(['a1', 'a2']);
    await eventually(() => {
      expect([...b.moves, ...c.moves]).toEqual(['-a2']);
      expect([...b.statuses, ...c.statuses]).toEqual([
        { appId: app, userId: 'a2', isOnline: false },
      ]);
    }, PATIENCE);
    expect(await c.members(app, ROOM)).toEqual(['a1']);
    await eventually(() =>
      expect(b.store.counters.reapedNodes + c.store.counters.reapedNodes).toBe(1),
    );
    await sleep(500);
    expect([b.restored, c.restored]).toEqual([0, 0]);
  });

  it('with nobody leaves nothing', async () => {
    const [a, b] = (await start(2)) as [StateNode, StateNode];
    await occupy(a, ['a1']);
    await a.store.leave(app, ROOM, 'a1.1', 'a1');
    await a.store.signOut(app, 'a1', 'a1.1', 1);
    await eventually(() => expect(a.statuses).toHaveLength(1));
    await eventually(() => expect(a.life.users.isEmpty).toBe(true));
    await a.stop();
    await eventually(() => expect(b.store.nodes()).toEqual([b.store.nodeId]));
    expect(await redis.command('KEYS', `*node ${a.store.nodeId}*`)).toEqual([]);
    expect(b.store.counters.reapedNodes).toBe(0);
    expect(await b.store.countConnections(app)).toBe(0);
  });
});

describe('A user who signed out', () => {
  it('and is back on another node within the grace was never away', async () => {
    const [a, b] = (await start(2)) as [StateNode, StateNode];
    await a.store.signIn(app, '1', '1.1');
    await a.store.signOut(app, '1', '1.1', 400);
    expect(await b.store.signIn(app, '1', '1.2')).toBe(false);
    await sleep(1000);
    expect([...a.statuses, ...b.statuses]).toEqual([]);
    expect(await a.store.onlineUsers(app, ['1'])).toEqual(['1']);
  });

  it('is said to be offline, once, also when the node dies meanwhile', async () => {
    const [a, b, c] = (await start(3)) as [StateNode, StateNode, StateNode];
    for (const userId of ['1', '2']) {
      await a.store.signIn(app, userId, '1.1');
      await a.store.signOut(app, userId, '1.1', 300);
    }
    await a.crash();
    const told = () => [...b.statuses, ...c.statuses];
    await eventually(() => expect(told()).toHaveLength(2), PATIENCE);
    await sleep(600);
    expect(sorted(told().map(({ userId, isOnline }) => `${userId} ${isOnline}`))).toEqual([
      '1 false',
      '2 false',
    ]);
  });

  it('is said to be offline by another node when the one that was about to say so did not', async () => {
    const [a, b] = (await start(2)) as [StateNode, StateNode];
    const { claimed } = a.context.keys.roster({ appId: app, channel: undefined });
    await redis.command('ZADD', claimed, '1', 'user');
    for (const { life } of [a, b]) life.users.adopt(app);
    const told = () => [...a.statuses, ...b.statuses];
    await eventually(() => expect(told()).toHaveLength(1), PATIENCE);
    expect(told()).toEqual([{ appId: app, userId: 'user', isOnline: false }]);
    await eventually(async () => expect(await redis.command('EXISTS', claimed)).toBe(0));
  });
});
