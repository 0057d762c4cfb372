import {
  member,
  numbersFrom,
  publishNumbers,
  signedIn,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, type ClusterNode } from './harness/node-cluster.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const SECRET = 'the-secret-of-the-application';
const PASSWORD = 'the-password-of-redis';
const ROOM = 'presence-cache-room';

/** Two nodes on which everything happens that may leave something in Redis. */
async function liveALittle(redis: RedisServer, { nodes }: { nodes: ClusterNode[] }): Promise<void> {
  const [one, two] = nodes.map((node) => Object.assign(node, { secret: SECRET })) as [
    ClusterNode,
    ClusterNode,
  ];
  await member(one, ROOM, 'ann', { name: 'Ann' });
  const bob = await member(two, ROOM, 'bob');
  await signedIn(one, 'watcher', 'ann', 'cid');
  const cid = await signedIn(two, 'cid', 'watcher');
  await cid.subscribe('#server-to-user-cid');
  const hidden = await PusherClient.connect(one);
  await hidden.subscribePrivate('private-room', one);
  await publishNumbers(one, ROOM, numbersFrom(0, 3));
  await untilHeard(bob, ROOM, numbersFrom(0, 3));
  const body = { name: 'number', channel: 'private-room', data: '1' };
  const headers = { 'X-Idempotency-Key': 'once' };
  for (const node of [one, two]) await signedRequest(node, 'POST', 'events', { body, headers });
  for (const path of ['connections', 'channels', `channels/${ROOM}/users`]) {
    await signedRequest(two, 'GET', path);
  }
  await signedRequest(two, 'POST', 'users/bob/terminate_connections');
  await bob.expectClose(4009);
  expect(await redis.command('DBSIZE')).toBeGreaterThan(0);
}

const VARIABLES = {
  REVERB_APP_SECRET: SECRET,
  REVERB_APP_CACHE_TTL: '2',
  REVERB_APP_MAX_CONNECTIONS: '100',
  REVERB_APP_PUBLISHES_PER_SECOND: '100',
  REVERB_APP_READS_PER_SECOND: '100',
};

describe('What the nodes tell Redis', () => {
  it('holds no secret, no signature and no password, and keeps to its prefix', async () => {
    const redis = await RedisServer.start({ password: PASSWORD });
    const monitor = await redis.monitor();
    const cluster = await NodeCluster.start(2, redis, VARIABLES);
    await liveALittle(redis, cluster);
    const topics = (await redis.command('PUBSUB', 'CHANNELS', '*')) as string[];
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(topics.length).toBeGreaterThan(3);
    for (const name of [...topics, ...keys]) expect(name).toMatch(/^reverb:/);
    await Promise.all(cluster.nodes.map((node) => cluster.stop(node)));
    const log = monitor.lines.join('\n');
    expect(log).toMatch(/publish/i);
    const all = [log, ...topics, ...keys].join('\n');
    for (const hidden of [SECRET, PASSWORD, 'app-key', 'auth_signature']) {
      expect(all).not.toContain(hidden);
    }
    for (const { output } of cluster.nodes) {
      expect(output).not.toContain(SECRET);
      expect(output).not.toContain(PASSWORD);
    }
  });

  it('asks for nothing that Redis has to search all its keys for', async () => {
    const redis = await RedisServer.start();
    const monitor = await redis.monitor();
    const cluster = await NodeCluster.startWith(2, redis, VARIABLES, ServerHere.start);
    await liveALittle(redis, cluster);
    const costly = /^"(keys|scan|flushall|flushdb|config|monitor|save|bgsave|debug|shutdown)"/i;
    expect(monitor.lines.filter((line) => costly.test(line))).toEqual([]);
  });

  it('has a time to live, all of it', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.startWith(2, redis, VARIABLES, ServerHere.start);
    await liveALittle(redis, cluster);
    await eventually(async () => {
      const keys = (await redis.command('KEYS', '*')) as string[];
      for (const key of keys) {
        const ttl = await redis.command('PTTL', key);
        // -2: gone meanwhile.
        expect({ key, isEternal: ttl === -1 }).toEqual({ key, isEternal: false });
      }
    });
  });

  it('is gone when all nodes have stopped', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.startWith(2, redis, VARIABLES, ServerHere.start);
    await liveALittle(redis, cluster);
    for (const node of cluster.nodes) expect(await cluster.stop(node)).toBe(0);
    await expectAllToEnd(redis);
  });

  it('is gone some time after all nodes were killed', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(2, redis, VARIABLES);
    await liveALittle(redis, cluster);
    for (const node of cluster.nodes) await cluster.kill(node);
    await expectAllToEnd(redis);
  });
});

/** Whatever is there ends by itself within a day, and nobody listens any more. */
async function expectAllToEnd(redis: RedisServer): Promise<void> {
  await eventually(async () => expect(await redis.command('PUBSUB', 'CHANNELS', '*')).toEqual([]));
  const keys = (await redis.command('KEYS', '*')) as string[];
  for (const key of keys) {
    const ttlMs = Number(await redis.command('PTTL', key));
    expect({ key, isEternal: ttlMs === -1 }).toEqual({ key, isEternal: false });
    expect(ttlMs).toBeLessThanOrEqual(24 * 60 * 60 * 1000);
  }
}
