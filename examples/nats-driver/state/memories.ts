import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryStateStore, type CachedEvent, type CachedEventWithTtl } from 'revurb';
import {
  ANSWER,
  cache,
  cacheAgain,
  CACHED,
  claim,
  currentOf,
  forget,
  leaveAnswer,
  takeFromWindow,
  WINDOW,
  type CachedState,
  type Claim,
} from './brief.js';
import type { Subject } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { inChunks } from './in-chunks.js';

/** How often is asked whether an answer has been made on another node. */
const PAUSE_MS = 25;
const SWEEP_INTERVAL_MS = 10_000;
/** How long a node knows that it forgot an event, unless it knows how long the event would have been there. */
const FORGOTTEN_SECONDS = 3600;

/** What is remembered for a time: cached events, answers, and what was taken out of buckets. */
export class Memories {
  /** Answers while NATS is away. */
  private readonly alone = new MemoryStateStore();
  /** The events that this node published or forgot, in case NATS loses them. */
  private readonly cached = new Map<string, { subject: Subject; state: CachedState }>();
  /** Answers that are asked for at the moment. */
  private readonly wanted = new Map<string, Promise<string>>();

  private readonly sweeper: NodeJS.Timeout;

  /** @param isAlive whether a node is */
  constructor(
    private readonly entries: EntryStore,
    private readonly nodeId: string,
    private readonly isAlive: (nodeId: string) => boolean,
  ) {
    this.alone.onModuleInit();
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Forgets nothing by itself any more. */
  stop(): void {
    this.alone.onModuleDestroy();
    clearInterval(this.sweeper);
  }

  async cacheEvent(subject: Subject, event: CachedEvent, ttlSeconds: number): Promise<void> {
    const atMs = this.entries.clock.nowMs();
    const state = { event, ttlSeconds, atMs, endMs: atMs + ttlSeconds * 1000 };
    this.cached.set(textOf(subject), { subject, state });
    await this.entries.ask(
      () => this.entries.change(CACHED, subject, cache(state)),
      () => undefined,
    );
  }

  async cachedEvent(subject: Subject): Promise<CachedEventWithTtl | undefined> {
    const nowMs = this.entries.clock.nowMs();
    const state = await this.entries.ask(
      () => this.entries.look(CACHED, subject, (slot) => currentOf(slot, nowMs)),
      () => currentOf({ value: this.cached.get(textOf(subject))?.state }, nowMs),
    );
    if (state === undefined || state.event === null) return undefined;
    // The clocks of two nodes are never quite the same.
    const restSeconds = Math.ceil((state.endMs - nowMs) / 1000);
    return { ...state.event, ttlSeconds: Math.min(restSeconds, state.ttlSeconds) };
  }

  /** See StateStore. */
  async forgetCachedEvent(subject: Subject): Promise<boolean> {
    const atMs = this.entries.clock.nowMs();
    const known = currentOf({ value: this.cached.get(textOf(subject))?.state }, atMs);
    const endMs = known?.endMs ?? atMs + FORGOTTEN_SECONDS * 1000;
    const state = { event: null, ttlSeconds: FORGOTTEN_SECONDS, atMs, endMs };
    this.cached.set(textOf(subject), { subject, state });
    return this.entries.ask(
      () => this.entries.change(CACHED, subject, forget(atMs)),
      () => false,
    );
  }

  /** Says again which events there were, unless there are later ones. */
  async restore(): Promise<void> {
    this.sweep();
    await inChunks(this.cached.values(), ({ subject, state }) =>
      this.entries.change(CACHED, subject, cacheAgain(state)).catch((error: unknown) => {
        this.entries.complain(error);
      }),
    );
  }

  /** See StateStore. */
  once(subject: Subject, ttlSeconds: number, makeAnswer: () => Promise<string>): Promise<string> {
    const key = textOf(subject);
    const wanted = this.wanted.get(key);
    if (wanted !== undefined) return wanted;
    const answer = this.answer(subject, ttlSeconds, makeAnswer).finally(() =>
      this.wanted.delete(key),
    );
    this.wanted.set(key, answer);
    return answer;
  }

  /** See StateStore. */
  take(subject: Subject, amount: number, limit: number, windowMs: number): Promise<boolean> {
    const { appId, name } = subject;
    const command = takeFromWindow(amount, limit, windowMs, this.entries.clock.nowMs());
    return this.entries.ask(
      () => this.entries.change(WINDOW, subject, command),
      () => this.alone.take(appId, name, amount, limit, windowMs),
    );
  }

  private sweep(): void {
    const nowMs = this.entries.clock.nowMs();
    for (const [key, { state }] of this.cached) if (state.endMs <= nowMs) this.cached.delete(key);
  }

  private async answer(
    subject: Subject,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const found = await this.awaitClaim(subject);
    const remember = (make: () => Promise<string>) =>
      this.alone.once(subject.appId, subject.name, ttlSeconds, make);
    if (found === 'nobody knows') return remember(makeAnswer);
    if (found !== 'make it') return found.answer;
    const answer = await makeAnswer().catch(async (error: unknown) => {
      await this.leave(subject, null, 0);
      throw error;
    });
    await this.leave(subject, answer, ttlSeconds);
    void remember(() => Promise.resolve(answer));
    return answer;
  }

  /** Waits as long as another node is making the answer. */
  private async awaitClaim(subject: Subject): Promise<Exclude<Claim, 'wait'> | 'nobody knows'> {
    for (;;) {
      const nowMs = this.entries.clock.nowMs();
      const found = await this.entries.ask<Claim | 'nobody knows'>(
        () => this.entries.change(ANSWER, subject, claim(this.nodeId, this.isAlive, nowMs)),
        () => 'nobody knows',
      );
      if (found !== 'wait') return found;
      await sleep(PAUSE_MS);
    }
  }

  private leave(subject: Subject, answer: string | null, ttlSeconds: number): Promise<void> {
    const endMs = this.entries.clock.nowMs() + ttlSeconds * 1000;
    const command = leaveAnswer(this.nodeId, answer, endMs);
    return this.entries.ask(
      () => this.entries.change(ANSWER, subject, command),
      () => undefined,
    );
  }
}

const textOf = ({ appId, name }: Subject) => `${appId} ${name}`;
