import { ExpiringMap } from '../expiring-map.js';

/** A worker that wants an answer. */
export interface AnswerSeeker {
  /** It has to make the answer now, and say what came of it. */
  askToMake(key: string): void;
  giveAnswer(key: string, text: string): void;
}

/** An answer that is being made. */
interface Task {
  readonly maker: AnswerSeeker;
  readonly waiting: Set<AnswerSeeker>;
}

/**
 * Answers that are made once, by one worker, for all who ask. Should it fail, or die, the one who has
 * waited longest makes it anew.
 */
export class HubAnswers {
  private readonly answers: ExpiringMap<string>;
  private readonly tasks = new Map<string, Task>();

  /** @param now milliseconds, a clock that never goes back */
  constructor(now: () => number) {
    this.answers = new ExpiringMap(now);
  }

  claim(seeker: AnswerSeeker, key: string): void {
    const text = this.answers.get(key);
    if (text !== undefined) return seeker.giveAnswer(key, text);
    const task = this.tasks.get(key);
    if (task === undefined) this.assign(key, seeker, new Set());
    else task.waiting.add(seeker);
  }

  made(maker: AnswerSeeker, key: string, text: string, ttlMs: number): void {
    const task = this.tasks.get(key);
    if (task?.maker !== maker) return;
    this.tasks.delete(key);
    this.answers.set(key, text, ttlMs);
    for (const seeker of task.waiting) seeker.giveAnswer(key, text);
  }

  failed(maker: AnswerSeeker, key: string): void {
    const task = this.tasks.get(key);
    if (task?.maker === maker) this.passOn(key, task);
  }

  /** A worker is gone. */
  forget(seeker: AnswerSeeker): void {
    for (const [key, task] of this.tasks) {
      task.waiting.delete(seeker);
      if (task.maker === seeker) this.passOn(key, task);
    }
  }

  /** Forgets what has expired. */
  sweep(): void {
    this.answers.sweep();
  }

  private passOn(key: string, { waiting }: Task): void {
    const [next] = waiting;
    if (next === undefined) return void this.tasks.delete(key);
    waiting.delete(next);
    this.assign(key, next, waiting);
  }

  private assign(key: string, maker: AnswerSeeker, waiting: Set<AnswerSeeker>): void {
    this.tasks.set(key, { maker, waiting });
    maker.askToMake(key);
  }
}
