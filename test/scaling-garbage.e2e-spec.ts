import { randomBytes } from 'node:crypto';
import {
  heard,
  member,
  numbersFrom,
  publishNumbers,
  signedIn,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { publish } from './harness/publish.js';
import { Random } from './harness/random.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

const ROOM = 'presence-room';

let redis: RedisServer;
let cluster: NodeCluster;
let one: ServerProcess;
let two: ServerProcess;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.start(2, redis);
  [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
});
afterAll(closeAll);

const allTopics = async () => (await redis.command('PUBSUB', 'CHANNELS', '*')) as string[];

/** Listens to everything, and gives what genuine messages look like. */
async function eavesdrop() {
  const messages: { topic: string; payload: Buffer }[] = [];
  const listener = redis.connect();
  listener.on('pmessageBuffer', (_pattern: Buffer, topic: Buffer, payload: Buffer) =>
    messages.push({ topic: topic.toString(), payload }),
  );
  await listener.psubscribe('*');
  return messages;
}

async function expectWell(): Promise<void> {
  await cluster.untilUp();
  for (const node of cluster.nodes) {
    expect(node.exit).toBeUndefined();
    expect(node.output).not.toMatch(/"level":"(error|fatal)"/);
  }
}

describe('Garbage of a foreign publisher', () => {
  it('on the topics of the nodes disturbs nobody', async () => {
    const client = await subscriber(one, 'news');
    const ann = await member(two, ROOM, 'ann');
    const topics = await allTopics();
    expect(topics.length).toBeGreaterThan(1);
    const texts = ['', ' ', '{', '{}', 'null', '[]', '"text"', '0', '{"type":"frame"}'];
    const hostile = JSON.stringify({ type: 'terminate', appId: 'app-id', userId: 'ann' });
    const bytes = numbersFrom(0, 50).map((i) => randomBytes(i * 7));
    for (const topic of topics) {
      for (const garbage of [...texts, hostile, 'x'.repeat(100_000), ...bytes]) {
        await redis.command('PUBLISH', topic, garbage);
      }
    }
    await client.expectSilence(200);
    await ann.expectSilence(50);
    await publishNumbers(two, 'news', [1]);
    await untilHeard(client, 'news', [1]);
    await expectWell();
  });

  it('that looks almost genuine disturbs nobody', async () => {
    const messages = await eavesdrop();
    const client = await subscriber(one, 'forged');
    const ann = await member(two, ROOM, 'ann');
    await member(one, ROOM, 'bob');
    await publishNumbers(two, 'forged', [1]);
    await untilHeard(client, 'forged', [1]);
    await signedRequest(two, 'POST', 'users/nobody/terminate_connections');
    await eventually(() => expect(messages.length).toBeGreaterThan(2));
    const random = new Random(7);
    for (const { topic, payload } of messages.splice(0)) {
      for (let i = 0; i < payload.length; i++) {
        await redis.command('PUBLISH', topic, payload.subarray(0, i));
      }
      await redis.command('PUBLISH', topic, Buffer.concat([payload, Buffer.of(0)]));
      // Neither what it is nor which version it is of.
      for (let i = 0; i < 4; i++) {
        const damaged = Buffer.from(payload);
        damaged[i] = damaged[i]! ^ (1 + random.below(255));
        await redis.command('PUBLISH', topic, damaged);
      }
    }
    await client.roundTrip();
    await ann.roundTrip();
    expect([client.isOpen, ann.isOpen]).toEqual([true, true]);
    expect(rosterSeenBy(ann, ROOM)).toContain('bob');
    await publishNumbers(two, 'forged', [2]);
    await untilHeard(client, 'forged', [1, 2]);
    await expectWell();
  });

  it('a genuine message that comes again is dropped', async () => {
    const messages = await eavesdrop();
    const client = await subscriber(one, 'again');
    await publishNumbers(two, 'again', numbersFrom(0, 5));
    await untilHeard(client, 'again', numbersFrom(0, 5));
    await eventually(() => expect(messages.length).toBeGreaterThanOrEqual(5));
    for (const { topic, payload } of messages.splice(0)) {
      await redis.command('PUBLISH', topic, payload);
    }
    await publishNumbers(two, 'again', [5]);
    await untilHeard(client, 'again', numbersFrom(0, 6));
  });
});

describe('A foreign subscriber of all topics', () => {
  it('changes no answer and no delivery', async () => {
    await eavesdrop();
    const client = await signedIn(one, 'eve', 'mallory');
    await client.subscribe('open');
    await publish(two, 'open', 'event');
    await client.expectFrame('event');
    await cluster.untilAllAnswer(
      'channels/open',
      { occupied: true, subscription_count: 1 },
      {
        query: { info: 'subscription_count' },
      },
    );
    const { json } = await signedRequest(two, 'POST', 'events', {
      body: { name: 'e', data: '', channel: 'empty', info: 'subscription_count' },
    });
    expect(json).toEqual({ channels: { empty: { subscription_count: 0 } } });
  });
});

describe('Keys of somebody else', () => {
  it('beside those of the nodes are neither read nor touched', async () => {
    await redis.command('SET', 'reverb-of-somebody', 'x');
    await redis.command('SADD', 'laravel_database_set', 'x');
    await member(one, 'presence-keys', 'ann');
    await cluster.untilAllAnswer('channels/presence-keys/users', { users: [{ id: 'ann' }] });
    expect(await redis.command('GET', 'reverb-of-somebody')).toBe('x');
    expect(await redis.command('SMEMBERS', 'laravel_database_set')).toEqual(['x']);
  });

  it('of another prefix on the same Redis are those of another cluster', async () => {
    const other = await NodeCluster.start(1, redis, { REVERB_SCALING_CHANNEL: 'staging' });
    const theirs = other.nodes[0]!;
    const ours = await subscriber(one, 'shared-name');
    const foreign = await subscriber(theirs, 'shared-name');
    await publishNumbers(theirs, 'shared-name', [1]);
    await untilHeard(foreign, 'shared-name', [1]);
    await publishNumbers(one, 'shared-name', [2]);
    await untilHeard(ours, 'shared-name', [2]);
    await foreign.roundTrip();
    expect(heard(foreign, 'shared-name')).toEqual([1]);
    await other.untilAllAnswer('connections', { connections: 1 });
    expect(await other.stop(theirs)).toBe(0);
  });
});
