import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisConnections } from '../../src/scaling/redis/redis-connections.js';
import { completeScalingOptions, type RedisOptions } from '../../src/scaling/scaling.options.js';
import { closeAll, eventually, registerForClose } from './eventually.js';

/** A link to Redis. */
export interface WatchedLink {
  readonly link: RedisConnections;
  /** What became of it, in order: the status at the beginning of each restore, and after each change. */
  readonly news: string[];
}

/** What links said about themselves in the test that runs. */
export const linkLog = { warnings: [] as string[], logs: [] as string[] };

/** To be called once in a file: has the log kept, and everything closed after each test. */
export function watchLinks(): void {
  beforeEach(() => {
    for (const [method, lines] of [
      ['warn', linkLog.warnings],
      ['log', linkLog.logs],
    ] as const) {
      lines.length = 0;
      const keep = (message: unknown) => void lines.push(String(message));
      jest.spyOn(Logger.prototype, method).mockImplementation(keep);
    }
  });
  afterEach(async () => {
    await closeAll();
    jest.restoreAllMocks();
  });
}

/** A link that is not open yet. It restores the subscription to `reverb:{topic}`. */
export function linkTo(redis: Partial<RedisOptions>, driver = 'redis'): WatchedLink {
  const options = completeScalingOptions({ enabled: true, driver, prefix: 'reverb', redis });
  const link = new RedisConnections(options);
  const news: string[] = [];
  link.onRestore(async () => {
    news.push(link.status);
    await link.subscriber.subscribe(['reverb:{topic}']);
  });
  link.onUp(() => news.push(link.status));
  link.onDown(() => news.push(link.status));
  registerForClose(() => link.close());
  return { link, news };
}

/** A link that is up. */
export async function upLinkTo(
  redis: Partial<RedisOptions>,
  driver?: string,
): Promise<WatchedLink> {
  const watched = linkTo(redis, driver);
  await watched.link.open();
  expect(watched.link.status).toBe('up');
  return watched;
}

/** Resolves when it is up, which the ceiling of its pauses may put off. */
export function expectUp(link: RedisConnections): Promise<void> {
  return eventually(() => expect(link.status).toBe('up'), { withinMs: 15_000 });
}

/** Resolves when it is down. */
export function expectDown(link: RedisConnections): Promise<void> {
  return eventually(() => expect(link.status).toBe('down'));
}

/** All that it complained about. */
export function warned(): string {
  return linkLog.warnings.join('\n');
}
