import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { expectAgreement } from '../../../test/harness/state-audit.js';
import { memberOf, StateNode } from '../../../test/harness/state-node.js';

const ROOM = 'presence-a';
const PATIENCE = { withinMs: 10_000 };

let redis: RedisServer;
let app: string;
let a: StateNode;
let b: StateNode;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
  app = `app-${randomUUID()}`;
  [a, b] = (await StateNode.startCluster(2, { redis: redis.options })) as [StateNode, StateNode];
});

afterEach(() => closeAll());

const ask = (...command: readonly string[]) => redis.command(...command);
const join = (node: StateNode, userId: string, limit = 0) =>
  node.store.join(app, ROOM, `${userId}.1`, memberOf(userId), limit);
const leave = (node: StateNode, userId: string) =>
  node.store.leave(app, ROOM, `${userId}.1`, userId);
const signIn = (node: StateNode, userId: string) => node.store.signIn(app, userId, `${userId}.1`);
const becomes = (status: 'up' | 'down', ...nodes: readonly StateNode[]) =>
  eventually(() => {
    for (const { store } of nodes) expect(store.status).toBe(status);
  }, PATIENCE);
const agree = () =>
  eventually(() => expectAgreement(ask, [a, b], app, [ROOM, 'presence-b']), PATIENCE);

/** A node that goes by what it knows itself, though Redis is there. */
function isolate(node: StateNode): void {
  node.freeze();
  node.context.isRestored = false;
}

describe('While Redis is away', () => {
  it('a node answers at once, from what it was told itself', async () => {
    await join(a, 'a1');
    await join(b, 'b1');
    await signIn(a, 'a1');
    await signIn(b, 'b1');
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    a.store.setSubscriptions(app, ROOM, 1);
    await redis.kill();
    await becomes('down', a);
    const { store } = a;
    const answers = [
      store.openConnection(app, '1.1', 1),
      store.openConnection(app, '1.2', 1),
      store.countConnections(app),
      store.join(app, ROOM, '1.1', memberOf('a2'), 0),
      store.join(app, ROOM, '1.2', memberOf('a2'), 0),
      store.join(app, ROOM, '1.3', memberOf('a3'), 2),
      store.leave(app, ROOM, 'a1.1', 'a1'),
      store.userIds(app, ROOM),
      store.channel(app, ROOM),
      store.channels(app, 'p'),
      store.cachedEvent(app, 'cache-a'),
      store.signIn(app, 'a2', '1.1'),
      store.onlineUsers(app, ['a1', 'a2', 'b1']),
      store.take(app, 'bucket', 2, 3, 60_000),
      store.take(app, 'bucket', 2, 3, 60_000),
    ];
    expect(answers).toEqual([
      true,
      false,
      1,
      { isFull: false, isFirst: true, version: 0 },
      { isFull: false, isFirst: false, version: 0 },
      { isFull: true },
      { isLast: true, version: 0 },
      ['a2'],
      { channel: ROOM, subscriptions: 1, users: 1 },
      [{ channel: ROOM, subscriptions: 1, users: 1 }],
      { event: 'e', data: '1', ttlSeconds: 100 },
      true,
      ['a1', 'a2'],
      true,
      false,
    ]);
    expect(store.roster(app, ROOM)).toEqual({ version: 0, members: [memberOf('a2')] });
    expect(await store.once(app, 'key', 100, async () => 'answer')).toBe('answer');
    expect(await store.once(app, 'key', 100, async () => 'another')).toBe('answer');
    expect(store.unreachableMs).toBeGreaterThan(0);
  });

  it('what happens is made up for, and told, when it is back without its data', async () => {
    for (const userId of ['a1', 'a2']) await join(a, userId);
    for (const userId of ['a1', 'a2']) await signIn(a, userId);
    await join(b, 'b1');
    a.store.setSubscriptions(app, ROOM, 2);
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    const { version } = (await b.store.roster(app, ROOM))!;
    await redis.kill();
    await becomes('down', a, b);
    await leave(a, 'a1');
    await join(a, 'a3');
    await signIn(a, 'a3');
    await a.store.openConnection(app, '1.1', 1);
    await a.store.cacheEvent(app, 'cache-b', { event: 'e', data: '2' }, 100);
    await a.store.once(app, 'key', 100, async () => 'answer');
    await redis.restart();
    await becomes('up', a, b);
    await agree();
    expect(await b.members(app, ROOM)).toEqual(['a2', 'a3', 'b1']);
    expect((await b.store.roster(app, ROOM))!.version).toBeGreaterThan(version);
    expect((await b.store.cachedEvent(app, 'cache-a'))?.data).toBe('1');
    expect((await b.store.cachedEvent(app, 'cache-b'))?.data).toBe('2');
    expect(await b.store.once(app, 'key', 100, async () => 'another')).toBe('answer');
    expect([a.restored, b.restored]).toEqual([1, 1]);
    expect([...a.moves, ...b.moves].sort()).toEqual(['+a2', '+a3', '+b1']);
    // Of those that Redis had known before there is nothing new.
    expect([...a.statuses, ...b.statuses]).toEqual([{ appId: app, userId: 'a3', isOnline: true }]);
  });

  it('nobody is taken for dead, however long it takes', async () => {
    const patient = { redis: redis.options, prefix: 'patient', leaseSeconds: 3 };
    const [c, d] = (await StateNode.startCluster(2, patient)) as [StateNode, StateNode];
    for (const node of [c, d]) for (const userId of ['1', '2']) await join(node, userId);
    await join(d, '3');
    await signIn(d, '3');
    // It comes back later than the other.
    const { scripts } = d.context;
    const { register } = scripts;
    scripts.register = async (...args) => {
      await sleep(1000);
      return register(...args);
    };
    redis.pause();
    await becomes('down', c, d);
    await sleep(4000);
    redis.resume();
    await becomes('up', c, d);
    await sleep(500);
    expect([...c.moves, ...d.moves, ...c.statuses, ...d.statuses]).toEqual([]);
    expect([c, d].map(({ store }) => store.counters.reapedNodes)).toEqual([0, 0]);
    for (const { store } of [c, d]) expect(store.nodes()).toHaveLength(2);
    await eventually(() => expectAgreement(ask, [c, d], app, [ROOM]), PATIENCE);
  });

  it('a limit counts those this node knows, and nobody is sent away when it is back', async () => {
    await redis.kill();
    await becomes('down', a, b);
    for (const node of [a, b]) {
      expect((await join(node, `${node.store.nodeId}`, 1)).isFull).toBe(false);
      expect((await join(node, 'another', 1)).isFull).toBe(true);
    }
    await redis.restart();
    await becomes('up', a, b);
    await agree();
    expect(await a.members(app, ROOM)).toHaveLength(2);
  });

  it('a user whose grace ends is said to be offline, and to the others when it is back', async () => {
    await signIn(a, '1');
    await redis.kill();
    await becomes('down', a);
    await a.store.signOut(app, '1', '1.1', 50);
    await eventually(() => expect(a.statuses).toHaveLength(1));
    expect(a.statuses[0]).toEqual({ appId: app, userId: '1', isOnline: false });
    await redis.restart();
    await becomes('up', a, b);
    expect(await b.store.onlineUsers(app, ['1'])).toEqual([]);
  });
});

describe('When Redis loses its data', () => {
  it('under a node that is connected, that is noticed, and said again', async () => {
    for (const userId of ['1', '2']) await join(a, userId);
    for (const userId of ['2', '3']) await join(b, userId);
    for (const userId of ['1', '2']) await signIn(a, userId);
    await signIn(a, 'gone');
    await a.store.signOut(app, 'gone', 'gone.1', 60_000);
    a.store.setSubscriptions(app, ROOM, 2);
    await a.store.openConnection(app, '1.1', 10);
    await redis.command('FLUSHALL');
    await agree();
    await becomes('up', a, b);
    expect(await b.members(app, ROOM)).toEqual(['1', '2', '3']);
    expect([...a.moves, ...b.moves].sort()).toEqual(['+1', '+2', '+3']);
    expect([...a.statuses, ...b.statuses]).toEqual([]);
    expect(await b.store.onlineUsers(app, ['1', 'gone'])).toEqual(['1', 'gone']);
    await eventually(() => expect([a.restored, b.restored]).toEqual([1, 1]));
  });

  it('while many come and go, all is right in the end', async () => {
    const users = Array.from({ length: 300 }, (_, i) => `u${i}`);
    const coming = users.map(async (userId, i) => {
      await sleep(i * 3);
      await join(i % 2 === 0 ? a : b, userId);
      await sleep(200);
      if (i % 3 === 0) await leave(i % 2 === 0 ? a : b, userId);
    });
    for (let i = 0; i < 3; i++) {
      await sleep(250);
      await redis.command('FLUSHALL');
    }
    await Promise.all(coming);
    await agree();
    expect(await a.members(app, ROOM)).toHaveLength(200);
  });

  it('of one roster alone, whoever reads it puts its own back', async () => {
    for (const userId of ['1', '2']) await join(a, userId);
    await join(b, '3');
    // No heartbeat that begins puts it back, and all goes at once, as what is lost again has to wait.
    for (const node of [a, b]) node.freeze();
    await redis.command('DEL', ...((await redis.command('KEYS', '*roster*')) as string[]));
    expect(await a.members(app, ROOM)).toEqual(expect.arrayContaining(['1', '2']));
    for (const node of [a, b]) node.thaw();
    await eventually(async () => expect(await b.members(app, ROOM)).toEqual(['1', '2', '3']));
  });
});

describe('A command that was under way when the connection broke', () => {
  it('is answered, and done once in the end', async () => {
    await join(b, 'b1');
    await redis.command('CLIENT', 'PAUSE', '3000', 'ALL').catch(() => undefined);
    const joined = ['1', '2', '3'].map((userId) => join(a, userId));
    const signedIn = signIn(a, '1');
    for (const outcome of await Promise.all(joined)) {
      expect(outcome).toEqual({ isFull: false, isFirst: true, version: 0 });
    }
    expect(await signedIn).toBe(true);
    await becomes('up', a, b).catch(() => undefined);
    await eventually(async () => expect(await b.members(app, ROOM)).toHaveLength(4), {
      withinMs: 15_000,
    });
    await agree();
  }, 40_000);

  it('is refused when it comes after the node has said anew what it holds', async () => {
    await join(a, '1');
    a.link.fail(new Error('cut'));
    await eventually(() => expect(a.context.epoch).toBe(2), PATIENCE);
    await becomes('up', a);
    const { keys, scripts, ownKeys, nodeId, ttlMs } = a.context;
    const { state, members, holders, own } = keys.roster({ appId: app, channel: ROOM });
    const rosterKeys = [state, members, holders, own(nodeId)];
    const late = scripts.changeRoster(rosterKeys, nodeId, 1, ttlMs, 0, 0, 0, 'drop', '1', 0, '');
    await expect(late).rejects.toThrow('STALE');
    const list = [ownKeys.epoch, ownKeys.rosters];
    await expect(scripts.enlist(list, 1, ttlMs, 'SREM', 'x')).rejects.toThrow('STALE');
    const key = keys.connections(app);
    await a.store.openConnection(app, '1.1', 5);
    await expect(scripts.openConnections([key], nodeId, 1, ttlMs, 7)).rejects.toThrow('STALE');
    expect(await b.members(app, ROOM)).toEqual(['1']);
  });

  it('makes the others look again if nobody knows what became of it', async () => {
    await join(a, '1');
    const { version } = (await b.store.roster(app, ROOM))!;
    const holding = a.life['book'].find({ appId: app, channel: ROOM })!;
    isolate(a);
    // Redis has done it, but the answer did not come.
    a.context.mirror.get(app).leave(ROOM, '1.1', '1');
    const { state, members, holders, own } = a.context.keys.roster({ appId: app, channel: ROOM });
    const { nodeId } = a.store;
    const rosterKeys = [state, members, holders, own(nodeId)];
    const { changeRoster } = a.context.scripts;
    await changeRoster(rosterKeys, nodeId, 1, 1000, 0, 0, 0, 'drop', '1', 0, '');
    holding['uncertain'].set('1', true);
    a.thaw();
    await becomes('up', a);
    expect(a.changes).toEqual([
      { appId: app, channel: ROOM, version: version + 1, left: [], joined: [] },
    ]);
  });
});

describe('When another server has taken over, which did not have it all,', () => {
  it('the versions go on beyond all that were known, and the others look again', async () => {
    await join(a, '1');
    await join(b, '2');
    const { version } = (await b.store.roster(app, ROOM))!;
    a.life['timeline'] = 'another';
    a.link.fail(new Error('cut'));
    await eventually(() => expect(a.changes).toHaveLength(1), PATIENCE);
    await becomes('up', a);
    const skipped = a.changes[0]!;
    expect(skipped).toMatchObject({ channel: ROOM, left: [], joined: [] });
    expect(skipped.version).toBeGreaterThan(version + 1);
    const third = await join(b, '3');
    expect(third).toMatchObject({ isFirst: true, version: skipped.version + 1 });
  });

  it('nothing of that is done when it is the same as before', async () => {
    await join(a, '1');
    const { version } = (await b.store.roster(app, ROOM))!;
    a.link.fail(new Error('cut'));
    await eventually(() => expect(a.store.counters.restores).toBe(1), PATIENCE);
    expect(a.changes).toEqual([]);
    expect((await b.store.roster(app, ROOM))!.version).toBe(version);
  });
});

describe('A cached event', () => {
  it('is not replaced by an older one of a node that comes back', async () => {
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: 'old' }, 100);
    isolate(a);
    await sleep(5);
    await a.store.cacheEvent(app, 'cache-b', { event: 'e', data: 'old' }, 100);
    await sleep(5);
    for (const channel of ['cache-a', 'cache-b']) {
      await b.store.cacheEvent(app, channel, { event: 'e', data: 'new' }, 100);
    }
    a.thaw();
    await becomes('up', a);
    for (const channel of ['cache-a', 'cache-b']) {
      expect((await a.store.cachedEvent(app, channel))?.data).toBe('new');
    }
  });

  it('that another node forgot is not restored by the one that published it', async () => {
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    expect(await b.store.forgetCachedEvent(app, 'cache-a')).toBe(true);
    isolate(a);
    a.thaw();
    await becomes('up', a);
    for (const { store } of [a, b]) expect(await store.cachedEvent(app, 'cache-a')).toBeUndefined();
    expect(await a.store.forgetCachedEvent(app, 'cache-a')).toBe(false);
  });

  it('that another node forgot is not restored either when Redis has lost all', async () => {
    for (const channel of ['cache-a', 'cache-b']) {
      await a.store.cacheEvent(app, channel, { event: 'e', data: '1' }, 100);
    }
    await sleep(5);
    await b.store.forgetCachedEvent(app, 'cache-a');
    await redis.kill();
    await becomes('down', a, b);
    // What is forgotten meanwhile is made up for.
    expect(b.store.forgetCachedEvent(app, 'cache-b')).toBe(false);
    expect(a.store.cachedEvent(app, 'cache-b')).toMatchObject({ data: '1' });
    await redis.restart();
    await becomes('up', a, b);
    for (const channel of ['cache-a', 'cache-b']) {
      for (const { store } of [a, b]) expect(await store.cachedEvent(app, channel)).toBeUndefined();
    }
  });

  it('is forgotten by this node, which cannot say what others know, while Redis is away', async () => {
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    await redis.kill();
    await becomes('down', a);
    expect(a.store.forgetCachedEvent(app, 'cache-a')).toBe(false);
    expect(a.store.cachedEvent(app, 'cache-a')).toBeUndefined();
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '2' }, 100);
    await redis.restart();
    await becomes('up', a, b);
    for (const { store } of [a, b]) {
      expect(await store.cachedEvent(app, 'cache-a')).toMatchObject({ data: '2' });
    }
  });

  it('that is forgotten leaves nothing that does not end by itself', async () => {
    await a.store.cacheEvent(app, 'cache-a', { event: 'e', data: '1' }, 100);
    await b.store.forgetCachedEvent(app, 'cache-a');
    const left = Number(await redis.command('PTTL', a.context.keys.event(app, 'cache-a')));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(100_000);
  });

  it('keeps halves of characters', async () => {
    const event = { event: '\ud800', data: '"\udc00"' };
    await a.store.cacheEvent(app, 'cache-a', event, 100);
    expect(await b.store.cachedEvent(app, 'cache-a')).toMatchObject(event);
  });
});

describe('An answer', () => {
  it('whose maker died is made by who waits for it', async () => {
    void a.store.once(app, 'key', 100, () => new Promise(() => undefined));
    await eventually(async () =>
      expect(await redis.command('EXISTS', `reverb:{once ${app} key}`)).toBe(1),
    );
    const answer = b.store.once(app, 'key', 100, async () => 'of the second');
    await a.crash();
    expect(await answer).toBe('of the second');
  });

  it('that takes longer than its claim is still made once', async () => {
    const first = a.store.once(app, 'key', 100, async () => {
      await sleep(5500);
      return 'of the first';
    });
    await sleep(20);
    const second = b.store.once(app, 'key', 100, async () => 'of the second');
    expect(await Promise.all([first, second])).toEqual(['of the first', 'of the first']);
  });
});
