import { jest } from '@jest/globals';
import type { RedisConnections } from '../src/scaling/redis/redis-connections.js';
import { eventually } from './harness/eventually.js';
import { RedisCluster } from './harness/redis-cluster.js';
import { RedisProcess } from './harness/redis-process.js';
import { COMMON_ARGS, RedisServer } from './harness/redis-server.js';
import { expectDown, expectUp, linkTo, warned, watchLinks } from './harness/watched-link.js';

// A Cluster needs seconds to come together, and to find out that a master is gone.
jest.setTimeout(60_000);
watchLinks();

describe('Cluster', () => {
  const topics = Array.from({ length: 30 }, (_, i) => `reverb:{topic ${i}}`);

  function inboxOf(link: RedisConnections): string[] {
    const received: string[] = [];
    link.subscriber.onMessage((topic) => received.push(topic));
    return received;
  }

  async function expectMessages(link: RedisConnections, received: string[]): Promise<void> {
    received.length = 0;
    for (const topic of topics) await link.commands.spublish(topic, 'hello');
    await eventually(() => expect(received.toSorted()).toEqual(topics.toSorted()));
  }

  it('is used whole: commands, scripts and messages of every master', async () => {
    const cluster = await RedisCluster.start(3, { password: 'pw' });
    const { link } = linkTo(cluster.options, 'redis-cluster');
    const append = link.defineScript<number>(`return redis.call('RPUSH', KEYS[1], ARGV[1])`);
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    expect(link.isCluster).toBe(true);
    expect(link.status).toBe('up');
    await expectMessages(link, received);
    expect(await Promise.all(topics.map((key) => append([key], 'a')))).toEqual(topics.map(() => 1));
    expect(await cluster.gather('KEYS', '*')).toHaveLength(topics.length);
    await link.subscriber.unsubscribe(topics);
    expect(await cluster.gather('PUBSUB', 'SHARDCHANNELS')).toEqual(['reverb:{topic}']);
    const answers = Promise.all(topics.map((key) => append([key], 'b')));
    await link.close();
    expect(await answers).toEqual(topics.map(() => 2));
  });

  it.each(['killed', 'paused'] as const)('is down as long as one master is %s', async (how) => {
    const cluster = await RedisCluster.start(3);
    const { link, news } = linkTo(cluster.options, 'redis-cluster');
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    const [, master] = cluster.masters;
    if (how === 'killed') await master!.kill();
    else master!.pause();
    await expectDown(link);
    if (how === 'killed') return;
    master!.resume();
    await cluster.untilWhole();
    await expectUp(link);
    expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']);
    await expectMessages(link, received);
  });

  it.each(['normal', 'pubsub'])('loses one connection for %s things', async (type) => {
    const cluster = await RedisCluster.start(3);
    const { link, news } = linkTo(cluster.options, 'redis-cluster');
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    const owners = await Promise.all(topics.map((topic) => cluster.masterOf(topic)));
    const topic = topics[owners.findIndex((owner) => owner === cluster.masters[2])]!;
    const statusThen = link.commands.blpop(topic, 0).catch(() => link.status);
    await cluster.masters[2]!.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    expect(await statusThen).toBe('down');
    await eventually(() => expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']));
    await expectMessages(link, received);
  });

  it('lets a replica take over', async () => {
    const cluster = await RedisCluster.start(3, { replicas: 1 });
    const { link } = linkTo(cluster.options, 'redis-cluster');
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    await cluster.masters[0]!.kill();
    await expectDown(link);
    await eventually(() => expect(link.status).toBe('up'), { withinMs: 15_000 });
    await expectMessages(link, received);
  });

  /** Gives a slot, without what is in it, to another master. */
  async function moveSlot(cluster: RedisCluster, slot: number, to: RedisProcess): Promise<void> {
    const id = String(await to.command('CLUSTER', 'MYID'));
    const others = cluster.masters.filter((master) => master !== to);
    for (const master of [to, ...others]) {
      await master.command('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    }
  }

  async function joinedBy({ masters }: RedisCluster): Promise<RedisProcess> {
    const newcomer = await RedisProcess.launch({
      hasBusPort: true,
      args: (port) => [...COMMON_ARGS, '--port', String(port), '--cluster-enabled', 'yes'],
    });
    await newcomer.command('CLUSTER', 'MEET', masters[0]!.host, masters[0]!.port);
    for (const node of [...masters, newcomer]) {
      await eventually(
        async () => {
          const info = String(await node.command('CLUSTER', 'INFO'));
          expect(info).toContain('cluster_known_nodes:4');
          expect(info).toContain('cluster_state:ok');
        },
        { withinMs: 10_000 },
      );
    }
    return newcomer;
  }

  it.each([
    ['another master', ({ masters }: RedisCluster) => Promise.resolve(masters[0]!)],
    ['one that has just joined', joinedBy],
  ])('moves a slot to %s: its topic follows, then all is restored', async (_title, recipient) => {
    const cluster = await RedisCluster.start(3);
    const { link, news } = linkTo(cluster.options, 'redis-cluster');
    const append = link.defineScript<number>(`return redis.call('RPUSH', KEYS[1], ARGV[1])`);
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    const to = await recipient(cluster);
    const owners = await Promise.all(topics.map((topic) => cluster.masterOf(topic)));
    const topic = topics[owners.findIndex((owner) => owner === cluster.masters[1])]!;
    await moveSlot(cluster, Number(await to.command('CLUSTER', 'KEYSLOT', topic)), to);
    await eventually(async () =>
      expect(await to.command('PUBSUB', 'SHARDCHANNELS')).toContain(topic),
    );
    expect(news).toEqual(['restoring', 'up']);
    await expectMessages(link, received);
    expect(await Promise.all(topics.map((key) => append([key], 'a')))).toEqual(topics.map(() => 1));
    expect(news).toEqual(['restoring', 'up']);
    await eventually(() => expect(news).toContain('down'), { withinMs: 10_000 });
    await expectUp(link);
    await expectMessages(link, received);
  });

  it('is taken for a single server', async () => {
    const cluster = await RedisCluster.start(3);
    const { host, port } = cluster.masters[0]!;
    const { link } = linkTo({ host, port });
    const set = link.defineScript<string>(`return redis.call('SET', KEYS[1], '')`);
    link.onRestore(async () => void (await Promise.all(topics.map((key) => set([key])))));
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toContain('set REVERB_SCALING_DRIVER=redis-cluster');
  });

  it('has a master step down for its replica', async () => {
    const cluster = await RedisCluster.start(3, { replicas: 1 });
    const { link } = linkTo(cluster.options, 'redis-cluster');
    const append = link.defineScript<number>(`return redis.call('RPUSH', KEYS[1], ARGV[1])`);
    const received = inboxOf(link);
    link.onRestore(() => link.subscriber.subscribe(topics));
    await link.open();
    await cluster.replicas[0]!.command('CLUSTER', 'FAILOVER');
    await eventually(async () =>
      expect(String(await cluster.replicas[0]!.command('ROLE'))).toMatch(/^master/),
    );
    await eventually(() => Promise.all(topics.map((key) => append([key], 'a'))), {
      withinMs: 10_000,
    });
    await eventually(() => expectMessages(link, received), { withinMs: 10_000 });
  });

  it('is none', async () => {
    const redis = await RedisServer.start();
    const { link } = linkTo(redis.options, 'redis-cluster');
    await link.open();
    expect(warned()).toContain('cluster support disabled');
    await redis.kill();
    await eventually(() => expect(warned()).toContain('nobody listens'));
  });

  it('wants another password', async () => {
    const cluster = await RedisCluster.start(3, { password: 'right-secret' });
    const { link } = linkTo({ ...cluster.options, password: 'wrong-secret' }, 'redis-cluster');
    await link.open();
    expect(warned()).toContain('it refuses the user or the password');
    expect(warned()).not.toContain('secret');
  });
});
