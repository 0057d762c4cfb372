import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { delivered, QueueNode, type Judge } from '../../../test/harness/queue-node.js';
import { RedisCluster } from '../../../test/harness/redis-cluster.js';
import { RedisServer } from '../../../test/harness/redis-server.js';

const PATIENCE = { withinMs: 10_000 };

let redis: RedisServer;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
});

afterEach(() => closeAll());

const start = (batchWindowMs?: number) => QueueNode.start({ redis: redis.options }, batchWindowMs);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => String(from + i));
const becomes = (status: 'up' | 'down', { link }: QueueNode) =>
  eventually(() => expect(link.status).toBe(status), PATIENCE);
const expectSeen = (expected: readonly string[], ...nodes: readonly QueueNode[]) =>
  eventually(() => expect(nodes.flatMap(({ seen }) => seen)).toEqual(expected), PATIENCE);

/** Lets batches wait until it is told how they end. */
function gate() {
  let open: (judge: Judge) => void = () => undefined;
  const opened = new Promise<Judge>((resolve) => (open = resolve));
  const judge: Judge = async (batch) => (await opened)(batch);
  return { judge, open: (how: Judge = delivered) => open(how) };
}

const failed: Judge = ({ events }) => ({
  taken: 0,
  isFailure: true,
  pauseMs: 50,
  limit: events.length,
});

describe('When a node dies', () => {
  it('another one delivers what it was about to, in order, and what waited behind it', async () => {
    const [doomed, other] = [await start(), await start()];
    other.judge = failed;
    doomed.judge = failed;
    doomed.append(...numbers(0, 5));
    await eventually(() => expect(doomed.seen.length + other.seen.length).toBeGreaterThan(0));
    await doomed.crash();
    other.seen.length = 0;
    other.judge = delivered;
    await expectSeen(numbers(0, 5), other);
  });

  it('in the midst of a delivery, another one makes it when the lock has ended', async () => {
    const doomed = await start();
    const { judge } = gate();
    doomed.judge = judge;
    doomed.append('a', 'b');
    await eventually(() => expect(doomed.seen).toEqual(['a', 'b']));
    doomed.append('c');
    await sleep(50);
    await doomed.crash();
    const other = await start();
    await expectSeen(['a', 'b', 'c'], other);
  });

  it('a node that has nothing of its own to deliver finds it', async () => {
    const doomed = await start();
    doomed.judge = failed;
    doomed.append('a');
    await eventually(() => expect(doomed.seen.length).toBeGreaterThan(0));
    await doomed.stop();
    await redis.command('DEL', 'reverb:{webhooks}:deliveries:delayed');
    const keys = (await redis.command('KEYS', 'reverb:{webhooks}:deliveries:*')) as string[];
    await redis.command('DEL', ...keys);
    const other = await start();
    await expectSeen(['a'], other);
  });
});

describe('While Redis is away', () => {
  it('events are kept, and delivered in order when it is back', async () => {
    const node = await start();
    node.append('before');
    await expectSeen(['before'], node);
    await redis.kill();
    await becomes('down', node);
    node.append(...numbers(0, 300));
    await redis.restart();
    await becomes('up', node);
    node.append('after');
    await expectSeen(['before', ...numbers(0, 300), 'after'], node);
  });

  it('what was delivered is not delivered again', async () => {
    const node = await start();
    const { judge, open } = gate();
    node.judge = judge;
    node.append('a');
    await eventually(() => expect(node.seen).toEqual(['a']));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await becomes('down', node);
    open();
    await becomes('up', node);
    node.append('b');
    await expectSeen(['a', 'b'], node);
    await sleep(1500);
    expect(node.seen).toEqual(['a', 'b']);
  });

  it('what was taken out of a lane is not taken out again, if nobody knows that it was', async () => {
    const node = await start();
    const { judge, open } = gate();
    node.judge = judge;
    node.append('a');
    await eventually(() => expect(node.seen).toEqual(['a']));
    node.append('b', 'c');
    await eventually(async () => expect(await node.queue.length()).toBe(3));
    const lanes = node.queue['lanes'];
    const end = lanes.end.bind(lanes);
    // Redis does it, and the answer is lost with the connection.
    lanes.end = async (...batch) => {
      lanes.end = end;
      await end(...batch);
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
      throw new Error('Connection is closed.');
    };
    open();
    await expectSeen(['a', 'b', 'c'], node);
  });

  it('nothing is lost or repeated, whenever the connections break', async () => {
    const node = await start();
    const texts = numbers(0, 400);
    for (const [i, text] of texts.entries()) {
      node.append(text);
      if (i % 10 === 0) await sleep(1);
      if (i % 130 === 50) await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    }
    await expectSeen(texts, node);
  });

  it('dead letters cannot be asked for, and nobody waits', async () => {
    const node = await start();
    await redis.kill();
    await becomes('down', node);
    await expect(node.queue.deadLetters('app')).rejects.toThrow(/cannot be reached/);
    await expect(node.queue.resend('app', ['1'])).rejects.toThrow(/cannot be reached/);
    expect(await node.queue.length()).toBe(0);
  });

  it('no more is kept than there is room for, however large it is', async () => {
    const node = await start();
    const large = 'x'.repeat(4_000_000);
    node.append(large);
    // What Redis has takes no room.
    await eventually(() => expect(node.seen).toHaveLength(1), PATIENCE);
    await redis.kill();
    await becomes('down', node);
    for (let i = 0; i < 20; i++) node.append(large);
    expect(node.queue.dropped).toBe(4);
    expect(await node.queue.close(100)).toBe(16);
  });

  it('what it did not get is lost with the node, and counted', async () => {
    const node = await start();
    await redis.kill();
    await becomes('down', node);
    node.append('a', 'b', 'c');
    expect(await node.queue.close(100)).toBe(3);
  });
});

describe('The connections of BullMQ', () => {
  it('are replaced when they are lost and those of the node are not', async () => {
    const node = await start();
    node.append('a');
    await expectSeen(['a'], node);
    const { client } = node.queue['workers']['current']!;
    client.disconnect();
    await eventually(() => expect(node.isWorking).toBe(false));
    node.append('b');
    await expectSeen(['a', 'b'], node);
  });

  it('are closed with the node, and leave nothing that has no end but for what BullMQ needs', async () => {
    const node = await start();
    node.append('a');
    await expectSeen(['a'], node);
    await node.stop();
    const clients = String(await redis.command('CLIENT', 'LIST'))
      .trim()
      .split('\n');
    // Whoever asks is one.
    expect(clients).toHaveLength(1);
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(keys.filter((key) => !key.startsWith('reverb:{webhooks}:'))).toEqual([]);
    for (const key of keys.filter((name) => !name.includes(':deliveries:'))) {
      const isEternal = (await redis.command('PTTL', key)) === -1;
      expect({ key, isEternal }).toEqual({ key, isEternal: false });
    }
  });
});

describe('What is told of a place', () => {
  const tell = (node: QueueNode, isOccupied: boolean, version: number, text = `${version}`) =>
    node.appendFor('endpoint', [text], { appId: 'app', place: 'channel a', isOccupied, version });

  it('comes by turns, whatever is told twice', async () => {
    const node = await start();
    tell(node, true, 1);
    tell(node, true, 1, 'again');
    tell(node, true, 2, 'in doubt');
    tell(node, false, 3);
    tell(node, false, 4, 'in doubt');
    tell(node, true, 5);
    await expectSeen(['1', '3', '5'], node);
  });

  it('is not what was before, if that comes late from another node', async () => {
    const [one, other] = [await start(), await start()];
    tell(one, true, 1);
    await eventually(() => expect([...one.seen, ...other.seen]).toEqual(['1']), PATIENCE);
    tell(one, true, 3, 'the place was taken again');
    await eventually(async () => expect(await one.queue.length()).toBe(0));
    tell(other, false, 2, 'before it was, it had been left');
    tell(other, false, 4);
    await eventually(() => expect([...one.seen, ...other.seen]).toEqual(['1', '4']), PATIENCE);
  });
});

describe('A window in which events are gathered', () => {
  it('is kept from the first of them on', async () => {
    const node = await start(400);
    const batches: number[] = [];
    const beganMs = performance.now();
    let firstMs = 0;
    node.judge = (batch) => {
      firstMs ||= performance.now() - beganMs;
      batches.push(batch.events.length);
      return delivered(batch);
    };
    for (const text of numbers(0, 4)) {
      node.append(text);
      await sleep(20);
    }
    await expectSeen(numbers(0, 4), node);
    expect(batches).toEqual([4]);
    expect(firstMs).toBeGreaterThanOrEqual(390);
  });
});

describe('In a Redis Cluster', () => {
  it('everything is served by one master, and survives that nodes come and go', async () => {
    const cluster = await RedisCluster.start(3);
    const options = { driver: 'redis-cluster', redis: cluster.options };
    const doomed = await QueueNode.start(options);
    doomed.append('a');
    await expectSeen(['a'], doomed);
    const { judge } = gate();
    doomed.judge = judge;
    doomed.append('b', 'c');
    await eventually(() => expect(doomed.seen).toEqual(['a', 'b', 'c']));
    await doomed.crash();
    const other = await QueueNode.start(options);
    await expectSeen(['b', 'c'], other);
    other.judge = ({ events }) => ({
      taken: events.length,
      deathCause: 'cause',
      isFailure: true,
      pauseMs: 1,
    });
    other.append('d');
    await eventually(async () =>
      expect(await other.queue.deadLetters('app')).toMatchObject([{ event: '"d"' }]),
    );
    other.judge = delivered;
    const [letter] = await other.queue.deadLetters('app');
    expect(await other.queue.resend('app', [letter!.id])).toBe(1);
    await expectSeen(['b', 'c', 'd', 'd'], other);
  });
});

describe('A Redis with TLS, a password and a database', () => {
  it('is used like any other', async () => {
    const secured = await RedisServer.start({ tls: 'mutual', password: 'pw' });
    const node = await QueueNode.start({ redis: { ...secured.options, db: 3 }, prefix: 'mine' });
    node.append('a');
    await expectSeen(['a'], node);
    expect(await secured.command('KEYS', '*')).toEqual([]);
    await secured.command('SELECT', '3');
    const keys = (await secured.command('KEYS', '*')) as string[];
    expect(keys.every((key) => key.startsWith('mine:{webhooks}:'))).toBe(true);
  });
});
