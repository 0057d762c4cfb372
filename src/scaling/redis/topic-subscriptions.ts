import type { RedisLink } from './redis-link.js';

/** How long a topic that nobody wants stays subscribed, should somebody want it again. */
const LINGER_MS = 5000;

/** A topic as it is called in Redis. */
interface Topic {
  isWanted: boolean;
  /** Redis was asked for it, or will be at the end of the turn, on the connection of the moment. */
  isRequested: boolean;
  /** Redis has confirmed it, on the connection of the moment. */
  isSubscribed: boolean;
  /** Since when nobody wants it. */
  unwantedMs: number;
  readonly waiters: (() => void)[];
}

/**
 * What this node is subscribed to. Subscribes are collected and sent once per turn; a topic that was
 * given up is kept a while, so that taking it up again costs nothing.
 */
export class TopicSubscriptions {
  private readonly topics = new Map<string, Topic>();
  /** To be subscribed at the end of the turn. */
  private readonly pending = new Set<string>();
  /** Nobody wants them; those for the longest time come first. */
  private readonly lingering = new Set<string>();
  private isConnected = false;
  /** Grows with each loss of the connection. */
  private epoch = 0;

  /** @param onForgotten called with a topic of which nothing is passed on any more */
  constructor(
    private readonly link: RedisLink,
    private readonly onForgotten: (topic: string) => void,
  ) {}

  /** Whether what arrives on a topic has to be looked at: it is wanted, or was a moment ago. */
  isKnown(topic: string): boolean {
    return this.topics.has(topic);
  }

  isWanted(topic: string): boolean {
    return this.topics.get(topic)?.isWanted === true;
  }

  /** Whether what is published from now on will arrive, and is wanted. */
  isSubscribed(topic: string): boolean {
    const known = this.topics.get(topic);
    return known !== undefined && known.isWanted && known.isSubscribed;
  }

  /** Resolves when Redis has confirmed it; at once while Redis is away, for then it is done on return. */
  want(topic: string): Promise<void> | undefined {
    const known = this.topics.get(topic) ?? this.add(topic);
    known.isWanted = true;
    this.lingering.delete(topic);
    if (known.isSubscribed || !this.isConnected) return undefined;
    if (!known.isRequested) this.request(topic, known);
    return new Promise((resolve) => known.waiters.push(resolve));
  }

  giveUp(topic: string, nowMs: number): void {
    const known = this.topics.get(topic);
    if (known?.isWanted !== true) return;
    if (!known.isRequested) return this.forget(topic);
    known.isWanted = false;
    known.unwantedMs = nowMs;
    this.lingering.add(topic);
  }

  /** Gives back to Redis what nobody has wanted for a while. */
  sweep(nowMs: number): void {
    if (!this.isConnected) return;
    const over: string[] = [];
    for (const topic of this.lingering) {
      if (nowMs - (this.topics.get(topic)?.unwantedMs ?? 0) < LINGER_MS) break;
      over.push(topic);
    }
    if (over.length === 0) return;
    for (const topic of over) this.forget(topic);
    void this.inEpoch(() => this.link.subscriber.unsubscribe(over));
  }

  /** Nothing arrives any more, and nobody waits for Redis. */
  disconnected(): void {
    this.epoch += 1;
    this.isConnected = false;
    this.pending.clear();
    for (const [topic, known] of this.topics) {
      known.isSubscribed = false;
      known.isRequested = false;
      settle(known);
      if (!known.isWanted) this.forget(topic);
    }
  }

  /**
   * Subscribes to all that is wanted, on a new connection.
   * @throws Error when Redis refuses, or the connection is lost meanwhile
   */
  async restore(): Promise<void> {
    const { epoch } = this;
    for (;;) {
      const missing = this.requestMissing();
      if (missing.length === 0) break;
      await this.link.subscriber.subscribe(missing);
      if (epoch !== this.epoch) throw new Error('The connection was lost again.');
      for (const topic of missing) this.confirm(topic);
    }
    this.isConnected = true;
  }

  private requestMissing(): string[] {
    const missing: string[] = [];
    for (const [topic, known] of this.topics) {
      if (!known.isWanted || known.isRequested) continue;
      known.isRequested = true;
      missing.push(topic);
    }
    return missing;
  }

  private add(topic: string): Topic {
    const added: Topic = {
      isWanted: true,
      isRequested: false,
      isSubscribed: false,
      unwantedMs: 0,
      waiters: [],
    };
    this.topics.set(topic, added);
    return added;
  }

  private request(topic: string, known: Topic): void {
    known.isRequested = true;
    if (this.pending.size === 0) setImmediate(() => void this.inEpoch(() => this.flush()));
    this.pending.add(topic);
  }

  private async flush(): Promise<void> {
    const { epoch } = this;
    const topics = [...this.pending];
    this.pending.clear();
    if (topics.length === 0) return;
    await this.link.subscriber.subscribe(topics);
    if (epoch === this.epoch) for (const topic of topics) this.confirm(topic);
  }

  private confirm(topic: string): void {
    const known = this.topics.get(topic);
    if (known === undefined) return;
    known.isSubscribed = true;
    settle(known);
  }

  private forget(topic: string): void {
    this.lingering.delete(topic);
    this.pending.delete(topic);
    this.topics.delete(topic);
    this.onForgotten(topic);
  }

  /** Does something with Redis. Should it fail, and this connection not have been lost anyway, it is now. */
  private async inEpoch(work: () => Promise<void>): Promise<void> {
    const { epoch } = this;
    try {
      await work();
    } catch (error) {
      if (epoch === this.epoch) this.link.fail(error as Error);
    }
  }
}

function settle({ waiters }: Topic): void {
  for (const resolve of waiters.splice(0)) resolve();
}
