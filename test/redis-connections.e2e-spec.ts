import { eventually } from './harness/eventually.js';
import { RedisServer } from './harness/redis-server.js';
import {
  expectDown,
  expectUp,
  linkLog,
  linkTo,
  upLinkTo,
  warned,
  watchLinks,
} from './harness/watched-link.js';

watchLinks();

describe('one server', () => {
  it('is up after open, and used for commands and messages', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    const received: string[] = [];
    link.subscriber.onMessage((topic, payload) => received.push(`${topic} ${payload.toString()}`));
    expect(link.status).toBe('down');
    expect(link.unreachableMs).toBeGreaterThan(0);
    await link.open();
    expect(news).toEqual(['restoring', 'up']);
    expect(link.unreachableMs).toBe(0);
    expect(await link.commands.set('reverb:a', 1)).toBe('OK');
    await link.commands.publish('reverb:{topic}', 'hello');
    await eventually(() => expect(received).toEqual(['reverb:{topic} hello']));
    await link.subscriber.unsubscribe(['reverb:{topic}']);
    expect(await link.commands.publish('reverb:{topic}', 'nobody')).toBe(0);
    const clients = String(await redis.command('CLIENT', 'LIST'));
    expect(clients.match(new RegExp(`name=revurb-${link.nodeId} `, 'g'))).toHaveLength(2);
    expect(link.nodeId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is not asked before open, and commands fail at once', async () => {
    const redis = await RedisServer.start();
    const { link } = linkTo(redis.options);
    await expect(link.commands.get('reverb:a')).rejects.toThrow('closed');
    await expect(link.subscriber.subscribe(['reverb:a'])).rejects.toThrow('away');
    expect(String(await redis.command('CLIENT', 'LIST'))).not.toContain('revurb-');
  });

  it('comes after the node: open does not wait for ever, and the link is up as soon as it is there', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const { link, news } = linkTo(redis.options);
    await link.open();
    expect(link.status).toBe('down');
    expect(news).toEqual([]);
    expect(warned()).toContain(`Cannot use Redis at 127.0.0.1:${redis.port}: nobody listens`);
    await redis.restart();
    await expectUp(link);
    expect(news).toEqual(['restoring', 'up']);
    expect(linkLog.warnings).toHaveLength(1);
  });

  it('is killed and started again: down once, up once, told once', async () => {
    const redis = await RedisServer.start();
    const { link, news } = await upLinkTo(redis.options);
    const statusThen = link.commands.blpop('reverb:none', 0).catch(() => link.status);
    await redis.kill();
    expect(await statusThen).toBe('down');
    await expect(link.commands.get('reverb:a')).rejects.toThrow('closed');
    await redis.restart();
    await expectUp(link);
    expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']);
    expect(linkLog.logs).toEqual([
      expect.stringMatching(/^Connected to Redis at [\d.:]+\.$/),
      expect.stringMatching(/^Connected to Redis at [\d.:]+ again, after [\d.]+ s\.$/),
    ]);
    expect(await link.commands.ping()).toBe('PONG');
  });

  it.each(['normal', 'pubsub'])('loses the connection for %s things only', async (type) => {
    const redis = await RedisServer.start();
    const { link, news } = await upLinkTo(redis.options);
    await redis.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await eventually(() => expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']));
    expect(await redis.command('PUBSUB', 'CHANNELS')).toEqual(['reverb:{topic}']);
    expect(link.status).toBe('up');
  });

  it('is paused: what is under way fails, and all is well when it goes on', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo(redis.options);
    redis.pause();
    const statusThen = link.commands.get('reverb:a').catch(() => link.status);
    expect(await statusThen).toBe('down');
    expect(warned()).toContain('no answer for a second');
    redis.resume();
    await expectUp(link);
  });

  it('sleeps', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo(redis.options);
    const sleeping = redis.command('DEBUG', 'SLEEP', '2.5');
    await expectDown(link);
    await sleeping;
    await expectUp(link);
  });

  it('loads its data', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo(redis.options);
    await redis.command('DEBUG', 'POPULATE', 300);
    await redis.command('CONFIG', 'SET', 'key-load-delay', 10_000);
    await redis.command('CONFIG', 'SET', 'loading-process-events-interval-bytes', 1_024);
    const loading = redis.command('DEBUG', 'RELOAD');
    await expectDown(link);
    await loading;
    await expectUp(link);
    expect(warned()).toContain('it is still loading its data');
  });

  it('is not lost because the node was too busy to listen', async () => {
    const redis = await RedisServer.start();
    const { link, news } = await upLinkTo(redis.options);
    for (let round = 0; round < 2; round += 1) {
      const busyUntil = performance.now() + 1_500;
      while (performance.now() < busyUntil);
      await link.commands.get('reverb:a');
    }
    expect(news).toEqual(['restoring', 'up']);
  });

  it('keeps its database', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo({ ...redis.options, db: 3 });
    await link.commands.set('reverb:a', 1);
    expect(await redis.command('GET', 'reverb:a')).toBeNull();
    await redis.command('SELECT', 3);
    expect(await redis.command('GET', 'reverb:a')).toBe('1');
  });

  it('has no such database', async () => {
    const redis = await RedisServer.start();
    const { link } = linkTo({ ...redis.options, db: 99 });
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toContain('DB index is out of range');
  });

  it('is a replica', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo(redis.options);
    const write = link.defineScript<string>(`return redis.call('SET', KEYS[1], ARGV[1])`);
    await link.close();
    const other = linkTo(redis.options);
    const script = other.link.defineScript<string>(`return redis.call('SET', KEYS[1], ARGV[1])`);
    await other.link.open();
    await redis.command('REPLICAOF', '127.0.0.1', '1');
    await expect(script(['reverb:a'], 1)).rejects.toThrow('READONLY');
    expect(other.link.status).toBe('down');
    await eventually(() => expect(warned()).toContain('it is a replica, which takes no writes'));
    await redis.command('REPLICAOF', 'NO', 'ONE');
    await expectUp(other.link);
    await expect(write(['reverb:a'], 1)).rejects.toThrow('away');
  });
});

describe('who gets in', () => {
  it('is told in clear words what is wrong with the password, never the password', async () => {
    const redis = await RedisServer.start({ password: 'right-secret' });
    const { link } = linkTo({ ...redis.options, password: 'wrong-secret' });
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toContain('it refuses the user or the password: set REDIS_USERNAME');
    expect(warned()).not.toContain('secret');
    expect(linkLog.warnings).toHaveLength(1);
    await redis.command('CONFIG', 'SET', 'requirepass', 'wrong-secret');
    await expectUp(link);
  });

  it('needs a password', async () => {
    const redis = await RedisServer.start({ password: 'right-secret' });
    const { link } = linkTo({ ...redis.options, password: undefined });
    await link.open();
    expect(warned()).toContain('it wants a password: set REDIS_USERNAME');
  });

  it('has a password that nobody asked for', async () => {
    const redis = await RedisServer.start();
    const { link } = await upLinkTo({ ...redis.options, password: 'superfluous' });
    expect(await link.commands.get('reverb:a')).toBeNull();
  });

  it('is a user limited to the prefix, who may not even ask for INFO', async () => {
    const rules = ['~reverb:*', '&reverb:*', '+@all', '-@dangerous', '-@admin'];
    const redis = await RedisServer.start({ acl: { username: 'app', password: 'pw', rules } });
    const { link, news } = await upLinkTo(redis.options);
    expect(await link.commands.set('reverb:a', 1)).toBe('OK');
    await expect(link.commands.set('a', 1)).rejects.toThrow('NOPERM');
    expect(news).toEqual(['restoring', 'up']);
  });

  it('is a user without the rights that are needed', async () => {
    const rules = ['~reverb:*', '&other:*', '+@all'];
    const redis = await RedisServer.start({ acl: { username: 'app', password: 'pw', rules } });
    const { link } = linkTo(redis.options);
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toMatch(/NOPERM.*its ACL has to allow ~reverb:\* and &reverb:\*/);
    await redis.command('ACL', 'SETUSER', 'app', '&reverb:*');
    await expectUp(link);
  });
});

describe('restoring', () => {
  it('runs the steps in order, and the link is up when all are done', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    link.onRestore(async () => {
      await link.commands.set('reverb:step', 1);
      news.push('second step');
    });
    link.onRestore(async () => {
      news.push(`third step ${await link.commands.get('reverb:step')}`);
    });
    await link.open();
    expect(news).toEqual(['restoring', 'second step', 'third step 1', 'up']);
  });

  it('begins again when a step fails', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    let attempts = 0;
    link.onRestore(async () => {
      attempts += 1;
      if (attempts < 3) throw new Error(`attempt ${attempts}`);
    });
    await link.open();
    await expectUp(link);
    expect(news).toEqual(['restoring', 'down', 'restoring', 'down', 'restoring', 'up']);
    expect(warned()).toContain('attempt 1');
  });

  it('does not go up with what a step does after the link was lost', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    let finish: () => void = () => undefined;
    let isRunning = false;
    link.onRestore(async () => {
      expect(isRunning).toBe(false);
      isRunning = true;
      if (news.length === 1) await new Promise<void>((resolve) => (finish = resolve));
      isRunning = false;
    });
    const opening = link.open();
    await eventually(() => expect(isRunning).toBe(true));
    link.fail(new Error('lost'));
    expect(link.status).toBe('down');
    finish();
    await opening;
    await expectUp(link);
    expect(news).toEqual(['restoring', 'down', 'restoring', 'up']);
  });

  it('happens again when a driver says that the link is of no use', async () => {
    const redis = await RedisServer.start();
    const { link, news } = await upLinkTo(redis.options);
    const inFlight = link.commands.blpop('reverb:none', 0);
    link.fail(new Error('of no use'));
    link.fail(new Error('of no use'));
    expect(news).toEqual(['restoring', 'up', 'down']);
    await expect(inFlight).rejects.toThrow(/clos|writeable/);
    await expectUp(link);
    expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']);
  });
});

describe('scripts', () => {
  const APPEND = `return redis.call('RPUSH', KEYS[1], ARGV[1])`;

  it('are run in the order of the calls, with text and bytes', async () => {
    const redis = await RedisServer.start();
    const { link } = linkTo(redis.options);
    const append = link.defineScript<number>(APPEND);
    const read = link.defineScript<string[]>(`return redis.call('LRANGE', KEYS[1], 0, -1)`);
    await link.open();
    const lengths = await Promise.all([
      append(['reverb:list'], 'a'),
      append(['reverb:list'], 2),
      append(['reverb:list'], Buffer.from('c')),
    ]);
    expect(lengths).toEqual([1, 2, 3]);
    expect(await read(['reverb:list'])).toEqual(['a', '2', 'c']);
  });

  it('are there again after Redis was started again, and inside onRestore', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    const append = link.defineScript<number>(APPEND);
    link.onRestore(async () => {
      news.push(`length ${await append(['reverb:list'], 'a')}`);
    });
    await link.open();
    await redis.restart();
    await expectUp(link);
    expect(news).toEqual(['restoring', 'length 1', 'up', 'down', 'restoring', 'length 1', 'up']);
  });

  it('are loaded anew when the server forgets them: no call overtakes another', async () => {
    const redis = await RedisServer.start();
    const { link, news } = linkTo(redis.options);
    const append = link.defineScript<number>(APPEND);
    await link.open();
    await redis.command('SCRIPT', 'FLUSH');
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((item) => append(['reverb:list'], item)),
    );
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expectUp(link);
    expect(await append(['reverb:list'], 'd')).toBe(1);
    expect(news).toEqual(['restoring', 'up', 'down', 'restoring', 'up']);
  });

  it('may fail for reasons of their own', async () => {
    const redis = await RedisServer.start();
    const { link } = linkTo(redis.options);
    const append = link.defineScript<number>(APPEND);
    await link.open();
    await link.commands.set('reverb:text', 'no list');
    await expect(append(['reverb:text'], 'a')).rejects.toThrow('WRONGTYPE');
    expect(link.status).toBe('up');
  });
});

describe('close', () => {
  it('waits for what was sent before, and leaves nothing open', async () => {
    const redis = await RedisServer.start();
    const { link, news } = await upLinkTo(redis.options);
    const answers = Promise.all(
      Array.from({ length: 100 }, (_, i) => link.commands.rpush('reverb:list', i)),
    );
    await Promise.all([link.close(), link.close()]);
    expect(await answers).toHaveLength(100);
    expect(link.status).toBe('down');
    expect(news).toEqual(['restoring', 'up']);
    await eventually(async () =>
      expect(String(await redis.command('CLIENT', 'LIST'))).not.toContain('revurb-'),
    );
    await link.open();
    expect(link.status).toBe('down');
  });

  it.each(['is paused', 'is dead', 'was never asked'])(
    'does not wait for one that %s',
    async (how) => {
      const redis = await RedisServer.start();
      const { link } = linkTo(redis.options);
      if (how !== 'was never asked') await link.open();
      if (how === 'is paused') redis.pause();
      if (how === 'is dead') await redis.kill();
      await link.close();
      expect(link.status).toBe('down');
    },
  );
});
