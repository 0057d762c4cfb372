import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { closeAll, eventually } from './eventually.js';
import { RedisServer, REDIS_TLS_FILES } from './redis-server.js';

afterEach(closeAll);

describe('A Redis of the tests', () => {
  it('is empty, writes nothing to disk and has a port of its own', async () => {
    const [one, other] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    expect(one!.port).not.toBe(other!.port);
    await one!.command('SET', 'a', 1);
    expect(await other!.command('GET', 'a')).toBeNull();
    expect(await one!.command('CONFIG', 'GET', 'save')).toEqual(['save', '']);
    expect(one!.url).toBe(`redis://127.0.0.1:${one!.port}`);
    expect(one!.variables).toEqual({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(one!.port) });
  });

  it('is killed and started again, empty, on the same port', async () => {
    const redis = await RedisServer.start();
    const { port } = redis;
    await redis.command('SET', 'a', 1);
    await redis.kill();
    expect(redis.isRunning).toBe(false);
    const waiting = redis.command('PING');
    await redis.restart();
    expect(await waiting).toBe('PONG');
    expect(await redis.command('GET', 'a')).toBeNull();
    expect(redis.port).toBe(port);
  });

  it('is paused and resumed', async () => {
    const redis = await RedisServer.start();
    await redis.command('PING');
    redis.pause();
    const answer = redis.command('PING');
    const rest = new Promise((resolve) => setTimeout(resolve, 50, 'silence'));
    expect(await Promise.race([answer, rest])).toBe('silence');
    redis.resume();
    expect(await answer).toBe('PONG');
  });

  it('leaves nothing behind, even when it was paused', async () => {
    const redis = await RedisServer.start();
    const directory = String(((await redis.command('CONFIG', 'GET', 'dir')) as string[])[1]);
    expect(directory.startsWith(tmpdir())).toBe(true);
    redis.pause();
    await closeAll();
    expect(existsSync(directory)).toBe(false);
    expect(() => process.kill(redis.pid, 0)).toThrow('ESRCH');
  });

  it('tells what it was asked', async () => {
    const redis = await RedisServer.start();
    const monitor = await redis.monitor();
    await redis.command('SET', 'a', 'b c');
    expect(await monitor.expectLine(/set/i)).toMatch(/^"SET" "a" "b c"$/i);
    monitor.close();
  });

  it('tells it under load, too, and over TLS', async () => {
    const redis = await RedisServer.start({ tls: true, password: 'pw' });
    const busy = Promise.all(Array.from({ length: 500 }, (_, i) => redis.command('ECHO', i)));
    const monitor = await redis.monitor();
    await busy;
    await redis.command('ECHO', 'last');
    await monitor.expectLine(/"last"/);
  });

  it('wants a password', async () => {
    const redis = await RedisServer.start({ password: 'p@ss' });
    expect(await redis.command('PING')).toBe('PONG');
    expect(redis.url).toBe(`redis://:p%40ss@127.0.0.1:${redis.port}`);
    await expect(redis.connect({ password: undefined }).ping()).rejects.toThrow('NOAUTH');
  });

  it('limits a user, and lets nobody in without a name', async () => {
    const rules = ['~reverb:*', '&reverb:*', '+@all'];
    const redis = await RedisServer.start({ acl: { username: 'app', password: 'pw', rules } });
    expect(redis.options).toMatchObject({ username: 'app', password: 'pw' });
    const user = redis.connect({ username: 'app', password: 'pw' });
    expect(await user.set('reverb:a', 1)).toBe('OK');
    await expect(user.set('a', 1)).rejects.toThrow('NOPERM');
    await expect(user.publish('a', 'b')).rejects.toThrow('NOPERM');
    await expect(redis.connect({ password: undefined }).ping()).rejects.toThrow('NOAUTH');
  });

  it.each([true, 'mutual'] as const)('speaks TLS (%s)', async (tls) => {
    const redis = await RedisServer.start({ tls });
    expect(await redis.command('PING')).toBe('PONG');
    expect(redis.options.tls?.ca).toBe(REDIS_TLS_FILES.ca);
    expect(redis.variables.REDIS_URL).toBe(`rediss://127.0.0.1:${redis.port}`);
    await redis.restart();
    expect(await redis.command('PING')).toBe('PONG');
  });

  it('says why it did not start', async () => {
    await expect(RedisServer.start({ args: ['--nonsense', '1'] })).rejects.toThrow(/nonsense/);
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await expect(RedisServer.start()).rejects.toThrow(/install Redis 7 or newer/);
    } finally {
      process.env.PATH = path;
    }
  });

  it('hears DEBUG and CLIENT KILL', async () => {
    const redis = await RedisServer.start();
    const other = redis.connect();
    await other.ping();
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(async () => expect(await other.ping()).toBe('PONG'));
    await redis.command('DEBUG', 'SLEEP', '0.01');
  });
});
