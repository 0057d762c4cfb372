import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { disagreements } from './harness/cluster-agreement.js';
import { idOf, NUMBERED } from './harness/cluster-ear.js';
import { deliveryFaults, orderFault, type Publication } from './harness/cluster-model.js';
import { Visitor } from './harness/cluster-visitor.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, RECOVERY_MS } from './harness/node-cluster.js';
import { publish } from './harness/publish.js';
import { Random } from './harness/random.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';

const ROOM = 'presence-room';

let cluster: NodeCluster;

beforeAll(async () => {
  cluster = await NodeCluster.start(2, await RedisServer.start());
}, 30_000);

afterEach(everybodyLeaves);

afterAll(closeAll);

/** All who came since the last test. */
const present: Visitor[] = [];

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const nodeFor = (i: number): ServerProcess => cluster.nodes[i % cluster.nodes.length]!;

/** Many visitors, by turns on one node and on the other. */
async function visitors(count: number, userOf: (i: number) => string): Promise<Visitor[]> {
  const arriving = numbers(count).map((i) => Visitor.at(nodeFor(i), userOf(i), `visitor-${i}`));
  const arrived = await Promise.all(arriving);
  present.push(...arrived);
  return arrived;
}

/** Every visitor and every node come to know who is where. */
async function expectAgreement(all: readonly Visitor[], rooms: readonly string[]): Promise<void> {
  await Promise.all(all.map((visitor) => visitor.settled(RECOVERY_MS)));
  const agree = async () => expect(await disagreements(cluster.nodes, all, rooms)).toEqual([]);
  await eventually(agree, { everyMs: 50 });
}

async function everybodyLeaves(): Promise<void> {
  await Promise.all(present.splice(0).map((visitor) => visitor.vanish()));
  await cluster.untilAllAnswer('connections', { connections: 0 });
  await cluster.untilAllAnswer('channels', { channels: {} });
}

describe('In a presence channel of two nodes', () => {
  it.each([1, 2, 3])('one user may come and go hundreds of times (seed %i)', async (seed) => {
    const random = new Random(seed);
    const watchers = await visitors(2, (i) => `watcher-${i}`);
    const tabs = await visitors(150, () => 'ann');
    for (const watcher of watchers) watcher.subscribe(ROOM);
    // The fewer they are, the more often it is the first one who comes, or the last who goes.
    for (const count of [150, 12, 3]) {
      const some = tabs.slice(0, count);
      for (const _ of numbers(600)) {
        const tab = random.of(some);
        if (random.below(2) === 0) tab.subscribe(ROOM);
        else tab.unsubscribe(ROOM);
        if (random.below(20) === 0) await sleep(random.below(5));
      }
      await expectAgreement([...watchers, ...tabs], [ROOM]);
      for (const tab of some) tab.unsubscribe(ROOM);
      await expectAgreement([...watchers, ...tabs], [ROOM]);
    }
  });

  it.each([1, 2, 3])('many users may come and go at once (seed %i)', async (seed) => {
    const random = new Random(seed);
    const rooms = [ROOM, 'presence-hall', 'presence-cache-lobby'];
    const all = await visitors(60, (i) => `user-${i % 25}`);
    for (const _ of numbers(6)) {
      const moves: Promise<void>[] = [];
      const moving = new Set<Visitor>();
      for (const i of numbers(200)) {
        const visitor = random.of(all);
        if (moving.has(visitor)) continue;
        const turn = random.below(20);
        if (turn === 0) {
          moving.add(visitor);
          moves.push(moveTo(nodeFor(random.below(2)), visitor, random.below(2) === 0));
        } else if (turn < 9) {
          visitor.unsubscribe(random.of(rooms));
        } else {
          visitor.subscribe(random.of(rooms));
        }
        if (i % 25 === 0) await sleep(random.below(8));
      }
      await Promise.all(moves);
      await expectAgreement(all, rooms);
    }
  });

  it('nobody stays behind when all break off at once', async () => {
    const all = await visitors(80, (i) => `user-${i % 30}`);
    const [witness, ...others] = all as [Visitor, ...Visitor[]];
    for (const visitor of all) visitor.subscribe(ROOM);
    await witness.settled();
    await Promise.all(others.map((visitor) => visitor.depart({ isAbrupt: true })));
    await expectAgreement([witness], [ROOM]);
  });
});

/** Breaks off, and comes back elsewhere to what it was subscribed to. */
async function moveTo(node: ServerProcess, visitor: Visitor, isAbrupt: boolean): Promise<void> {
  await visitor.depart({ isAbrupt });
  await visitor.arrive(node);
}

/** Publishes to one channel after the other, and keeps what it published. */
class Publisher {
  readonly publications: Publication[] = [];
  private number = 0;

  constructor(
    private readonly publisher: string,
    private readonly node: ServerProcess,
  ) {}

  async publish(channel: string): Promise<void> {
    const numbered = { publisher: this.publisher, number: ++this.number };
    const beganMs = performance.now();
    await publish(this.node, channel, NUMBERED, numbered);
    const endedMs = performance.now();
    this.publications.push({ id: idOf(numbered), channel, beganMs, endedMs });
  }
}

/** Everybody got what it had to, and all saw one order. */
async function expectDeliveries(
  all: readonly Visitor[],
  publishers: readonly Publisher[],
  channels: readonly string[],
): Promise<void> {
  const published = publishers.flatMap(({ publications }) => publications);
  await eventually(() => {
    for (const visitor of all) visitor.listen();
    for (const channel of channels) {
      const there = published.filter((publication) => publication.channel === channel);
      for (const node of cluster.nodes) {
        const near = all.filter((visitor) => visitor.node === node);
        const hearings = near.map(({ ear }) => ear.of(channel));
        expect(deliveryFaults(hearings, there)).toEqual([]);
      }
    }
  });
  for (const channel of channels) {
    const heard = all.map(({ ear }) => ear.of(channel).events);
    expect(orderFault(heard)).toBeUndefined();
  }
}

describe('While subscribers come and go on two nodes', () => {
  it.each([1, 2, 3])('each gets what is published while it is there (seed %i)', async (seed) => {
    const random = new Random(seed);
    const all = await visitors(12, (i) => `user-${i}`);
    const publishers = numbers(4).map((i) => new Publisher(`publisher-${i}`, nodeFor(i)));
    const channels = numbers(30).map((i) => `news-${seed}-${i}`);
    for (const channel of channels) {
      const publishing = publishers.map(async (publisher) => {
        for (const _ of numbers(8)) {
          await publisher.publish(channel);
          await sleep(random.below(4));
        }
      });
      const visiting = all.map(async (visitor) => {
        for (const _ of numbers(random.below(4))) {
          visitor.subscribe(channel);
          if (random.below(3) > 0) await visitor.settled();
          await sleep(random.below(6));
          visitor.unsubscribe(channel);
          await sleep(random.below(3));
        }
        if (random.below(4) === 0) visitor.subscribe(channel);
      });
      await Promise.all([...publishing, ...visiting]);
    }
    await expectAgreement(all, []);
    await expectDeliveries(all, publishers, channels);
  });

  it('a topic may be wanted again in the moment in which it is given back', async () => {
    const random = new Random(1);
    const all = await visitors(40, (i) => `user-${i}`);
    const [near, far] = [new Publisher('near', nodeFor(0)), new Publisher('far', nodeFor(1))];
    const channels = all.map(({ name }) => `lonely-${name}`);
    const visiting = all.map(async (visitor, i) => {
      const channel = channels[i]!;
      for (const delayMs of [4_500 + random.below(2_000), 0]) {
        visitor.subscribe(channel);
        await visitor.settled();
        await Promise.all([near.publish(channel), far.publish(channel)]);
        visitor.unsubscribe(channel);
        await sleep(delayMs);
      }
      visitor.subscribe(channel);
    });
    await Promise.all(visiting);
    await expectAgreement(all, []);
    await Promise.all(channels.flatMap((name) => [near.publish(name), far.publish(name)]));
    await expectDeliveries(all, [near, far], channels);
  }, 30_000);
});
