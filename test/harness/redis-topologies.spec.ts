import { closeAll, eventually } from './eventually.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisSentinel } from './redis-sentinel.js';

afterEach(closeAll);

describe('A Redis Cluster of the tests', () => {
  it('has its slots on three masters', async () => {
    const cluster = await RedisCluster.start(3);
    const names = ['{a}', '{b}', '{c}', '{d}', '{e}', '{f}'];
    const masters = await Promise.all(names.map((name) => cluster.masterOf(name)));
    expect(new Set(masters).size).toBe(3);
    await Promise.all(masters.map((master, i) => master.command('SET', names[i]!, '1')));
    expect((await cluster.gather('KEYS', '*')).sort()).toEqual(names);
    expect(cluster.options.clusterNodes).toHaveLength(3);
  });

  it('replaces a master that has a replica', async () => {
    const cluster = await RedisCluster.start(3, { replicas: 1, password: 'pw' });
    const former = await cluster.masterOf('a');
    await former.kill();
    await eventually(
      async () => {
        const master = await cluster.masterOf('a');
        expect(master.port).not.toBe(former.port);
        expect(await master.command('SET', 'a', '1')).toBe('OK');
      },
      { withinMs: 10_000 },
    );
    await cluster.untilWhole();
  });
});

describe('The sentinels of the tests', () => {
  it('choose another master when the first is gone', async () => {
    const passwords = { password: 'pw', sentinelPassword: 'of-sentinels' };
    const sentinel = await RedisSentinel.start(passwords);
    expect(sentinel.options).toMatchObject(passwords);
    const former = await sentinel.master();
    const master = await sentinel.failover();
    expect(master).not.toBe(former);
    expect(await master.command('SET', 'a', '1')).toBe('OK');
  });
});
