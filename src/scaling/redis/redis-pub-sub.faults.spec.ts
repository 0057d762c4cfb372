import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { newTopic, PubSubNode } from '../../../test/harness/pub-sub-node.js';
import { Random } from '../../../test/harness/random.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { TcpGate } from '../../../test/harness/tcp-gate.js';

/* One node publishes and is subscribed itself, another one is subscribed, and something happens to Redis. */

const PATIENCE = { withinMs: 15_000 };

let redis: RedisServer;
let topic: string;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
  topic = newTopic();
});

afterEach(() => closeAll());

const startTwo = async (): Promise<[here: PubSubNode, there: PubSubNode]> => {
  const options = { redis: redis.options };
  const [here, there] = await PubSubNode.startCluster(options, options);
  await Promise.all([here!.pubSub.subscribe(topic), there!.pubSub.subscribe(topic)]);
  return [here!, there!];
};

const textsUpTo = (count: number) => Array.from({ length: count }, (_, i) => String(i));

const untilUp = (...nodes: PubSubNode[]) =>
  eventually(
    () => expect(nodes.map(({ pubSub }) => pubSub.status)).toEqual(nodes.map(() => 'up')),
    PATIENCE,
  );

const untilDown = ({ pubSub }: PubSubNode) =>
  eventually(() => expect(pubSub.status).toBe('down'), PATIENCE);

const untilSent = ({ pubSub }: PubSubNode) =>
  eventually(() => expect(pubSub.counters.buffered).toBe(0), PATIENCE);

/** Publishes numbers, now one by one and now many at once, until told to stop. */
class Publishing {
  count = 0;
  private isOver = false;
  private readonly published: Promise<void>[] = [];
  private readonly work: Promise<void>;

  constructor(
    private readonly node: PubSubNode,
    private readonly random: Random,
  ) {
    this.work = this.run();
  }

  async stop(): Promise<number> {
    this.isOver = true;
    await this.work;
    await Promise.all(this.published);
    return this.count;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      for (let burst = this.random.of([1, 1, 5, 30]); burst > 0; burst--) {
        this.published.push(this.node.publish(topic, String(this.count++)));
      }
      await sleep(this.random.below(4));
    }
  }
}

/** Finds one of the connections of a node, the one with subscriptions or the other one. @returns what kills it */
async function findConnection(node: PubSubNode, isSubscriber: boolean) {
  const list = String(await redis.command('CLIENT', 'LIST'));
  const ids = list
    .split('\n')
    .filter((line) => line.includes(node.link.nodeId))
    .filter((line) => / sub=0 /.test(line) !== isSubscriber)
    .map((line) => /\bid=(\d+)/.exec(line)![1]!);
  expect(ids).toHaveLength(1);
  return () => redis.command('CLIENT', 'KILL', 'ID', ids[0]!);
}

async function killConnection(node: PubSubNode, isSubscriber: boolean): Promise<void> {
  const kill = await findConnection(node, isSubscriber);
  await kill();
}

describe('Redis is killed and started again while a node publishes', () => {
  it.each([1, 2, 3])(
    'here everything arrives at once, and there what was published meanwhile, once and in order (%i)',
    async (seed) => {
      const random = new Random(seed);
      const [here, there] = await startTwo();
      const publishing = new Publishing(here, random);
      await sleep(100 + random.below(100));
      await redis.kill();
      await untilDown(here);
      const firstKept = publishing.count;
      await eventually(() => expect(here.arrived).toHaveLength(publishing.count));
      await sleep(random.below(1000));
      await redis.restart();
      await untilUp(here, there);
      await sleep(300);
      const all = textsUpTo(await publishing.stop());
      await untilSent(here);

      await eventually(() => expect(here.arrived).toEqual(all));
      await eventually(() => expect(there.arrived.at(-1)).toBe(all.at(-1)), PATIENCE);
      expect(there.arrived).toEqual([...new Set(there.arrived)].sort((a, b) => +a - +b));
      expect(there.arrived.filter((text) => +text >= firstKept)).toEqual(all.slice(firstKept));
      const isAnyMissing = there.arrived.length < all.length;
      expect(there.pubSub.counters.gaps).toBe(isAnyMissing ? 1 : 0);
    },
  );

  it('each of two that publish sees its own at once, and that of the other once and in order', async () => {
    const [here, there] = await startTwo();
    const names = ['h', 't'];
    let count = 0;
    const publish = () => {
      [here, there].forEach((node, i) => void node.publish(topic, `${names[i]}${count}`));
      count += 1;
    };
    publish();
    await redis.kill();
    await Promise.all([untilDown(here), untilDown(there)]);
    for (let i = 0; i < 100; i++) publish();
    await redis.restart();
    await untilUp(here, there);
    await Promise.all([untilSent(here), untilSent(there)]);
    publish();
    const expected = textsUpTo(count);
    for (const node of [here, there]) {
      for (const name of names) {
        await eventually(() => {
          const own = node.arrived.filter((text) => text.startsWith(name));
          expect(own.slice(-101)).toEqual(expected.slice(-101).map((text) => name + text));
        });
      }
    }
    expect(here.arrived.slice(-2)).toEqual(there.arrived.slice(-2));
  });
});

describe('a connection is cut while many messages are on their way', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'they arrive on both nodes once and in order, when it was the one that publishes (%i)',
    async (seed) => {
      const [here, there] = await startTwo();
      const kill = await findConnection(here, false);
      const all = textsUpTo(2000);
      const published: Promise<void>[] = [];
      for (const text of all) {
        if (Number(text) === seed * 250) void kill();
        published.push(here.publish(topic, text.padEnd(4000)));
        if (Number(text) % 250 === 249) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(published);
      await untilUp(here);
      await untilSent(here);
      await here.publish(topic, 'last');
      for (const { arrived } of [here, there]) {
        await eventually(() =>
          expect(arrived.map((text) => text.trim())).toEqual([...all, 'last']),
        );
      }
      expect(there.pubSub.counters.gaps).toBe(0);
    },
  );

  it.each([1, 2, 3])(
    'they arrive on both nodes once and in order, over and over again (%i)',
    async (seed) => {
      const random = new Random(seed);
      const [here, there] = await startTwo();
      const publishing = new Publishing(here, random);
      for (let cut = 0; cut < 3; cut++) {
        await sleep(random.below(200));
        await killConnection(here, random.below(2) === 0);
        await untilDown(here);
        await sleep(random.below(300));
        await untilUp(here);
      }
      const all = textsUpTo(await publishing.stop());
      await untilSent(here);
      await eventually(() => expect(here.arrived).toEqual(all));
      await eventually(() => expect(there.arrived).toEqual(all));
      expect(there.pubSub.counters.gaps).toBe(0);
    },
  );
});

describe('the subscription of one node is cut for a moment', () => {
  it('what it misses is counted, and the rest comes once and in order', async () => {
    const gate = await TcpGate.to(redis);
    const [here, there] = await PubSubNode.startCluster(
      { redis: redis.options },
      { redis: { ...redis.options, host: gate.host, port: gate.port } },
    );
    await Promise.all([here!.pubSub.subscribe(topic), there!.pubSub.subscribe(topic)]);
    await here!.publish(topic, 'before');
    await eventually(() => expect(there!.arrived).toEqual(['before']));
    gate.shut();
    await untilDown(there!);
    await here!.publish(topic, 'meanwhile');
    await here!.publish(topic, 'meanwhile, too');
    gate.open();
    await untilUp(there!);
    await here!.publish(topic, 'after');
    await here!.publish(topic, 'still after');
    await eventually(() => expect(there!.arrived).toEqual(['before', 'after', 'still after']));
    expect(there!.pubSub.counters).toMatchObject({ gaps: 1, duplicates: 0, received: 3 });
    expect(here!.arrived).toEqual([
      'before',
      'meanwhile',
      'meanwhile, too',
      'after',
      'still after',
    ]);
  });

  it.each([1, 2])(
    'while somebody publishes: nothing twice, nothing out of order (%i)',
    async (seed) => {
      const [here, there] = await startTwo();
      const publishing = new Publishing(here, new Random(seed));
      for (let cut = 0; cut < 3; cut++) {
        await sleep(50);
        await killConnection(there, true);
        await untilDown(there);
        await untilUp(there);
      }
      await sleep(50);
      const all = textsUpTo(await publishing.stop());
      await eventually(() => expect(there.arrived.at(-1)).toBe(all.at(-1)));
      expect(here.arrived).toEqual(all);
      expect(there.arrived).toEqual([...new Set(there.arrived)].sort((a, b) => +a - +b));
      const holes = there.arrived.filter(
        (text, i) => i > 0 && +text !== +there.arrived[i - 1]! + 1,
      );
      expect(there.pubSub.counters.gaps).toBe(holes.length);
    },
  );
});

describe('Redis does not answer for a while', () => {
  it('nothing is lost, nothing comes twice, and nothing out of order', async () => {
    const [here, there] = await startTwo();
    const publishing = new Publishing(here, new Random(1));
    await sleep(100);
    redis.pause();
    await untilDown(here);
    await eventually(() => expect(here.arrived).toHaveLength(publishing.count));
    await untilDown(there);
    redis.resume();
    await untilUp(here, there);
    await sleep(200);
    const all = textsUpTo(await publishing.stop());
    await untilSent(here);
    await eventually(() => expect(here.arrived).toEqual(all));
    await eventually(() => expect(there.arrived.at(-1)).toBe(all.at(-1)));
    expect(there.arrived).toEqual(all);
  });
});

describe('while Redis is away', () => {
  it('a node that starts serves its own subscribers, and tells the others later', async () => {
    await redis.kill();
    const [here, there] = await startTwo();
    expect(here.pubSub.status).toBe('down');
    await here.publish(topic, 'a');
    await here.publish(topic, 'b');
    expect(here.arrived).toEqual(['a', 'b']);
    expect(there.arrived).toEqual([]);
    await redis.restart();
    await untilUp(here, there);
    await eventually(() => expect(there.arrived).toEqual(['a', 'b']), PATIENCE);
    expect(here.arrived).toEqual(['a', 'b']);
    expect(there.pubSub.counters).toMatchObject({ gaps: 0, duplicates: 0 });
  });

  it('subscribing and unsubscribing work at once, and count when it is back', async () => {
    const [here, there] = await startTwo();
    const other = newTopic();
    await redis.kill();
    await untilDown(here);
    await untilDown(there);
    await there.pubSub.subscribe(other);
    there.pubSub.unsubscribe(topic);
    await there.publish(topic, 'nobody wants it');
    await there.publish(other, 'own');
    expect(there.arrived).toEqual(['own']);
    await redis.restart();
    await untilUp(here, there);
    await here.publish(topic, 'given up');
    await here.publish(other, 'wanted');
    await eventually(() => expect(there.arrived).toEqual(['own', 'wanted']), PATIENCE);
  });

  it('what the buffer does not hold is refused, and nobody gets it', async () => {
    const limited = { redis: redis.options, bufferMessages: 3, bufferSize: 100 };
    const [here, there] = await PubSubNode.startCluster(limited, limited);
    await Promise.all([here!.pubSub.subscribe(topic), there!.pubSub.subscribe(topic)]);
    await redis.kill();
    await untilDown(here!);
    await untilDown(there!);
    await here!.publish(topic, 'a'.repeat(60));
    expect(here!.pubSub.hasRoomFor(2, 40)).toBe(true);
    expect(here!.pubSub.hasRoomFor(1, 41)).toBe(false);
    await expect(here!.publish(topic, 'b'.repeat(41))).rejects.toThrow('The buffer');
    await here!.publish(topic, 'c');
    await here!.publish(topic, 'd');
    expect(here!.pubSub.hasRoomFor(1, 0)).toBe(false);
    await expect(here!.publish(topic, 'e')).rejects.toThrow('The buffer');
    expect(here!.pubSub.counters).toMatchObject({ refused: 2, buffered: 3, bufferedBytes: 62 });
    await redis.restart();
    await untilUp(here!, there!);
    const taken = ['a'.repeat(60), 'c', 'd'];
    await eventually(() => expect(there!.arrived).toEqual(taken), PATIENCE);
    expect(here!.arrived).toEqual(taken);
    expect(here!.pubSub.hasRoomFor(3, 100)).toBe(true);
    expect(there!.pubSub.counters.gaps).toBe(0);
  });
});

describe('a node that kept messages', () => {
  const startBehindGate = async () => {
    const gate = await TcpGate.to(redis);
    const [here, there] = await PubSubNode.startCluster(
      { redis: redis.options },
      { redis: { ...redis.options, host: gate.host, port: gate.port } },
    );
    await Promise.all([here!.pubSub.subscribe(topic), there!.pubSub.subscribe(topic)]);
    return { gate, here: here!, there: there! };
  };

  it('waits for one that comes back later, whatever the leases say meanwhile', async () => {
    const { gate, here, there } = await startBehindGate();
    await redis.kill();
    gate.shut();
    await untilDown(here);
    await here.publish(topic, 'while Redis is away');
    await redis.restart();
    await untilUp(here);
    here.directory.replace([]);
    await here.publish(topic, 'while the other is away');
    await sleep(1500);
    expect(there.pubSub.status).toBe('down');
    gate.open();
    await untilUp(there);
    const both = ['while Redis is away', 'while the other is away'];
    await eventually(() => expect(there.arrived).toEqual(both), PATIENCE);
    expect(here.arrived).toEqual(both);
  });

  it('does not wait for one that never comes back', async () => {
    const { gate, here, there } = await startBehindGate();
    const third = await PubSubNode.start({ redis: redis.options });
    await third.pubSub.subscribe(topic);
    await redis.kill();
    gate.shut();
    await untilDown(here);
    await here.publish(topic, 'a');
    await redis.restart();
    await eventually(() => expect(third.arrived).toEqual(['a']), PATIENCE);
    await untilSent(here);
    expect(there.arrived).toEqual([]);
  });

  it('sends no more at once than the connections of the others can take', async () => {
    const limit = ['--client-output-buffer-limit', 'pubsub 8mb 8mb 60'];
    redis = await RedisServer.start({ args: limit });
    const [here, there] = await startTwo();
    await redis.kill();
    await untilDown(here);
    await untilDown(there);
    const all = textsUpTo(6000);
    for (const text of all) await here.publish(topic, text.padEnd(8000));
    await redis.restart();
    await untilUp(here, there);
    await untilSent(here);
    await eventually(() => expect(there.arrived.map((text) => text.trim())).toEqual(all), PATIENCE);
    expect(there.pubSub.counters).toMatchObject({ gaps: 0, duplicates: 0 });
  });

  it('is answered by one that never was away', async () => {
    const { gate, here, there } = await startBehindGate();
    gate.shut();
    await untilDown(there);
    await there.publish(topic, 'a');
    gate.open();
    await eventually(() => expect(here.arrived).toEqual(['a']));
  });

  it('sends them before it stops', async () => {
    const { gate, here, there } = await startBehindGate();
    await redis.kill();
    gate.shut();
    await untilDown(here);
    const third = await PubSubNode.start({ redis: redis.options });
    await third.pubSub.subscribe(topic);
    await here.publish(topic, 'a');
    await redis.restart();
    await untilUp(here, third);
    await here.stop();
    await eventually(() => expect(third.arrived).toEqual(['a']));
    expect(there.arrived).toEqual([]);
  });
});

describe('Redis refuses what a node publishes', () => {
  it('the node goes on alone until it is allowed again', async () => {
    const [here, there] = await startTwo();
    await redis.command('ACL', 'SETUSER', 'default', '-publish');
    await here.publish(topic, 'a');
    expect(here.arrived).toEqual(['a']);
    await here.publish(topic, 'b');
    await sleep(300);
    await redis.command('ACL', 'SETUSER', 'default', '+publish');
    await untilUp(here, there);
    await eventually(() => expect(there.arrived).toEqual(['a', 'b']), PATIENCE);
    expect(here.arrived).toEqual(['a', 'b']);
  });
});
