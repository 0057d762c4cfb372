import type { Awaitable } from '../awaitable.js';
import { ExpiringMap } from '../expiring-map.js';
import type { CachedEvent, CachedEventWithTtl } from '../state-store.js';
import type { StoreContext } from './store-context.js';

const EVENTS_AT_ONCE = 500;

/** The last events of cache channels. This node remembers those it published itself, should Redis lose them. */
export class CachedEvents {
  /** When they were published, in milliseconds of the time of day. */
  private readonly times = new WeakMap<CachedEvent, number>();
  /** When this node forgot some, by their keys: others would restore them, should Redis lose that as well. */
  private readonly forgotten = new ExpiringMap<number>(() => performance.now());

  constructor(private readonly context: StoreContext) {}

  /** See StateStore. */
  write(
    appId: string,
    channel: string,
    { event, data }: CachedEvent,
    ttlSeconds: number,
  ): Awaitable<void> {
    const cached: CachedEvent = { event, data };
    const timeMs = Date.now();
    this.times.set(cached, timeMs);
    this.context.mirror.get(appId).cache.set(channel, cached, ttlSeconds * 1000);
    const key = this.context.keys.event(appId, channel);
    this.forgotten.delete(key);
    if (!this.context.isUp) return;
    const { link } = this.context;
    const text = writeEvent(cached, timeMs);
    return this.context
      .attempt(() => link.commands.set(key, text, 'PX', ttlSeconds * 1000))
      .then(() => undefined);
  }

  /** See StateStore. */
  read(appId: string, channel: string): Awaitable<CachedEventWithTtl | undefined> {
    const alone = () => this.context.mirror.get(appId).cachedEvent(channel);
    if (!this.context.isUp) return alone();
    const key = this.context.keys.event(appId, channel);
    return this.context
      .attempt(() => {
        const { commands } = this.context.link;
        return Promise.all([commands.get(key), commands.pttl(key)]);
      })
      .then((answer) => {
        if (answer === undefined) return alone();
        const [text, ttlMs] = answer;
        if (text === null || ttlMs <= 0) return undefined;
        const cached = readEvent(text);
        return cached && { ...cached, ttlSeconds: Math.ceil(ttlMs / 1000) };
      });
  }

  /** See StateStore. */
  forget(appId: string, channel: string): Awaitable<boolean> {
    const { keys, mirror, scripts, ttlMs } = this.context;
    const key = keys.event(appId, channel);
    const { cache } = mirror.get(appId);
    const timeMs = Date.now();
    this.forgotten.sweep();
    this.forgotten.set(key, timeMs, Math.max(ttlMs, cache.remainingMs(channel)));
    cache.delete(channel);
    if (!this.context.isUp) return false;
    return this.context
      .attempt(() => scripts.forgetEvent([key], timeMs))
      .then((wasThere) => wasThere === 1);
  }

  /**
   * Tells Redis of all events this node published or forgot, unless there are later ones.
   * @throws when Redis cannot be asked
   */
  async restore(): Promise<void> {
    let sent: Promise<unknown>[] = [];
    for (const [key, text, ttlMs] of this.known()) {
      if (ttlMs > 0) sent.push(this.context.scripts.restoreEvent([key], text, Math.ceil(ttlMs)));
      if (sent.length < EVENTS_AT_ONCE) continue;
      await Promise.all(sent);
      sent = [];
    }
    await Promise.all(sent);
  }

  private *known(): Iterable<readonly [key: string, text: string, ttlMs: number]> {
    for (const [appId, { cache }] of this.context.mirror.entries()) {
      for (const [channel, event] of cache.entries()) {
        const key = this.context.keys.event(appId, channel);
        const text = writeEvent(event, this.times.get(event) ?? 0);
        yield [key, text, cache.remainingMs(channel)];
      }
    }
    for (const [key, timeMs] of this.forgotten.entries()) {
      yield [key, `${timeMs}:`, this.forgotten.remainingMs(key)];
    }
  }
}

/** The JSON keeps halves of characters, which UTF-8 would not. */
const writeEvent = ({ event, data }: CachedEvent, timeMs: number) =>
  `${timeMs}:${JSON.stringify([event, data])}`;

/** @returns undefined for an event that was forgotten */
function readEvent(text: string): CachedEvent | undefined {
  const json = text.slice(text.indexOf(':') + 1);
  if (json === '') return undefined;
  const [event, data] = JSON.parse(json) as [string, string];
  return { event, data };
}
