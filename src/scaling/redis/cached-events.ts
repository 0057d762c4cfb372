import type { Awaitable } from '../awaitable.js';
import type { CachedEvent, CachedEventWithTtl } from '../state-store.js';
import type { StoreContext } from './store-context.js';

const EVENTS_AT_ONCE = 500;

/** The last events of cache channels. This node remembers those it published itself, should Redis lose them. */
export class CachedEvents {
  /** When they were published, in milliseconds of the time of day. */
  private readonly times = new WeakMap<CachedEvent, number>();

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
    if (!this.context.isUp) return;
    const { link, keys } = this.context;
    const text = writeEvent(cached, timeMs);
    return this.context
      .attempt(() => link.commands.set(keys.event(appId, channel), text, 'PX', ttlSeconds * 1000))
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
        return { ...readEvent(text), ttlSeconds: Math.ceil(ttlMs / 1000) };
      });
  }

  /**
   * Tells Redis of all events this node published, unless there are later ones.
   * @throws when Redis cannot be asked
   */
  async restore(): Promise<void> {
    let sent: Promise<unknown>[] = [];
    for (const [appId, { cache }] of this.context.mirror.entries()) {
      for (const [channel, event] of cache.entries()) {
        const ttlMs = Math.ceil(cache.remainingMs(channel));
        const key = this.context.keys.event(appId, channel);
        const text = writeEvent(event, this.times.get(event) ?? 0);
        if (ttlMs > 0) sent.push(this.context.scripts.restoreEvent([key], text, ttlMs));
        if (sent.length < EVENTS_AT_ONCE) continue;
        await Promise.all(sent);
        sent = [];
      }
    }
    await Promise.all(sent);
  }
}

/** The JSON keeps halves of characters, which UTF-8 would not. */
const writeEvent = ({ event, data }: CachedEvent, timeMs: number) =>
  `${timeMs}:${JSON.stringify([event, data])}`;

function readEvent(text: string): CachedEvent {
  const [event, data] = JSON.parse(text.slice(text.indexOf(':') + 1)) as [string, string];
  return { event, data };
}
