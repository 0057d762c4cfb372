import type { Awaitable } from '../awaitable.js';

/**
 * Asks long questions one after the other, so that only one long answer is under way. Whoever asks what
 * waits already to be asked shares the answer: it is asked after both wanted to know.
 */
export class OneAtATime {
  private readonly waiting = new Map<string, Promise<unknown>>();
  private last: Promise<unknown> = Promise.resolve();
  private underWay = 0;

  /**
   * @param key names the question
   * @param ask asks it; must not reject
   */
  ask<T>(key: string, ask: () => Awaitable<T>): Awaitable<T> {
    const shared = this.waiting.get(key) as Promise<T> | undefined;
    if (shared !== undefined) return shared;
    if (this.underWay === 0) return this.begin(ask());
    const answer = this.last.then(() => {
      this.waiting.delete(key);
      return ask();
    });
    this.waiting.set(key, answer);
    return this.begin(answer);
  }

  private begin<T>(answer: Awaitable<T>): Awaitable<T> {
    if (!(answer instanceof Promise)) return answer;
    this.underWay += 1;
    this.last = this.end(answer);
    return answer;
  }

  private async end(answer: Promise<unknown>): Promise<void> {
    await answer;
    this.underWay -= 1;
  }
}
