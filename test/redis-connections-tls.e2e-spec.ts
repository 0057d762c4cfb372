import { eventually } from './harness/eventually.js';
import { REDIS_TLS_FILES, RedisServer } from './harness/redis-server.js';
import {
  expectDown,
  expectUp,
  linkTo,
  upLinkTo,
  warned,
  watchLinks,
} from './harness/watched-link.js';

watchLinks();

describe('TLS', () => {
  it.each([true, 'mutual'] as const)('is spoken (%s)', async (tls) => {
    const redis = await RedisServer.start({ tls });
    const { link } = await upLinkTo(redis.options);
    await redis.restart();
    await expectUp(link);
    redis.pause();
    await expectDown(link);
    redis.resume();
    await expectUp(link);
  });

  it('is refused with the wrong authority, and the way out is named', async () => {
    const redis = await RedisServer.start({ tls: true });
    const { link } = linkTo({ ...redis.options, tls: {} });
    await link.open();
    expect(link.status).toBe('down');
    expect(warned()).toContain('REVERB_REDIS_TLS_CA');
  });

  it('needs files that can be read', async () => {
    const redis = await RedisServer.start({ tls: true });
    const { link } = linkTo({ ...redis.options, tls: { ca: '/nowhere/ca.pem' } });
    await link.open();
    expect(warned()).toContain('/nowhere/ca.pem');
  });

  it.each([
    ['the server does not speak it', undefined, { ca: REDIS_TLS_FILES.ca }, 'does it speak TLS'],
    ['the client does not speak it', true, undefined, 'does it want TLS, rediss://?'],
  ] as const)('is missing: %s', async (_title, serverTls, tls, words) => {
    const redis = await RedisServer.start({ tls: serverTls });
    const { link } = linkTo({ ...redis.options, tls });
    await link.open();
    expect(link.status).toBe('down');
    await eventually(() => expect(warned()).toContain(words), { withinMs: 5_000 });
  });
});
