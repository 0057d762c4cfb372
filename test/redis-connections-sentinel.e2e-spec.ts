import { jest } from '@jest/globals';
import { eventually } from './harness/eventually.js';
import { RedisSentinel } from './harness/redis-sentinel.js';
import { RedisServer } from './harness/redis-server.js';
import { expectUp, linkTo, upLinkTo, warned, watchLinks } from './harness/watched-link.js';

// A failover takes seconds.
jest.setTimeout(60_000);
watchLinks();

describe('Sentinel', () => {
  it('names the master, also after a failover', async () => {
    const sentinel = await RedisSentinel.start({ password: 'pw', sentinelPassword: 'spw' });
    const { link, news } = await upLinkTo(sentinel.options, 'redis-sentinel');
    await link.commands.set('reverb:a', 1);
    expect(await (await sentinel.master()).command('GET', 'reverb:a')).toBe('1');
    const successor = await sentinel.failover();
    await expectUp(link);
    await link.commands.set('reverb:b', 2);
    expect(await successor.command('GET', 'reverb:b')).toBe('2');
    expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']);
  });

  it('names another master while the former is still there', async () => {
    const sentinel = await RedisSentinel.start();
    const { link } = await upLinkTo(sentinel.options, 'redis-sentinel');
    const other = await RedisServer.start();
    const { sentinelName: name, sentinels } = sentinel.options;
    for (const process of sentinel.sentinels) {
      await process.command('SENTINEL', 'REMOVE', name!);
      await process.command(
        'SENTINEL',
        'MONITOR',
        name!,
        other.host,
        other.port,
        sentinels!.length,
      );
    }
    await eventually(
      async () => {
        await link.commands.set('reverb:a', 1);
        expect(await other.command('GET', 'reverb:a')).toBe('1');
      },
      { withinMs: 12_000 },
    );
    expect(warned()).toContain('the sentinels have named another master');
  });

  it('wants another password, or knows no such master', async () => {
    const sentinel = await RedisSentinel.start({ sentinelPassword: 'right-secret' });
    const { options } = sentinel;
    for (const wrong of [{ sentinelPassword: 'wrong-secret' }, { sentinelName: 'other' }]) {
      await linkTo({ ...options, ...wrong }, 'redis-sentinel').link.open();
    }
    expect(warned()).toContain('set REVERB_REDIS_SENTINEL_PASSWORD');
    expect(warned()).toContain('they know no "other": set REVERB_REDIS_SENTINEL_NAME');
    expect(warned()).not.toContain('secret');
  });

  it('is asked in vain', async () => {
    const sentinels = [{ host: '127.0.0.1', port: 1 }];
    const { link } = linkTo({ sentinels, sentinelName: 'main' }, 'redis-sentinel');
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toContain('Redis "main" of the sentinels at 127.0.0.1:1');
  });
});
