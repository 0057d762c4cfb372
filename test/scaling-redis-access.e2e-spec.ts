import { member, publishNumbers, signedIn, toldTo, untilHeard } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, SWEEP_MS, type SharedRedis } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { publish } from './harness/publish.js';
import { RedisCluster } from './harness/redis-cluster.js';
import { RedisServer, type RedisStartOptions } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-cache-room';
const OTHER_ROOM = 'presence-other-room';

/** All that the server asks of Redis, and its scripts; what `docs/scaling.md` names for an ACL user. */
const COMMANDS = [
  '+hello +auth +client|setname +select +ping +echo +info +quit',
  '+publish +subscribe +unsubscribe',
  '+script|load +evalsha',
  '+time +exists +del +pexpire +pttl +get +set +incrby',
  '+hget +hmget +hgetall +hset +hdel +hexists +hincrby +hkeys +hlen +hscan',
  '+sadd +srem +scard +sismember +smembers +spop +sscan',
  '+zadd +zrem +zcard +zscore +zincrby +zrange +zrangebyscore +zremrangebyscore',
].flatMap((line) => line.split(' '));

/** What is asked of a Redis Cluster besides. */
const CLUSTER_COMMANDS = [
  '+cluster|slots',
  '+cluster|nodes',
  '+cluster|shards',
  '+cluster|info',
  '+spublish',
  '+ssubscribe',
  '+sunsubscribe',
];

const USER = { username: 'app', password: 'pw' };
const rulesFor = (...commands: readonly string[]) => [
  'resetkeys',
  '~reverb:*',
  'resetchannels',
  '&reverb:*',
  'nocommands',
  ...commands,
];

/** Does a bit of everything on two nodes. */
async function expectToWork(
  redis: SharedRedis,
  variables: Record<string, string> = {},
): Promise<void> {
  const all = { ...LIMITS, ...variables };
  const cluster = await NodeCluster.startWith(2, redis, all, ServerHere.start);
  const [one, two] = cluster.nodes as [ServerHere, ServerHere];
  const ann = await member(one, ROOM, 'ann');
  const bob = await member(two, ROOM, 'bob');
  await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
  await publishNumbers(two, ROOM, [1]);
  for (const client of [ann, bob]) await untilHeard(client, ROOM, [1]);
  const late = await member(one, ROOM, 'cid');
  await untilHeard(late, ROOM, [1]);
  const watcher = await signedIn(one, 'watcher', 'dee');
  const dee = await signedIn(two, 'dee');
  await eventually(() => expect(toldTo(watcher)).toEqual(['online dee']));
  await dee.close();
  const headers = { 'X-Idempotency-Key': 'once' };
  const body = { name: 'number', channel: ROOM, data: '2' };
  for (const node of [one, two]) {
    expect(await signedRequest(node, 'POST', 'events', { body, headers })).toMatchObject({
      status: 200,
    });
  }
  await untilHeard(ann, ROOM, [1, 2]);
  await signedRequest(one, 'POST', 'users/bob/terminate_connections');
  await bob.expectClose(4009);
  await cluster.untilAllAnswer('connections', { connections: 3 });
  await cluster.untilAllAnswer(
    `channels/${ROOM}`,
    { occupied: true, user_count: 2, subscription_count: 2 },
    { query: { info: 'user_count,subscription_count' } },
  );
  await eventually(() => expect(toldTo(watcher)).toEqual(['online dee', 'offline dee']));
  expect(await Promise.all(cluster.nodes.map((node) => cluster.stop(node)))).toEqual([0, 0]);
}

const LIMITS = {
  REVERB_WEBHOOK_GRACE: '1',
  REVERB_APP_MAX_CONNECTIONS: '100',
  REVERB_APP_PUBLISHES_PER_SECOND: '100',
};

describe('Nodes work together over a Redis', () => {
  it.each<[string, RedisStartOptions, Record<string, string>]>([
    ['with a password', { password: 'p@ss:w/rd' }, {}],
    ['with TLS', { tls: true }, {}],
    ['with TLS and certificates of the clients', { tls: 'mutual', password: 'pw' }, {}],
    ['in another database', {}, { REDIS_DB: '3' }],
    ['under another prefix', {}, { REVERB_SCALING_CHANNEL: 'my-app:live' }],
  ])('%s', async (_, options, variables) => {
    const redis = await RedisServer.start(options);
    await expectToWork(redis, variables);
  });

  it('that a URL names', async () => {
    const redis = await RedisServer.start({ password: 'p@ss:w/rd' });
    const byUrl = { variables: { REDIS_URL: `${redis.url}/2`, REDIS_PORT: '1' } };
    await expectToWork(byUrl);
  });
});

describe('A user who is limited to the prefix and to what the server needs', () => {
  it('is enough for all that nodes do', async () => {
    const redis = await RedisServer.start({ acl: { ...USER, rules: rulesFor(...COMMANDS) } });
    await expectToWork(redis);
    await expectToRecover(await NodeCluster.start(2, redis), () => redis.command('FLUSHALL'));
    expect(await redis.command('ACL', 'LOG')).toEqual([]);
  });

  it('is enough for a restart of all', async () => {
    const redis = await RedisServer.start({ acl: { ...USER, rules: rulesFor(...COMMANDS) } });
    const cluster = await NodeCluster.start(1, redis);
    const variables = { REVERB_SCALING_ENABLED: 'true', ...redis.variables };
    const args = ['dist/cli/main.js', 'restart', '--all-at-once', '--timeout', '1'];
    await ServerProcess.launch({ args, variables }).ended();
    expect(await cluster.nodes[0]!.ended()).toBe(0);
    expect(await redis.command('ACL', 'LOG')).toEqual([]);
  });

  it('is enough with a few more commands for a Redis Cluster', async () => {
    const redis = await RedisCluster.start(3);
    const rules = rulesFor(...COMMANDS, ...CLUSTER_COMMANDS);
    for (const master of redis.masters) {
      await master.command('ACL', 'SETUSER', USER.username, 'on', `>${USER.password}`, ...rules);
      await master.command('ACL', 'SETUSER', 'default', '>of-the-tests');
    }
    const login = { REDIS_USERNAME: USER.username, REDIS_PASSWORD: USER.password };
    await expectToWork(redis, login);
    await expectToRecover(await NodeCluster.start(2, redis, login), () => redis.gather('FLUSHALL'));
    expect(await redis.gather('ACL', 'LOG')).toEqual([]);
  }, 40_000);
});

/** Loses a node, and what Redis knows. */
async function expectToRecover(cluster: NodeCluster, loseData: () => Promise<unknown>) {
  const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
  const ann = await member(one, OTHER_ROOM, 'ann');
  await member(two, OTHER_ROOM, 'bob');
  await signedIn(two, 'bob');
  await eventually(() => expect(rosterSeenBy(ann, OTHER_ROOM)).toEqual(['ann', 'bob']));
  await cluster.kill(two);
  const options = { withinMs: SWEEP_MS };
  await eventually(() => expect(rosterSeenBy(ann, OTHER_ROOM)).toEqual(['ann']), options);
  await cluster.untilAllAnswer('connections', { connections: 1 }, options);
  await loseData();
  await cluster.untilAllAnswer(`channels/${OTHER_ROOM}/users`, { users: [{ id: 'ann' }] });
  await cluster.untilUp();
}

describe('A Redis that does not let the node in', () => {
  it.each<[string, RedisStartOptions, Record<string, string>]>([
    ['for a wrong password', { password: 'right' }, { REDIS_PASSWORD: 'wrong-secret' }],
    [
      'for a certificate nobody vouches for',
      { tls: true },
      {
        REVERB_REDIS_TLS_CA: 'test/fixtures/tls/second.crt',
      },
    ],
  ])('%s is one that is away, and the secret is not told', async (_, options, variables) => {
    const redis = await RedisServer.start(options);
    const cluster = await NodeCluster.start(0, redis, absolute(variables));
    const node = await cluster.add();
    await cluster.untilDown();
    await publish(node, 'news', 'event');
    await node.said(/"level":"warn"[^\n]*Redis/);
    expect(node.output).not.toContain('wrong-secret');
    expect(node.exit).toBeUndefined();
    expect(await cluster.stop(node)).toBe(0);
  });
});

/** The process runs in a directory of its own. */
function absolute(variables: Record<string, string>): Record<string, string> {
  const entries = Object.entries(variables).map(([name, value]) => {
    return [name, value.startsWith('test/') ? `${process.cwd()}/${value}` : value];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}
