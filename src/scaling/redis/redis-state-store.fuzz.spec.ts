import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { Random } from '../../../test/harness/random.js';
import { RedisCluster } from '../../../test/harness/redis-cluster.js';
import type { RedisProcess } from '../../../test/harness/redis-process.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { StateCluster } from '../../../test/harness/state-audience.js';
import { expectAgreement, type Ask } from '../../../test/harness/state-audit.js';
import { StateNode } from '../../../test/harness/state-node.js';
import type { PartialScalingOptions } from '../scaling.options.js';

/*
 * Clients that come and go on three nodes while Redis is cut off, slow, emptied or restarted, and nodes
 * are stopped for a while. Afterwards all agree, and what each node's subscribers were told adds up.
 */

const APP = 'app';
const CHANNELS = ['presence-a', 'presence-b'];
const [CLIENTS, USERS, TROUBLES] = [40, 16, 8];
const PATIENCE = { withinMs: 15_000, everyMs: 100 };

/** What is shared, and how it is asked. */
interface Backend {
  readonly options: PartialScalingOptions;
  readonly servers: readonly RedisProcess[];
  readonly ask: Ask;
}

async function startServer(): Promise<Backend> {
  const redis = await RedisServer.start();
  return {
    options: { redis: redis.options },
    servers: [redis],
    ask: (...command) => redis.command(...command),
  };
}

async function startCluster(): Promise<Backend> {
  const redis = await RedisCluster.start();
  return {
    options: { driver: 'redis-cluster', redis: redis.options },
    servers: redis.masters,
    ask: async (...command) => (await redis.masterOf(command[1]!)).command(...command),
  };
}

async function trouble(
  servers: readonly RedisProcess[],
  nodes: readonly StateNode[],
  random: Random,
) {
  const [node, server] = [random.of(nodes), random.of(servers)];
  switch (random.below(7)) {
    case 0:
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
      break;
    case 1:
      for (const each of servers) await each.command('FLUSHALL');
      break;
    case 2:
      server.pause();
      // A Cluster finds another master for one that is silent for longer.
      await sleep(300 + random.below(servers.length > 1 ? 500 : 2500));
      server.resume();
      break;
    case 3:
      node.freeze();
      await sleep(1500 + random.below(1000));
      node.thaw();
      break;
    case 4:
      await server.command('FLUSHALL');
      break;
    case 5:
      node.link.fail(new Error('cut'));
      break;
    default:
      if (servers.length > 1) await server.command('CLIENT', 'PAUSE', '300');
      else await server.restart();
  }
  await sleep(random.below(1200));
}

/** What is under way on one node when it is cut off is done by Redis, and nobody hears of it. */
async function loseAnswers(
  servers: readonly RedisProcess[],
  cluster: StateCluster,
  random: Random,
) {
  const audience = random.of(cluster.audiences);
  const sleeping = servers.map((server) => server.command('DEBUG', 'SLEEP', '0.1'));
  await sleep(20);
  const coming = CHANNELS.map((channel) => cluster.join(audience, channel, '9.9', 'late'));
  await sleep(30);
  audience.node.link.fail(new Error('cut'));
  await Promise.all([...coming, ...sleeping]);
}

const becomeUp = (nodes: readonly StateNode[]) =>
  eventually(() => {
    for (const { store } of nodes) expect(store.status).toBe('up');
  }, PATIENCE);

/** Every watcher was told who is online. */
async function expectStatuses({ audiences, nodes }: StateCluster): Promise<void> {
  const users = Array.from({ length: USERS }, (_, i) => `u${i}`);
  const truth = await nodes[0]!.store.onlineUsers(APP, users);
  for (const { online } of audiences) {
    expect(users.filter((userId) => online.get(userId))).toEqual(truth);
  }
}

/** Everybody on every node was told of those who are there. */
async function expectToldRight({ audiences, nodes }: StateCluster): Promise<void> {
  for (const channel of CHANNELS) {
    const there = await nodes[0]!.members(APP, channel);
    for (const audience of audiences) {
      if (audience.views.get(channel)!.isBehind) await audience.reload(channel);
      expect([channel, audience.told(channel)]).toEqual([channel, there]);
    }
  }
}

async function expectToSurvive({ options, servers, ask }: Backend, seed: number): Promise<void> {
  const random = new Random(seed);
  const nodes = await StateNode.startCluster(3, options);
  const cluster = new StateCluster(nodes, APP, CHANNELS);
  for (const audience of cluster.audiences) {
    for (const channel of CHANNELS) await audience.reload(channel);
  }
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    cluster.visit(i, USERS, new Random(seed * 1000 + i), () => isOver),
  );
  for (let i = 0; i < TROUBLES; i++) await trouble(servers, nodes, random);
  isOver = true;
  await Promise.all(clients);
  await becomeUp(nodes);
  await loseAnswers(servers, cluster, random);
  await becomeUp(nodes);
  await eventually(() => expectAgreement(ask, nodes, APP, CHANNELS), PATIENCE);
  await eventually(() => expectToldRight(cluster), PATIENCE);
  await eventually(() => expectStatuses(cluster), PATIENCE);
  expect(cluster.audiences.flatMap(({ faults }) => faults)).toEqual([]);
}

beforeAll(() => Logger.overrideLogger(false));

afterEach(() => closeAll());

const seedsOf = (variable: string, seeds: string) =>
  (process.env[variable] ?? seeds).split(',').map(Number);

describe('Whatever happens, all agree in the end, and subscribers heard of everybody by turns', () => {
  it.each(seedsOf('SERVER_SEEDS', '1,2'))(
    'with one Redis, seed %i',
    async (seed) => expectToSurvive(await startServer(), seed),
    90_000,
  );

  it.each(seedsOf('CLUSTER_SEEDS', '1'))(
    'with a Redis Cluster, seed %i',
    async (seed) => expectToSurvive(await startCluster(), seed),
    90_000,
  );
});
