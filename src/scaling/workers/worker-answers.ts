import type { WorkerLink } from './worker-link.js';

/** What the hub said to a claim; undefined: make the answer. */
type Verdict = string | undefined;

/** Answers that are made once over all processes. Who asks here while one is under way shares it. */
export class WorkerAnswers {
  private readonly underWay = new Map<string, Promise<string>>();
  private readonly claims = new Map<string, (verdict: Verdict) => void>();

  constructor(private readonly link: WorkerLink) {
    link.listen({
      make: (key) => this.settle(key, undefined),
      made: (key, text) => this.settle(key, text),
    });
    link.onOver(() => {
      for (const key of this.claims.keys()) this.settle(key, undefined);
    });
  }

  /** See StateStore. */
  once(
    appId: string,
    key: string,
    ttlSeconds: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const fullKey = `${appId} ${key}`;
    const former = this.underWay.get(fullKey);
    if (former !== undefined) return former;
    const answer = this.obtain(fullKey, ttlSeconds * 1000, makeAnswer);
    this.underWay.set(fullKey, answer);
    const forget = () => this.underWay.delete(fullKey);
    answer.then(forget, forget);
    return answer;
  }

  private async obtain(
    key: string,
    ttlMs: number,
    makeAnswer: () => Promise<string>,
  ): Promise<string> {
    const known = await this.claim(key);
    if (known !== undefined) return known;
    try {
      const text = await makeAnswer();
      this.link.say('made', key, text, ttlMs);
      return text;
    } catch (error) {
      this.link.say('failed', key);
      throw error;
    }
  }

  private async claim(key: string): Promise<Verdict> {
    if (this.link.isOver) return undefined;
    return new Promise((resolve) => {
      this.claims.set(key, resolve);
      this.link.say('claim', key);
    });
  }

  private settle(key: string, verdict: Verdict): void {
    const resolve = this.claims.get(key);
    this.claims.delete(key);
    resolve?.(verdict);
  }
}
