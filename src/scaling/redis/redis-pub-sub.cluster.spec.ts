import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { newTopic, PubSubNode } from '../../../test/harness/pub-sub-node.js';
import { RedisCluster } from '../../../test/harness/redis-cluster.js';
import { describePubSubProvider } from '../../testing/pub-sub-provider.suite.js';

const PATIENCE = { withinMs: 15_000 };

let cluster: RedisCluster;
let topic: string;
/** Of the test alone; the Cluster is for all of them. */
const started: PubSubNode[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  cluster = await RedisCluster.start(3);
}, 60_000);

beforeEach(() => {
  topic = newTopic();
});

afterEach(() => Promise.all(started.splice(0).map((node) => node.stop())));

afterAll(() => closeAll());

const optionsOf = ({ options }: RedisCluster) => ({ driver: 'redis-cluster', redis: options });

describePubSubProvider('RedisPubSubProvider in a Cluster', async () => {
  const options = optionsOf(cluster);
  const nodes = await PubSubNode.startCluster(options, options, options);
  return {
    nodes: nodes.map(({ pubSub }) => pubSub),
    close: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
});

describe('Pub/Sub in a Cluster', () => {
  it('is sharded: every topic has its master', async () => {
    const [here, there] = await startTwo();
    const topics = Array.from({ length: 30 }, () => newTopic());
    await Promise.all(topics.map((each) => there.pubSub.subscribe(each)));
    await Promise.all(topics.map((each) => here.publish(each, each)));
    await eventually(() => expect([...there.arrived].sort()).toEqual([...topics].sort()));
    expect(await cluster.gather('PUBSUB', 'CHANNELS')).toEqual([]);
    for (const master of cluster.masters) {
      const channels = (await master.command('PUBSUB', 'SHARDCHANNELS')) as string[];
      expect(channels.filter((channel) => channel.includes('channel app'))).not.toEqual([]);
    }
  });

  it('goes on when a slot moves: here nothing is lost, and nowhere anything comes twice or out of order', async () => {
    const [here, there] = await startTwo();
    const publishing = publishOn(here);
    await sleep(200);
    await moveSlotOf(`reverb:{${topic}}`);
    await sleep(300);
    const all = await publishing.stop();
    await here.publish(topic, 'last');
    await eventually(() => expect(there.arrived.at(-1)).toBe('last'), PATIENCE);
    await eventually(() => expect(here.arrived).toEqual([...all, 'last']), PATIENCE);
    const others = there.arrived.slice(0, -1);
    expect(others).toEqual([...new Set(others)].sort((a, b) => +a - +b));
    const holes = there.arrived.filter(
      (text, i) => text !== 'last' && +text !== +(there.arrived[i - 1] ?? -1) + 1,
    );
    expect(there.pubSub.counters.gaps).toBeGreaterThanOrEqual(holes.length);
  });

  it('loses nothing when the connections of a node are cut', async () => {
    const [here, there] = await startTwo();
    const publishing = publishOn(here);
    for (let cut = 0; cut < 3; cut++) {
      await sleep(100);
      await killConnections(here);
      await untilStatus('down', here);
      await untilStatus('up', here);
    }
    const all = await publishing.stop();
    await eventually(() => expect(here.arrived).toEqual(all), PATIENCE);
    await eventually(() => expect(there.arrived).toEqual(all), PATIENCE);
    expect(there.pubSub.counters.gaps).toBe(0);
  });

  it('goes on here when a master is away, and there as soon as it is back', async () => {
    const [here, there] = await startTwo();
    const publishing = publishOn(here);
    await sleep(100);
    const master = await cluster.masterOf(`reverb:{${topic}}`);
    await master.kill();
    await untilStatus('down', here, there);
    await eventually(() => expect(here.arrived).toHaveLength(publishing.count()));
    await master.restart();
    await untilStatus('up', here, there);
    const all = await publishing.stop();
    await eventually(() => expect(here.arrived).toEqual(all), PATIENCE);
    await eventually(() => expect(there.arrived.at(-1)).toBe(all.at(-1)), PATIENCE);
    expect(there.arrived).toEqual([...new Set(there.arrived)].sort((a, b) => +a - +b));
    await cluster.untilWhole();
  });
});

const untilStatus = (status: 'up' | 'down', ...nodes: PubSubNode[]) =>
  eventually(
    () => expect(nodes.map(({ pubSub }) => pubSub.status)).toEqual(nodes.map(() => status)),
    PATIENCE,
  );

async function killConnections({ link }: PubSubNode): Promise<void> {
  for (const master of cluster.masters) {
    const list = String(await master.command('CLIENT', 'LIST')).split('\n');
    const ids = list
      .filter((line) => line.includes(link.nodeId))
      .map((line) => /\bid=(\d+)/.exec(line)![1]!);
    await Promise.all(ids.map((id) => master.command('CLIENT', 'KILL', 'ID', id)));
  }
}

async function startTwo(): Promise<[here: PubSubNode, there: PubSubNode]> {
  const options = optionsOf(cluster);
  const [here, there] = await PubSubNode.startCluster(options, options);
  started.push(here!, there!);
  await Promise.all([here!.pubSub.subscribe(topic), there!.pubSub.subscribe(topic)]);
  return [here!, there!];
}

/** Publishes numbers until told to stop. */
function publishOn(node: PubSubNode) {
  const published: Promise<void>[] = [];
  const timer = setInterval(() => {
    for (let i = 0; i < 3; i++) published.push(node.publish(topic, String(published.length)));
  }, 5);
  return {
    count: () => published.length,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(published);
      return published.map((_, i) => String(i));
    },
  };
}

async function moveSlotOf(name: string): Promise<void> {
  const giver = await cluster.masterOf(name);
  const taker = cluster.masters.find((master) => master !== giver)!;
  const others = cluster.masters.filter((master) => master !== giver && master !== taker);
  const slot = Number(await giver.command('CLUSTER', 'KEYSLOT', name));
  const [from, to] = [
    await giver.command('CLUSTER', 'MYID'),
    await taker.command('CLUSTER', 'MYID'),
  ];
  await taker.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(from));
  await giver.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(to));
  for (const master of [taker, giver, ...others]) {
    await master.command('CLUSTER', 'SETSLOT', slot, 'NODE', String(to));
  }
}
