import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BusHub, BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually, registerForClose } from '../../../test/harness/eventually.js';
import { frameOf, newTopic } from '../../../test/harness/pub-sub-node.js';
import { memberOf } from '../../../test/harness/state-node.js';
import { LocalPubSubProvider } from '../local-pub-sub.provider.js';
import { MemoryStateStore } from '../memory-state-store.js';
import { OverloadError } from '../overload-error.js';
import { PubSubProvider } from '../pub-sub-provider.js';
import { RedisPubSubProvider } from '../redis/redis-pub-sub.provider.js';
import { RedisStateStore } from '../redis/redis-state-store.js';
import { ScalingModule } from '../scaling.module.js';
import type { PartialScalingOptions } from '../scaling.options.js';
import { StateStore } from '../state-store.js';
import { BusFrameBatch } from './bus-frame-batch.js';
import { WorkerLink } from './worker-link.js';
import { WorkerPubSubProvider } from './worker-pub-sub.provider.js';
import { WorkerStateStore } from './worker-state-store.js';

const ROOM = 'presence-a';

let app: string;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  app = `app-${randomUUID()}`;
});
afterEach(() => closeAll());

describe('The drivers of workers', () => {
  const create = async (options: PartialScalingOptions) => {
    const imports = [ScalingModule.forRoot(options)];
    const module = await Test.createTestingModule({ imports }).compile();
    module.useLogger(false);
    registerForClose(() => module.close());
    const drivers = [module.get(PubSubProvider), module.get(StateStore)] as const;
    return { module, drivers, link: module.get(WorkerLink) };
  };

  it('are chosen when there is a bus, and one link is theirs', async () => {
    const hub = await BusHub.start();
    const [other] = (await hub.join(1)) as [BusNode];
    const { module, drivers, link } = await create({ workerBus: hub.address });
    expect(drivers[0]).toBeInstanceOf(WorkerPubSubProvider);
    expect(drivers[1]).toBeInstanceOf(WorkerStateStore);
    let lost = 0;
    link.onLost(() => (lost += 1));
    await module.init();
    expect([link.status, drivers[0].status, drivers[1].status]).toEqual(['up', 'up', 'up']);
    expect(drivers[1].nodes()).toContain(other.link.nodeId);
    await eventually(() => expect(other.store.nodes()).toContain(link.nodeId));
    await module.close();
    await eventually(() => expect(other.store.nodes()).toEqual([other.link.nodeId]));
    expect([link.status, lost, other.restored]).toEqual(['closed', 0, 0]);
  });

  it('are not, when there is none, or the nodes share something else', async () => {
    const alone = await create({});
    expect(alone.drivers[0]).toBeInstanceOf(LocalPubSubProvider);
    expect(alone.drivers[1]).toBeInstanceOf(MemoryStateStore);
    await alone.module.init();
    expect(alone.link.status).toBe('idle');
    const workerBus = { path: '/nowhere', token: 'none' };
    const node = await create({ enabled: true, workerBus });
    expect(node.drivers[0]).toBeInstanceOf(RedisPubSubProvider);
    expect(node.drivers[1]).toBeInstanceOf(RedisStateStore);
    expect(node.link.status).toBe('idle');
  });

  it('fail to start where no hub is, or none that lets them in', async () => {
    const hub = await BusHub.start();
    for (const workerBus of [
      { path: join(tmpdir(), randomUUID()), token: 'none' },
      { path: hub.address.path, token: 'wrong' },
    ]) {
      const { module, link } = await create({ workerBus });
      let lost = 0;
      link.onLost(() => (lost += 1));
      await expect(module.init()).rejects.toThrow('does not let it in');
      expect([link.status, lost]).toEqual(['lost', 1]);
    }
  });
});

describe('A link that is lost', () => {
  it('is told of once, to each who wants to know, also afterwards', async () => {
    const hub = await BusHub.start();
    const [node] = (await hub.join(1)) as [BusNode];
    await hub.hub.close();
    await eventually(() => expect(node.lost).toBe(1));
    let late = 0;
    node.link.onLost(() => (late += 1));
    expect(late).toBe(1);
    await node.stop();
    expect([node.lost, node.link.status]).toEqual([1, 'lost']);
  });

  it('leaves nobody waiting, then or later, and no promise broken', async () => {
    const hub = await BusHub.start();
    const [node] = (await hub.join(1)) as [BusNode];
    const { store } = node;
    await store.openConnection(app, '0.1', 5);
    const ask = () =>
      Promise.all([
        store.openConnection(app, '1.1', 1),
        store.openConnection(app, '1.2', null),
        store.closeConnection(app, '9.9'),
        store.join(app, ROOM, '1.1', memberOf('1'), 0),
        store.leave(app, ROOM, '1.1', '1'),
        store.roster(app, ROOM),
        store.userIds(app, ROOM),
        store.channel(app, ROOM),
        store.channels(app, ''),
        store.cacheEvent(app, 'cache-a', { event: 'e', data: 'd' }, 10),
        store.cachedEvent(app, 'cache-a'),
        store.forgetCachedEvent(app, 'cache-a'),
        store.signIn(app, '1', '1.1'),
        store.signOut(app, '1', '1.1', 10),
        store.onlineUsers(app, ['1']),
        store.take(app, 'bucket', 1, 1, 1000),
        store.once(app, 'key', 10, async () => 'made here'),
        store.handOver(),
      ]);
    node.link['socket']!['socket'].pause();
    const waiting = ask();
    await hub.hub.close();
    node.link['socket']!['socket'].resume();
    const expected = [
      false,
      true,
      undefined,
      { isFull: false, isFirst: false, version: 0 },
      { isLast: false, version: 0 },
      { version: 0, members: [] },
      [],
      { channel: ROOM, subscriptions: 0, users: 0 },
      [],
      undefined,
      undefined,
      false,
      false,
      undefined,
      [],
      true,
      'made here',
      undefined,
    ];
    expect(await waiting).toEqual(expected);
    expect(await ask()).toEqual(expected);
    expect([store.status, node.pubSub.status]).toEqual(['down', 'down']);
    expect(store.unreachableMs).toBeGreaterThan(0);
    expect(await store.countConnections(app)).toBe(2);
  });

  it('still lets this worker’s own subscribers have what is published here', async () => {
    const hub = await BusHub.start();
    const [node] = (await hub.join(1)) as [BusNode];
    const [topic, other] = [newTopic(), newTopic()];
    await node.pubSub.subscribe(topic);
    await hub.hub.close();
    await eventually(() => expect(node.lost).toBe(1));
    await node.pubSub.subscribe(other);
    await node.pubSub.publish(topic, frameOf('a'));
    await node.pubSub.publish(other, frameOf('b'));
    node.pubSub.unsubscribe(topic);
    await node.pubSub.publish(topic, frameOf('c'));
    expect(node.texts).toEqual(['a', 'b']);
    expect(node.pubSub.hasRoomFor(1, 1)).toBe(true);
  });

  it('is one over which nothing is heard any more, though it is open', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'revurb-'));
    registerForClose(() => rm(directory, { recursive: true }));
    const welcome = new BusFrameBatch();
    welcome.addItem(['welcome', ['0123456789abcdef'], 20]);
    const bytes = Buffer.concat(welcome.take().chunks);
    const server = createServer((socket) => {
      socket.resume().write(bytes);
      registerForClose(() => socket.destroy());
    });
    registerForClose(() => server.close());
    const path = join(directory, 'socket');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const node = new BusNode({ workerBus: { path, token: 'token' } });
    await node.start();
    expect(node.store.nodes()).toEqual([node.link.nodeId, '0123456789abcdef']);
    await eventually(() => expect(node.lost).toBe(1));
    expect(node.store.nodes()).toEqual([node.link.nodeId]);
  });
});

describe('What a worker has said when it closes its link', () => {
  it('arrives', async () => {
    const hub = await BusHub.start();
    const [one, two] = (await hub.join(2)) as [BusNode, BusNode];
    const topic = newTopic();
    await two.pubSub.subscribe(topic);
    for (let i = 0; i < 20; i++) one.pubSub.publish(topic, frameOf('x'.repeat(50_000)));
    one.store.setSubscriptions(app, 'a', 1);
    await one.stop();
    await eventually(() => expect(two.texts).toHaveLength(20));
    expect(one.lost).toBe(0);
  });
});

describe('What the hub does not take', () => {
  const limits = { bufferMessages: 20, bufferSize: 2_000_000 };

  /** A worker whose hub reads nothing, and fills what is between them. */
  async function jammed(): Promise<{ node: BusNode; topic: string; release: () => void }> {
    const hub = await BusHub.start();
    const [node] = (await hub.join(1, limits)) as [BusNode];
    const topic = newTopic();
    await node.pubSub.subscribe(topic);
    const [link] = [...hub.hub['links']];
    const socket = link!['socket']['socket'];
    socket.pause();
    return { node, topic, release: () => void socket.resume() };
  }

  it('waits, so much and no more: then it is refused, and nobody gets it', async () => {
    const { node, topic, release } = await jammed();
    const { pubSub } = node;
    let sent = 0;
    for (; pubSub.hasRoomFor(1, 300_000) && sent < 100; sent++) {
      await pubSub.publish(topic, frameOf('x'.repeat(300_000)));
      await sleep(1);
    }
    expect(sent).toBeGreaterThan(5);
    expect(sent).toBeLessThan(20);
    expect(() => pubSub.publish(topic, frameOf('y'.repeat(300_000)))).toThrow(OverloadError);
    release();
    await eventually(() => expect(node.texts).toHaveLength(sent));
    expect(node.texts.join('')).not.toContain('y');
    expect(pubSub.hasRoomFor(20, 2_000_000)).toBe(true);
  });

  it('is counted by messages too; what the others must know is let in for longer', async () => {
    const { node, topic, release } = await jammed();
    const { pubSub } = node;
    for (let i = 0; i < 20; i++) pubSub.publish(topic, frameOf('x'));
    expect(pubSub.hasRoomFor(1, 0)).toBe(false);
    expect(() => pubSub.publish(topic, frameOf('y'))).toThrow(OverloadError);
    const news = { type: 'user-status', appId: app, userId: '1', isOnline: true } as const;
    for (let i = 0; i < 20; i++) pubSub.publish(topic, news);
    expect(() => pubSub.publish(topic, news)).toThrow(OverloadError);
    release();
    await eventually(() => expect(node.texts).toHaveLength(40));
    expect(pubSub.hasRoomFor(20, 0)).toBe(true);
  });

  it('is none of it once it cannot be said at all', async () => {
    const hub = await BusHub.start();
    const [node] = (await hub.join(1, limits)) as [BusNode];
    const message = { ...frameOf('a'), channel: 'x'.repeat(70_000) };
    for (let i = 0; i < 30; i++) {
      expect(() => node.pubSub.publish('topic', message)).toThrow(RangeError);
    }
    expect(node.pubSub.hasRoomFor(20, 2_000_000)).toBe(true);
  });
});
