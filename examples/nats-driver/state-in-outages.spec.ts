import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { HAND_OVER_MS, type Member, type PartialScalingOptions, type StateStore } from 'revurb';
import { Cable } from './testing/cable.js';
import { describeWithNats, NatsServer } from './testing/nats-server.js';
import { startNode, startNodes, Told, type TestNode } from './testing/test-node.js';
import { until } from './testing/until.js';

const APP = 'app';
const ROOM = 'presence-room';
const QUICK = { heartbeatSeconds: 0.25, leaseSeconds: 2 };

const member = (userId: string): Member => ({ userId, id: userId, userInfo: undefined });

/** @throws Error when the channel is full */
async function join({ stateStore }: TestNode, userId: string) {
  const outcome = await stateStore.join(APP, ROOM, `1.${userId}`, member(userId), 0);
  if (outcome.isFull) throw new Error('The channel is full.');
  return outcome;
}

const leave = async ({ stateStore }: TestNode, userId: string) =>
  stateStore.leave(APP, ROOM, `1.${userId}`, userId);

const userIdsOn = async ({ stateStore }: TestNode) =>
  [...(await stateStore.userIds(APP, ROOM))].sort().join(' ');

const allKnow = (nodes: readonly TestNode[], userIds: string) =>
  until(
    async () => (await Promise.all(nodes.map(userIdsOn))).every((known) => known === userIds),
    `all know of ${userIds}`,
  );

const isUp = ({ stateStore }: TestNode) => stateStore.status === 'up';

describeWithNats('The state of the NATS driver', () => {
  let server: NatsServer;
  let nodes: TestNode[];
  let cables: Cable[];
  let told: Told;

  beforeEach(async () => {
    server = await NatsServer.start();
    nodes = [];
    cables = [];
  });

  afterEach(async () => {
    server.resume();
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all(cables.map((cable) => cable.close()));
    await server.close();
  });

  /** Nodes that can be cut off one by one. */
  async function start(
    count: number,
    options: PartialScalingOptions = QUICK,
  ): Promise<readonly TestNode[]> {
    for (let i = 0; i < count; i++) cables.push(await Cable.to(server));
    nodes = await Promise.all(cables.map(({ address }) => startNode(address, options)));
    told = new Told(nodes);
    await until(() => nodes.every(({ stateStore }) => stateStore.nodes().length === count), 'all');
    return nodes;
  }

  const areDown = () => until(() => !nodes.some(isUp), 'NATS is away');
  const areUp = () => until(() => nodes.every(isUp), 'NATS is back');

  describe('while NATS is away', () => {
    it('is what this node knows, at once', async () => {
      const [a, b] = await start(2);
      await join(a!, 'anna');
      await join(b!, 'bert');
      await a!.stateStore.openConnection(APP, '1.1', null);
      await a!.stateStore.setSubscriptions(APP, ROOM, 2);
      await server.kill();
      await areDown();
      expect(await userIdsOn(a!)).toBe('anna');
      expect(await join(a!, 'anna')).toMatchObject({ isFirst: false, version: 0 });
      expect(await join(a!, 'carl')).toMatchObject({ isFirst: true, version: 0 });
      expect(await leave(a!, 'carl')).toEqual({ isLast: true, version: 0 });
      expect(await a!.stateStore.countConnections(APP)).toBe(1);
      const channel = { channel: ROOM, subscriptions: 2, users: 1 };
      expect(await a!.stateStore.channels(APP, '')).toEqual([channel]);
      expect(a!.stateStore.nodes()).toEqual([a!.stateStore.nodeId]);
      expect(a!.stateStore.unreachableMs).toBeGreaterThan(0);
    });

    it('limits, remembers and answers too', async () => {
      const [{ stateStore: store }] = (await start(1)) as [TestNode];
      await server.kill();
      await areDown();
      expect(await store.openConnection(APP, '1.1', 1)).toBe(true);
      expect(await store.openConnection(APP, '1.2', 1)).toBe(false);
      expect(await store.signIn(APP, 'anna', '1.1')).toBe(true);
      expect(await store.onlineUsers(APP, ['anna', 'bert'])).toEqual(['anna']);
      await store.cacheEvent(APP, 'cache-a', { event: 'e', data: '1' }, 100);
      expect(await store.cachedEvent(APP, 'cache-a')).toMatchObject({ data: '1' });
      expect(await store.forgetCachedEvent(APP, 'cache-a')).toBe(false);
      expect(await store.cachedEvent(APP, 'cache-a')).toBeUndefined();
      expect(await store.once(APP, 'key', 100, async () => 'answer')).toBe('answer');
      expect(await store.once(APP, 'key', 100, async () => 'another')).toBe('answer');
      expect(await store.take(APP, 'bucket', 2, 2, 100_000)).toBe(true);
      expect(await store.take(APP, 'bucket', 1, 2, 100_000)).toBe(false);
    });

    it('a node starts nevertheless, and is there when NATS is', async () => {
      await server.kill();
      const [node] = await startNodes(1, server.address, QUICK);
      nodes = [node!];
      expect(node!.stateStore.status).toBe('down');
      expect(await join(node!, 'anna')).toMatchObject({ isFirst: true, version: 0 });
      await server.restart();
      await areUp();
      expect(await userIdsOn(node!)).toBe('anna');
    });

    it('a NATS that does not answer counts as one that is away', async () => {
      const [a] = await start(2);
      server.pause();
      let joined = 0;
      const joinAnother = async () => join(a!, `user-${++joined}`);
      // It may take a moment until it is paused.
      await until(async () => (await joinAnother()).version === 0, 'this node answers by itself');
      expect(a!.stateStore.status).toBe('down');
      expect(await joinAnother()).toMatchObject({ isFirst: true, version: 0 });
      server.resume();
      await areUp();
      const everybody = Array.from({ length: joined }, (_, i) => `user-${i + 1}`);
      await allKnow(nodes, everybody.sort().join(' '));
    });
  });

  describe('when NATS is back, and has lost everything,', () => {
    it('is right again, and what changed meanwhile was told once', async () => {
      const [a, b] = await start(2);
      await join(a!, 'anna');
      await join(b!, 'bert');
      await join(b!, 'gone');
      await a!.stateStore.signIn(APP, 'anna', '1.1');
      await a!.stateStore.cacheEvent(APP, 'cache-a', { event: 'e', data: '1' }, 100);
      for (const name of ['cache-b', 'cache-c']) {
        await a!.stateStore.cacheEvent(APP, name, { event: 'e', data: '1' }, 100);
      }
      expect(await b!.stateStore.forgetCachedEvent(APP, 'cache-b')).toBe(true);
      await server.kill();
      await areDown();
      expect(await b!.stateStore.forgetCachedEvent(APP, 'cache-c')).toBe(false);
      await leave(b!, 'gone');
      await join(b!, 'come');
      await b!.stateStore.setSubscriptions(APP, ROOM, 2);
      await a!.stateStore.openConnection(APP, '1.1', null);
      await server.restart();
      await areUp();
      await allKnow(nodes, 'anna bert come');
      for (const { stateStore } of nodes) await isRight(stateStore);
      expect(told.restored).toBeGreaterThanOrEqual(2);
      expect((await b!.stateStore.roster(APP, ROOM))?.version).toBeGreaterThan(0);
    });

    const isRight = async (store: StateStore) => {
      const channel = { channel: ROOM, subscriptions: 2, users: 3 };
      expect(await store.channels(APP, '')).toEqual([channel]);
      expect(await store.countConnections(APP)).toBe(1);
      expect(await store.onlineUsers(APP, ['anna', 'bert'])).toEqual(['anna']);
      expect(await store.cachedEvent(APP, 'cache-a')).toMatchObject({ data: '1' });
      for (const name of ['cache-b', 'cache-c']) {
        expect(await store.cachedEvent(APP, name)).toBeUndefined();
      }
    };

    it('also when it was there all the time', async () => {
      await start(2);
      await join(nodes[0]!, 'anna');
      const connection = await connect({ servers: server.address });
      await (await jetstreamManager(connection)).streams.delete('KV_reverb');
      await connection.close();
      await until(() => told.restored >= 2, 'all have begun anew');
      await areUp();
      await allKnow(nodes, 'anna');
    });
  });

  describe('when a node is cut off for longer than its lease', () => {
    it('is without it, and with it again later; each change is told once', async () => {
      const [a, b, c] = await start(3);
      const others = [b!, c!];
      for (const userId of ['anna', 'both']) await join(a!, userId);
      for (const userId of ['bert', 'both']) await join(b!, userId);
      await a!.stateStore.openConnection(APP, '1.1', null);
      await a!.stateStore.setSubscriptions(APP, ROOM, 1);
      await a!.stateStore.signIn(APP, 'anna', '1.1');
      await until(async () => (await b!.stateStore.countConnections(APP)) === 1, 'it is counted');
      cables[0]!.cut();
      await allKnow(others, 'bert both');
      await until(() => told.statuses.length > 0, 'the user is offline');
      for (const { stateStore } of others) {
        await until(() => stateStore.nodes().length === 2, 'the node is gone');
        expect(await stateStore.countConnections(APP)).toBe(0);
        expect(await stateStore.channels(APP, '')).toEqual([]);
        expect(await stateStore.onlineUsers(APP, ['anna'])).toEqual([]);
      }
      expect(told.members).toEqual(['-anna']);
      expect(told.statuses).toEqual(['-anna']);
      cables[0]!.mend();
      await areUp();
      await allKnow(nodes, 'anna bert both');
      await until(() => told.statuses.length > 1, 'the user is online again');
      expect(told.members).toEqual(['-anna', 'anna']);
      expect(told.statuses).toEqual(['-anna', 'anna']);
      expect(await b!.stateStore.countConnections(APP)).toBe(1);
    });

    it('answers that it was making are made by the next who asks', async () => {
      const [a, b] = await start(2);
      void a!.stateStore.once(APP, 'key', 100, () => new Promise(() => undefined));
      const answer = b!.stateStore.once(APP, 'key', 100, async () => 'answer');
      cables[0]!.cut();
      expect(await answer).toBe('answer');
    });
  });

  describe('when a node stops in order', () => {
    it('keeps what it held for a while, in which who comes back was never away', async () => {
      const [a, b] = await start(2);
      for (const userId of ['anna', 'back']) {
        await join(a!, userId);
        await a!.stateStore.signIn(APP, userId, `1.${userId}`);
      }
      await a!.stateStore.handOver();
      await until(() => b!.stateStore.nodes().length === 1, 'it is asked no more');
      expect(await leave(a!, 'back')).toMatchObject({ isLast: false });
      await a!.stateStore.signOut(APP, 'back', '1.back', 0);
      await a!.close();
      nodes = [b!];
      expect(await join(b!, 'back')).toMatchObject({ isFirst: false });
      expect(await b!.stateStore.signIn(APP, 'back', '2.1')).toBe(false);
      await b!.stateStore.signIn(APP, 'witness', '2.2');
      await b!.stateStore.signOut(APP, 'witness', '2.2', HAND_OVER_MS / 3);
      await until(() => told.statuses.length > 0, 'some of the time is over');
      expect(await userIdsOn(b!)).toBe('anna back');
      expect([...told.members, ...told.statuses]).toEqual(['-witness']);
      await allKnow(nodes, 'back');
      await until(() => told.statuses.length > 1, 'the user is offline');
      expect([...told.members, ...told.statuses]).toEqual(['-anna', '-witness', '-anna']);
    });
  });

  it('has channels that are full before they are too large for NATS', async () => {
    const [a, b] = await start(2, {});
    const userInfo = JSON.stringify('x'.repeat(400_000));
    const joinWithMuch = async ({ stateStore }: TestNode, userId: string) =>
      stateStore.join(APP, ROOM, `1.${userId}`, { userId, id: userId, userInfo }, 0);
    expect(await joinWithMuch(a!, 'anna')).toMatchObject({ isFirst: true });
    expect(await joinWithMuch(b!, 'bert')).toMatchObject({ isFirst: true });
    const [third, fourth] = await Promise.all([joinWithMuch(a!, 'carl'), join(a!, 'dora')]);
    expect(third).toEqual({ isFull: true });
    expect(fourth).toMatchObject({ isFirst: true });
    await allKnow(nodes, 'anna bert dora');
    expect(a!.stateStore.status).toBe('up');
  });
});
