import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { frameOf, newTopic, PubSubNode } from '../../../test/harness/pub-sub-node.js';
import { Random } from '../../../test/harness/random.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { encodeClusterMessage } from '../cluster-message-codec.js';

let redis: RedisServer;
let topic: string;
let name: string;

const nameOf = (ofTopic: string) => `reverb:{${ofTopic}}`;
const start = () => PubSubNode.start({ redis: redis.options });

/** How many nodes are subscribed. */
const subscribers = async (ofTopic = topic) => {
  const [, count] = (await redis.command('PUBSUB', 'NUMSUB', nameOf(ofTopic))) as [string, number];
  return count;
};

beforeEach(async () => {
  redis = await RedisServer.start();
  topic = newTopic();
  name = nameOf(topic);
});

afterEach(() => closeAll());

beforeAll(() => Logger.overrideLogger(false));

describe('a node is subscribed in Redis', () => {
  it('to what somebody wants here, and to nothing else', async () => {
    const [one, two, three] = await Promise.all([start(), start(), start()]);
    await Promise.all([one.pubSub.subscribe(topic), two.pubSub.subscribe(topic)]);
    expect(await subscribers()).toBe(2);
    await three.publish(topic, 'a');
    await eventually(() => expect([...one.arrived, ...two.arrived]).toEqual(['a', 'a']));
    expect(three.pubSub.counters).toMatchObject({ published: 1, received: 0 });
    expect(await redis.command('PUBSUB', 'CHANNELS')).toHaveLength(2);
  });

  it('by one command, to all that is asked for in one turn', async () => {
    const node = await start();
    const monitor = await redis.monitor();
    const topics = Array.from({ length: 100 }, () => newTopic());
    await Promise.all(topics.map((each) => node.pubSub.subscribe(each)));
    expect(await redis.command('PUBSUB', 'CHANNELS')).toHaveLength(101);
    await redis.command('PING');
    await monitor.expectLine(/"ping"/i);
    expect(monitor.lines.filter((line) => /^"subscribe"/i.test(line))).toHaveLength(1);
  });

  it('for a while longer than somebody wants it, so that coming back costs nothing', async () => {
    const node = await start();
    await node.pubSub.subscribe(topic);
    const monitor = await redis.monitor();
    for (let i = 0; i < 100; i++) {
      node.pubSub.unsubscribe(topic);
      expect(node.pubSub.subscribe(topic)).toBeUndefined();
      await new Promise((resolve) => setImmediate(resolve));
    }
    node.pubSub.unsubscribe(topic);
    await node.publish(topic, 'nobody wants it');
    await sleep(2500);
    expect(await subscribers()).toBe(1);
    await eventually(async () => expect(await subscribers()).toBe(0), { withinMs: 10_000 });
    expect(monitor.lines.filter((line) => /^"subscribe"/i.test(line))).toEqual([]);
    expect(node.arrived).toEqual([]);
    await node.pubSub.subscribe(topic);
    await node.publish(topic, 'a');
    await eventually(() => expect(node.arrived).toEqual(['a']));
    expect(node.pubSub.counters.buffered).toBe(0);
  });

  it('without a gap being seen where nobody was listening', async () => {
    const [here, there] = await Promise.all([start(), start()]);
    await there.pubSub.subscribe(topic);
    await here.publish(topic, 'a');
    await eventually(() => expect(there.arrived).toEqual(['a']));
    there.pubSub.unsubscribe(topic);
    await here.publish(topic, 'b');
    await sleep(50);
    await there.pubSub.subscribe(topic);
    await here.publish(topic, 'c');
    await eventually(() => expect(there.arrived).toEqual(['a', 'c']));
    expect(there.pubSub.counters.gaps).toBe(0);
  });

  it('to topics whose names are hard to write', async () => {
    const node = await start();
    for (const each of ['user app } {', 'user app \n"é\ud83d\ude00"', 'user app \ud83d']) {
      await node.pubSub.subscribe(each);
      await node.publish(each, each);
    }
    await eventually(() => expect(node.arrived).toHaveLength(3));
  });
});

describe('whatever is taken up and given up, and however often the connection is cut meanwhile', () => {
  it.each([1, 2, 3])('in the end exactly what is wanted is subscribed (%i)', async (seed) => {
    const random = new Random(seed);
    const [here, there] = await Promise.all([start(), start()]);
    const topics = Array.from({ length: 20 }, () => newTopic());
    const wanted = new Set<string>();
    for (let step = 0; step < 400; step++) {
      const each = random.of(topics);
      if (random.below(2) === 0) {
        wanted.add(each);
        void there.pubSub.subscribe(each);
      } else {
        wanted.delete(each);
        there.pubSub.unsubscribe(each);
      }
      if (random.below(3) === 0) await sleep(random.below(10));
      if (random.below(80) === 0) await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    }
    for (const { pubSub } of [here, there]) {
      await eventually(() => expect(pubSub.status).toBe('up'));
    }
    await Promise.all([...wanted].map((each) => there.pubSub.subscribe(each)));
    for (const each of topics) await here.publish(each, each);
    await eventually(() => expect([...there.arrived].sort()).toEqual([...wanted].sort()));
    const names = [...wanted, 'resumed'].map(nameOf).sort();
    const channels = async () => ((await redis.command('PUBSUB', 'CHANNELS')) as string[]).sort();
    await eventually(async () => expect(await channels()).toEqual(names), { withinMs: 10_000 });
  });
});

describe('what anybody else publishes on the topics of the cluster', () => {
  it('is counted and dropped, and what is right goes on', async () => {
    const node = await start();
    await node.pubSub.subscribe(topic);
    const message = frameOf('a');
    const envelope = { origin: 'a'.repeat(16), sequence: 5, previous: 0, message };
    const genuine = encodeClusterMessage(envelope);
    const ofTheFuture = Buffer.from(genuine);
    ofTheFuture.writeUInt16BE(0x0707, 2);
    const garbage = ['', 'hello', '{"type":"restart"}', genuine.subarray(0, 30), ofTheFuture];
    for (const each of garbage) await redis.command('PUBLISH', name, each);
    const resumed = nameOf('resumed');
    for (const each of ['', 'null', '{', '{"resumed":1}']) {
      await redis.command('PUBLISH', resumed, each);
    }
    await redis.command('PUBLISH', name, genuine);
    await redis.command('PUBLISH', name, genuine);
    await node.publish(topic, 'b');
    await eventually(() => expect(node.arrived).toEqual(['a', 'b']));
    expect(node.pubSub.counters).toMatchObject({ garbage: 9, duplicates: 1, received: 2, gaps: 0 });
    expect(node.pubSub.status).toBe('up');
  });

  it('is told of once a minute, however much there is', async () => {
    const warnings: string[] = [];
    Logger.overrideLogger({
      log: () => undefined,
      error: () => undefined,
      warn: (sentence: string) => warnings.push(sentence),
    });
    const node = await start();
    await node.pubSub.subscribe(topic);
    for (let i = 0; i < 50; i++) await redis.command('PUBLISH', name, 'hello');
    await eventually(() => expect(node.pubSub.counters.garbage).toBe(50));
    Logger.overrideLogger(false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('no message of this version');
  });
});

describe('a small frame', () => {
  it('does not keep alive the memory that it came in with many others', async () => {
    const [here, there] = await Promise.all([start(), start()]);
    await there.pubSub.subscribe(topic);
    await Promise.all(Array.from({ length: 1000 }, () => here.publish(topic, 'a'.repeat(100))));
    await eventually(() => expect(there.messages).toHaveLength(1000));
    const memory = new Set(
      there.messages.map((message) =>
        message.type === 'frame' ? message.frame.buffer : undefined,
      ),
    );
    const kept = [...memory].reduce((sum, buffer) => sum + (buffer?.byteLength ?? 0), 0);
    expect(kept).toBeLessThan(200_000);
  });
});
