import { randomUUID } from 'node:crypto';
import { access, stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub, type BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually, registerForClose } from '../../../test/harness/eventually.js';
import { frameOf, newTopic } from '../../../test/harness/pub-sub-node.js';
import { memberOf } from '../../../test/harness/state-node.js';
import { BusFrameBatch } from './bus-frame-batch.js';
import { BUS_VERSION } from './bus-protocol.js';

const ROOM = 'presence-a';
/** Of nobody. */
const NODE_ID = '0123456789abcdef';

let hub: BusHub;
let app: string;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  app = `app-${randomUUID()}`;
});
afterEach(() => closeAll());

/** Somebody who knows where the hub is, and says whatever it likes. */
async function stranger(...bytes: readonly Buffer[]): Promise<Socket> {
  const socket = createConnection(hub.address.path);
  registerForClose(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  for (const chunk of bytes) socket.write(chunk);
  return socket;
}

function saying(say: (batch: BusFrameBatch) => void): Buffer {
  const batch = new BusFrameBatch();
  say(batch);
  return Buffer.concat(batch.take().chunks);
}

const hello = (change: object = {}) => {
  const { token } = hub.address;
  return saying((batch) =>
    batch.addItem({ version: BUS_VERSION, token, nodeId: NODE_ID, pid: 1, ...change }),
  );
};

/** The writes to each worker so far. */
const writesOf = (node: BusNode) =>
  [...hub.hub['links']].find(({ worker }) => worker?.nodeId === node.link.nodeId)!.writes;

const join = (node: BusNode, userId: string) =>
  node.store.join(app, ROOM, `${userId}.1`, memberOf(userId), 0);

describe('The door of the hub', () => {
  it('is open for this user alone, and gone afterwards', async () => {
    hub = await BusHub.start();
    const directory = dirname(hub.address.path);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await hub.hub.listen()).toEqual(hub.address);
    const [node] = await hub.join(1);
    await Promise.all([hub.hub.close(), hub.hub.close()]);
    await expect(access(directory)).rejects.toThrow('ENOENT');
    await eventually(() => expect(node!.lost).toBe(1));
  });

  it('may be closed before it was open', async () => {
    const { hub: unopened } = await BusHub.start();
    const opening = unopened.listen();
    await unopened.close();
    await expect(access((await opening).path)).rejects.toThrow('ENOENT');
  });

  it('has another secret each time', async () => {
    const hubs = [await BusHub.start(), await BusHub.start()];
    const secrets = new Set(hubs.flatMap(({ address: { path, token } }) => [path, token]));
    expect(secrets.size).toBe(4);
  });
});

describe('Who may not come in', () => {
  const REFUSED: readonly (readonly [string, () => Buffer])[] = [
    ['speaks HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['sends zeros', () => Buffer.alloc(100)],
    ['has not the token', () => hello({ token: 'wrong' })],
    ['has no token', () => hello({ token: undefined })],
    ['has a token of another kind', () => hello({ token: ['a'] })],
    ['speaks another version', () => hello({ version: BUS_VERSION + 1 })],
    ['has no name of a node', () => hello({ nodeId: '../../etc' })],
    ['is no process', () => hello({ pid: -1 })],
    ['says nothing that is a hello', () => saying((batch) => batch.addItem(null))],
    ['says too much', () => hello({ more: 'x'.repeat(5000) })],
    ['sends a message first', () => saying((batch) => batch.addNamed('a', Buffer.from('m')))],
    ['sends one by number', () => saying((batch) => batch.addNumbered(1, Buffer.from('m')))],
    ['asks before it says hello', () => saying((batch) => batch.addItem(['handOver']))],
  ];

  it.each(REFUSED)('%s: the link is closed, and the others notice nothing', async (_, bytes) => {
    hub = await BusHub.start();
    const nodes = await hub.join(2);
    const socket = await stranger(bytes());
    await eventually(() => expect(socket.closed).toBe(true));
    expect(hub.hub.counters.refusedLinks).toBe(1);
    for (const { store } of nodes) expect(store.nodes()).toHaveLength(2);
    const topic = newTopic();
    await nodes[0]!.pubSub.subscribe(topic);
    await nodes[1]!.pubSub.publish(topic, frameOf('a'));
    await eventually(() => expect(nodes[0]!.texts).toEqual(['a']));
    expect([nodes[0]!.restored, nodes[1]!.restored, hub.silent]).toEqual([0, 0, []]);
  });

  it('is a node that is here already', async () => {
    hub = await BusHub.start();
    const [node] = await hub.join(1);
    const socket = await stranger(hello({ nodeId: node!.link.nodeId }));
    await eventually(() => expect(socket.closed).toBe(true));
    expect([hub.hub.counters.refusedLinks, node!.link.status]).toEqual([1, 'up']);
  });

  it('is who says nothing at all, after a while', async () => {
    hub = await BusHub.start({ leaseMs: 80 });
    const socket = await stranger();
    await eventually(() => expect(socket.closed).toBe(true));
    expect(hub.silent).toEqual([]);
  });
});

describe('A worker that says what cannot be understood', () => {
  const NONSENSE: readonly (readonly [string, (node: BusNode) => void])[] = [
    ['no such thing', (node) => node.link['socket']!.sendItem(['toString'])],
    ['no list', (node) => node.link['socket']!.sendItem({})],
    ['a topic it does not have', (node) => node.link.publish(7, 'a', Buffer.from('m'))],
    ['no frames', (node) => node.link['socket']!['socket'].write(Buffer.alloc(10))],
    ['what breaks the hub', (node) => node.link['socket']!.sendItem(['join', app, ROOM, 'a'])],
  ];

  it.each(NONSENSE)('(%s) is dropped, and what it held is gone', async (_, speak) => {
    hub = await BusHub.start();
    const [bad, good] = (await hub.join(2)) as [BusNode, BusNode];
    await join(bad, '1');
    speak(bad);
    await eventually(() => expect(good.moves).toEqual(['-1']));
    await eventually(() => expect(bad.lost).toBe(1));
    expect(hub.hub.counters.refusedLinks).toBe(1);
    expect(good.store.nodes()).toEqual([good.link.nodeId]);
    expect(await good.members(app, ROOM)).toEqual([]);
  });
});

describe('A message', () => {
  it('goes to those who subscribed, and to nobody else', async () => {
    hub = await BusHub.start();
    const nodes = await hub.join(4);
    const topic = newTopic();
    await Promise.all([nodes[1]!.pubSub.subscribe(topic), nodes[2]!.pubSub.subscribe(topic)]);
    const quietBefore = [writesOf(nodes[0]!), writesOf(nodes[3]!)];
    for (let i = 0; i < 100; i++) await nodes[0]!.pubSub.publish(topic, frameOf(`${i}`));
    await eventually(() => expect(nodes[1]!.texts).toHaveLength(100));
    await eventually(() => expect(nodes[2]!.texts).toHaveLength(100));
    expect(hub.hub.counters).toMatchObject({ messages: 100, deliveries: 200 });
    expect([writesOf(nodes[0]!), writesOf(nodes[3]!)]).toEqual(quietBefore);
  });

  it('leaves with all others of its turn, in one write; as it does from the hub', async () => {
    hub = await BusHub.start();
    const [one, two] = (await hub.join(2)) as [BusNode, BusNode];
    const topic = newTopic();
    await two.pubSub.subscribe(topic);
    const before = [one.link['socket']!.writes, writesOf(one), writesOf(two)] as const;
    const joined: unknown[] = [];
    for (let i = 0; i < 50; i++) {
      one.pubSub.publish(topic, frameOf(`${i}`));
      one.store.setSubscriptions(app, `channel-${i % 5}`, i);
      joined.push(join(one, `${i}`));
    }
    await Promise.all(joined);
    await eventually(() => expect(two.texts).toHaveLength(50));
    expect(one.link['socket']!.writes - before[0]).toBe(1);
    expect(writesOf(one) - before[1]).toBe(1);
    expect(writesOf(two) - before[2]).toBe(1);
    expect(await two.store.channel(app, 'channel-4')).toMatchObject({ subscriptions: 49 });
  });

  it('and what is asked keep their order', async () => {
    hub = await BusHub.start();
    const [one, two] = (await hub.join(2)) as [BusNode, BusNode];
    const topic = newTopic();
    await two.pubSub.subscribe(topic);
    const order: string[] = [];
    two.pubSub.listen((message) => void (message.type === 'frame' && order.push('message')));
    const answered = async (work: unknown, name: string) => {
      await work;
      order.push(name);
    };
    one.pubSub.publish(topic, frameOf('a'));
    await join(one, '1');
    await eventually(() => expect(order).toEqual(['message']));
    await Promise.all([
      answered(join(two, '2'), 'joined'),
      answered(two.store.countConnections(app), 'counted'),
      answered(two.store.take(app, 'b', 1, 1, 1000), 'taken'),
    ]);
    expect(order).toEqual(['message', 'joined', 'counted', 'taken']);
  });
});

describe('A worker that does not read', () => {
  it('is cut off and reported when too much waits for it, and the others get everything', async () => {
    const bufferSize = 1_000_000;
    hub = await BusHub.start({ bufferSize });
    const [stuck, reader, writer] = (await hub.join(3)) as [BusNode, BusNode, BusNode];
    const topic = newTopic();
    await Promise.all([stuck.pubSub.subscribe(topic), reader.pubSub.subscribe(topic)]);
    await join(stuck, '1');
    stuck.link['socket']!['socket'].pause();
    const link = [...hub.hub['links']].find(({ worker }) => worker?.nodeId === stuck.link.nodeId)!;
    const text = 'x'.repeat(50_000);
    let most = 0;
    for (let i = 0; i < 50; i++) {
      await writer.pubSub.publish(topic, frameOf(text));
      await eventually(() => expect(reader.texts).toHaveLength(i + 1), { everyMs: 1 });
      most = Math.max(most, link['socket'].unsentMessageBytes);
    }
    expect(most).toBeGreaterThan(bufferSize / 2);
    expect(most).toBeLessThan(bufferSize + 2 * text.length);
    await eventually(() => expect(hub.silent).toEqual([process.pid]));
    await eventually(() => expect([...reader.moves, ...writer.moves]).toEqual(['-1']));
    expect(reader.store.nodes()).toHaveLength(2);
    stuck.link['socket']!['socket'].resume();
    await eventually(() => expect(stuck.lost).toBe(1));
  });
});

describe('A worker that has much to ask and to say', () => {
  const bufferSize = 100_000;

  it('gets long answers to many questions, which are not held against it', async () => {
    hub = await BusHub.start({ bufferSize });
    const [asker, other] = (await hub.join(2)) as [BusNode, BusNode];
    const topic = newTopic();
    await asker.pubSub.subscribe(topic);
    const count = 3_000;
    for (let i = 0; i < count; i++) {
      await other.store.setSubscriptions(app, `${i}-${'c'.repeat(150)}`, 1);
    }
    await other.store.countConnections(app);
    const asked = Array.from({ length: 40 }, (_, i) => asker.store.channels(app, String(i % 2)));
    await other.pubSub.publish(topic, frameOf('meanwhile'));
    const answers = await Promise.all(asked);
    expect(answers.map(({ length }) => length)).toEqual(
      answers.map((_, i) => (i % 2 === 0 ? 1 : 1_111)),
    );
    await eventually(() => expect(asker.texts).toEqual(['meanwhile']));
    expect([hub.silent, asker.lost]).toEqual([[], 0]);
  });

  it('may say more in one turn than the buffer holds', async () => {
    hub = await BusHub.start({ bufferSize });
    const [one, other] = (await hub.join(2)) as [BusNode, BusNode];
    for (let i = 0; i < 20_000; i++) {
      void one.store.setSubscriptions(app, `${i}-${'c'.repeat(100)}`, 1);
    }
    await one.store.countConnections(app);
    expect(await other.store.channels(app, '')).toHaveLength(20_000);
    expect(one.lost).toBe(0);
  });
});

describe('A worker that says nothing', () => {
  it('is taken for dead after the lease, and reported', async () => {
    hub = await BusHub.start({ leaseMs: 150 });
    const [silent, other] = (await hub.join(2)) as [BusNode, BusNode];
    await join(silent, '1');
    clearInterval(silent.link['timer']);
    await eventually(() => expect(hub.silent).toEqual([process.pid]));
    await eventually(() => expect(other.moves).toEqual(['-1']));
    await eventually(() => expect([silent.lost, other.lost]).toEqual([1, 0]));
    expect(other.store.nodes()).toEqual([other.link.nodeId]);
  });

  it('but gives signs of life, is not', async () => {
    hub = await BusHub.start({ leaseMs: 150 });
    const nodes = await hub.join(3);
    await sleep(600);
    expect(hub.silent).toEqual([]);
    expect(nodes.map(({ link }) => link.status)).toEqual(['up', 'up', 'up']);
  });

  it('harms nobody, should it not be possible to end it', async () => {
    const onSilent = () => {
      throw new Error('There is no such process.');
    };
    hub = await BusHub.start({ leaseMs: 150, onSilent });
    const [silent, other] = (await hub.join(2)) as [BusNode, BusNode];
    clearInterval(silent.link['timer']);
    await eventually(() => expect(silent.lost).toBe(1));
    expect(await other.store.countConnections(app)).toBe(0);
  });
});
