import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub, type BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { newTopic } from '../../../test/harness/pub-sub-node.js';
import { memberOf } from '../../../test/harness/state-node.js';
import { HAND_OVER_MS } from '../state-store.js';

const ROOM = 'presence-a';
/** Nothing happens in it any more. */
const QUIET_MS = 100;
const OUTLIVES_HAND_OVER = { withinMs: HAND_OVER_MS + 3000 };

let hub: BusHub;
let app: string;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  hub = await BusHub.start();
  app = `app-${randomUUID()}`;
});
afterEach(() => closeAll());

const join = (node: BusNode, userId: string, socketId = `${userId}.1`) =>
  node.store.join(app, ROOM, socketId, memberOf(userId), 0);

/** Fills a node with something of everything. */
async function occupy(node: BusNode, userIds: readonly string[]): Promise<void> {
  for (const userId of userIds) {
    await node.store.openConnection(app, `${userId}.1`, null);
    await join(node, userId);
    await node.store.signIn(app, userId, `${userId}.1`);
  }
  node.store.setSubscriptions(app, ROOM, userIds.length);
  node.store.setSubscriptions(app, 'news', userIds.length);
  await node.store.countConnections(app);
}

const sorted = (texts: readonly string[]) => [...texts].sort();
const movesOf = (nodes: readonly BusNode[]) => sorted(nodes.flatMap(({ moves }) => moves));
const statusesOf = (nodes: readonly BusNode[]) =>
  sorted(nodes.flatMap((node) => node.statuses.map((told) => `${told.userId} ${told.isOnline}`)));

describe('A worker that dies', () => {
  it('is cleared away at once, and the others are told, one of them of each change', async () => {
    const [a, b, c] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    await occupy(a, ['shared', 'a1', 'a2']);
    await occupy(b, ['shared', 'b1']);
    expect(await c.store.countConnections(app)).toBe(5);
    expect(await c.store.channel(app, 'news')).toMatchObject({ subscriptions: 5 });
    const { version } = (await c.store.roster(app, ROOM))!;
    a.crash();
    await eventually(() => {
      expect(movesOf([b, c])).toEqual(['-a1', '-a2']);
      expect(statusesOf([b, c])).toEqual(['a1 false', 'a2 false']);
      expect([b.restored, c.restored]).toEqual([1, 1]);
    });
    expect([...b.changes, ...c.changes].at(-1)!.version).toBe(version + 2);
    for (const { store } of [b, c]) {
      expect(sorted(store.nodes())).toEqual(sorted([b.link.nodeId, c.link.nodeId]));
      expect(await store.countConnections(app)).toBe(2);
      expect(await store.channel(app, 'news')).toMatchObject({ subscriptions: 2 });
      expect(await store.channel(app, ROOM)).toMatchObject({ subscriptions: 2, users: 2 });
      expect(await store.onlineUsers(app, ['a1', 'b1', 'shared'])).toEqual(['b1', 'shared']);
      expect((await store.roster(app, ROOM))!.version).toBe(version + 2);
    }
    await sleep(QUIET_MS);
    expect([movesOf([b, c]).length, statusesOf([b, c]).length]).toEqual([2, 2]);
    expect(hub.silent).toEqual([]);
  });

  it('is restored from by the others when they have heard what one of them passes on', async () => {
    const [a, b, c] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    const topic = newTopic();
    const heard: string[] = [];
    await c.pubSub.subscribe(topic);
    c.pubSub.listen(({ type }) => heard.push(type));
    const nothing = () => undefined;
    const listener = {
      onUserStatus: nothing,
      onPlaceChanged: nothing,
      onMembersChanged: nothing,
    };
    c.store.listen({ ...listener, onRestored: () => heard.push('restored') });
    b.store.listen({
      ...listener,
      onMembersChanged: (change) => b.pubSub.publish(topic, { ...change, type: 'members' }),
      onRestored: () => undefined,
    });
    for (let round = 0; round < 5; round++) await join(a, '1', `1.${round}`);
    a.crash();
    await eventually(() => expect(heard).toEqual(['members', 'restored']));
  });

  it('frees what others wait for', async () => {
    const [a, b] = (await hub.join(2)) as [BusNode, BusNode];
    expect(await a.store.openConnection(app, '1.1', 1)).toBe(true);
    await a.store.join(app, ROOM, '1.1', memberOf('1'), 1);
    expect(await b.store.openConnection(app, '2.1', 1)).toBe(false);
    expect(await b.store.join(app, ROOM, '2.1', memberOf('2'), 1)).toEqual({ isFull: true });
    a.crash();
    await eventually(async () => {
      expect(await b.store.openConnection(app, '2.1', 1)).toBe(true);
    });
    expect(await b.store.join(app, ROOM, '2.1', memberOf('2'), 1)).toMatchObject({ isFirst: true });
  });

  it('with others leaves no news untold, and none twice', async () => {
    const nodes = (await hub.join(4)) as [BusNode, BusNode, BusNode, BusNode];
    const [a, b, c, last] = nodes;
    for (const [i, node] of [a, b, c].entries()) await occupy(node, [`${i}`, 'shared']);
    for (const node of [a, b, c]) node.crash();
    await eventually(() => expect(last.moves).toHaveLength(4));
    expect(movesOf(nodes)).toEqual(['-0', '-1', '-2', '-shared']);
    await eventually(() => expect(statusesOf([last])).toHaveLength(4));
    expect(await last.members(app, ROOM)).toEqual([]);
  });

  it('is told of to who comes next when nobody is left', async () => {
    const [a, b] = (await hub.join(2)) as [BusNode, BusNode];
    await occupy(a, ['a1']);
    await occupy(b, ['b1']);
    for (const node of [a, b]) node.crash();
    await eventually(() => expect([a.lost, b.lost]).toEqual([1, 1]));
    const [c] = (await hub.join(1)) as [BusNode];
    await eventually(() => expect(movesOf([c])).toEqual(['-a1', '-b1']));
    await eventually(() => expect(statusesOf([c])).toEqual(['a1 false', 'b1 false']));
    expect(c.store.nodes()).toEqual([c.link.nodeId]);
    expect(await join(c, 'a1')).toMatchObject({ isFirst: true });
  });

  it('leaves the graces of its users as they were', async () => {
    const [a, b] = (await hub.join(2)) as [BusNode, BusNode];
    for (const userId of ['stays', 'goes', 'returns']) await a.store.signIn(app, userId, '1.1');
    for (const userId of ['goes', 'returns']) await a.store.signOut(app, userId, '1.1', 300);
    a.crash();
    await eventually(() => expect(statusesOf([b])).toEqual(['stays false']));
    expect(await b.store.onlineUsers(app, ['goes', 'returns'])).toEqual(['goes', 'returns']);
    expect(await b.store.signIn(app, 'returns', '2.1')).toBe(false);
    await eventually(() => expect(statusesOf([b])).toEqual(['goes false', 'stays false']));
    await sleep(QUIET_MS);
    expect(statusesOf([b])).toHaveLength(2);
  });

  it('while it makes an answer has one of those who wait make it', async () => {
    const [a, b, c] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    const never = new Promise<string>(() => undefined);
    const making = a.store.once(app, 'key', 100, () => never);
    let made = 0;
    const asked = [b, c].map(({ store }) =>
      store.once(app, 'key', 100, async () => `answer ${++made}`),
    );
    await sleep(QUIET_MS);
    expect(made).toBe(0);
    a.crash();
    expect(await Promise.all(asked)).toEqual(['answer 1', 'answer 1']);
    expect(await c.store.once(app, 'key', 100, async () => 'another')).toBe('answer 1');
    expect(making).toBeInstanceOf(Promise);
  });
});

describe('A worker that stops in order', () => {
  it('leaves its users behind for a while: who returns was never away, the others leave then', async () => {
    const [a, b, c] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    await occupy(a, ['a1', 'a2']);
    await a.store.handOver();
    for (const userId of ['a1', 'a2']) {
      expect(await a.store.leave(app, ROOM, `${userId}.1`, userId)).toMatchObject({
        isLast: false,
      });
      await a.store.signOut(app, userId, `${userId}.1`, 1);
      a.store.closeConnection(app, `${userId}.1`);
    }
    await eventually(() => {
      for (const { store } of [b, c]) {
        expect(store.nodes()).not.toContain(a.link.nodeId);
        expect(store.leavingNodes()).toEqual([a.link.nodeId]);
      }
    });
    expect(a.store.leavingNodes()).toEqual([]);
    await a.stop();
    await eventually(() => expect(b.store.leavingNodes()).toEqual([]));
    await eventually(async () => expect(await b.store.countConnections(app)).toBe(0));
    expect(await b.members(app, ROOM)).toEqual(['a1', 'a2']);
    expect(await join(b, 'a1')).toMatchObject({ isFull: false, isFirst: false });
    expect(await b.store.signIn(app, 'a1', 'a1.2')).toBe(false);
    expect(await c.store.onlineUsers(app, ['a1', 'a2'])).toEqual(['a1', 'a2']);
    expect([...movesOf([b, c]), ...statusesOf([b, c])]).toEqual([]);
    await eventually(() => expect(movesOf([b, c])).toEqual(['-a2']), OUTLIVES_HAND_OVER);
    await eventually(() => expect(statusesOf([b, c])).toEqual(['a2 false']));
    expect(await c.members(app, ROOM)).toEqual(['a1']);
    await sleep(QUIET_MS);
    expect([movesOf([b, c]).length, b.restored, c.restored, a.lost]).toEqual([1, 0, 0, 0]);
  });

  it('and dies over it leaves them behind as well, and the others look again', async () => {
    const [a, b] = (await hub.join(2)) as [BusNode, BusNode];
    await occupy(a, ['a1']);
    await a.store.handOver();
    a.crash();
    await eventually(() => expect(b.restored).toBe(1));
    expect(await b.store.countConnections(app)).toBe(0);
    expect(await b.store.channels(app, '')).toEqual([]);
    expect([...b.moves, ...b.statuses]).toEqual([]);
    await eventually(() => expect(b.moves).toEqual(['-a1']), OUTLIVES_HAND_OVER);
    await eventually(() => expect(statusesOf([b])).toEqual(['a1 false']));
  });

  it('is told no news while others stay', async () => {
    const [a, b, c] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    await occupy(c, ['c1']);
    await a.store.handOver();
    c.crash();
    await eventually(() => expect(b.moves).toEqual(['-c1']));
    await eventually(() => expect(a.restored).toBe(1));
    expect(a.moves).toEqual([]);
  });
});
