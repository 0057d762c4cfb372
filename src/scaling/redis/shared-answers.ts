import { setTimeout as sleep } from 'node:timers/promises';
import { toExactText } from './exact-text.js';
import type { StoreContext } from './store-context.js';

/** How long an answer that is being made is waited for, should its maker die. */
const CLAIM_MS = 4000;
const RENEWAL_MS = 1000;
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 50;

interface Answer {
  readonly text: string;
  /** It was made here. */
  readonly isOwn: boolean;
}

/** Answers that are made once in the cluster. */
export class SharedAnswers {
  /** What this node is making, by key: the token of the claim. */
  private readonly claims = new Map<string, string>();
  private claimsSoFar = 0;
  private renewer: NodeJS.Timeout | undefined;

  constructor(private readonly context: StoreContext) {}

  /** See StateStore. */
  once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const { answers } = this.context.mirror.get(appId);
    const former = answers.get(key);
    if (former !== undefined) return former;
    const ttlMs = ttlSeconds * 1000;
    const redisKey = this.context.keys.answer(appId, toExactText(key));
    const obtained = this.obtain(redisKey, ttlMs, makeAnswer);
    const answer = obtained.then(({ text }) => text);
    answers.set(key, answer, Infinity);
    obtained.then(
      // What another node made Redis remembers for as long as that node said.
      ({ isOwn }) => (isOwn ? answers.set(key, answer, ttlMs) : answers.delete(key)),
      () => answers.delete(key),
    );
    return answer;
  }

  /**
   * Tells Redis what was answered without it.
   * @throws when Redis cannot be asked
   */
  async restore(): Promise<void> {
    for (const [appId, { answers }] of this.context.mirror.entries()) {
      const sent: Promise<unknown>[] = [];
      for (const [key, answer] of answers.entries()) {
        const ttlMs = answers.remainingMs(key);
        if (ttlMs === Infinity || ttlMs <= 0) continue;
        const redisKey = this.context.keys.answer(appId, toExactText(key));
        sent.push(answer.then((text) => this.store(redisKey, text, Math.ceil(ttlMs))));
      }
      await Promise.all(sent);
    }
  }

  /** Renews nothing any more. */
  close(): void {
    clearInterval(this.renewer);
  }

  private async obtain(
    redisKey: string,
    ttlMs: number,
    makeAnswer: () => Promise<string>,
  ): Promise<Answer> {
    const token = `${this.context.nodeId} ${++this.claimsSoFar}`;
    const { scripts } = this.context;
    while (this.context.isUp) {
      const value = await this.context.attempt(() =>
        scripts.claimAnswer([redisKey], token, CLAIM_MS),
      );
      if (value === undefined) break;
      if (value === `L${token}`) return this.make(redisKey, ttlMs, makeAnswer, token);
      if (value.startsWith('A')) return { text: readAnswer(value), isOwn: false };
      await sleep(MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS));
    }
    return { text: await this.makeAlone(redisKey, ttlMs, makeAnswer), isOwn: true };
  }

  private async make(
    redisKey: string,
    ttlMs: number,
    makeAnswer: () => Promise<string>,
    token: string,
  ): Promise<Answer> {
    const { scripts } = this.context;
    this.claims.set(redisKey, token);
    this.renewer ??= setInterval(() => this.renew(), RENEWAL_MS).unref();
    try {
      const text = await makeAnswer();
      const stored = await this.context.attempt(() => this.store(redisKey, text, ttlMs));
      return { text: stored ?? text, isOwn: true };
    } catch (error) {
      await this.context.attempt(() => scripts.giveUpClaim([redisKey], token));
      throw error;
    } finally {
      this.claims.delete(redisKey);
    }
  }

  private async makeAlone(
    redisKey: string,
    ttlMs: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const text = await makeAnswer();
    if (this.context.isUp) void this.context.attempt(() => this.store(redisKey, text, ttlMs));
    return text;
  }

  /** @returns the answer that is remembered: the first, should two have been made */
  private async store(redisKey: string, text: string, ttlMs: number): Promise<string> {
    const { scripts } = this.context;
    return readAnswer(await scripts.storeAnswer([redisKey], `A${JSON.stringify(text)}`, ttlMs));
  }

  private renew(): void {
    if (this.claims.size === 0) {
      clearInterval(this.renewer);
      this.renewer = undefined;
    }
    if (!this.context.isUp) return;
    const { scripts } = this.context;
    for (const [redisKey, token] of this.claims) {
      void this.context.attempt(() => scripts.keepClaim([redisKey], token, CLAIM_MS));
    }
  }
}

const readAnswer = (value: string) => JSON.parse(value.slice(1)) as string;
