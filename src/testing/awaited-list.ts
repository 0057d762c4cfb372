// Those of Node itself, which are real although a test has fake timers.
import { clearTimeout, setTimeout } from 'node:timers';

/** How long something that is expected may take, unless told otherwise. */
export const PATIENCE_MS = 2000;

/** How long to wait for what is expected. */
export interface Patience {
  /** In real time, also with fake timers. Two seconds if it is not given. */
  readonly withinMs?: number;
}

/** What has come, in order, and who waits for what is to come. Each thing is taken once. */
export class AwaitedList<T> {
  readonly all: T[] = [];
  private readonly free = new Set<T>();
  private readonly checks = new Set<() => void>();
  private endedBy: string | undefined;

  /** @param describe one thing in a line, for the message when another is missed */
  constructor(private readonly describe: (item: T) => string) {}

  add(item: T): void {
    this.all.push(item);
    this.free.add(item);
    this.notify();
  }

  /** Nothing more will come: nobody waits any longer. @param reason in a sentence, for those who wait */
  end(reason: string): void {
    this.endedBy = reason;
    this.notify();
  }

  clear(): void {
    this.all.length = 0;
    this.free.clear();
  }

  /** Takes the first that fits, as soon as it is there. @throws Error that says what came instead */
  take(what: string, fits: (item: T) => boolean, patience?: Patience): Promise<T> {
    return this.waitFor(what, () => this.takeNow(fits), patience);
  }

  /** Waits for what is found. Whoever looks is asked again whenever something has come. */
  async waitFor<R>(
    what: string,
    find: () => R | undefined,
    { withinMs = PATIENCE_MS }: Patience = {},
  ): Promise<R> {
    const miss = (why: string) => new Error(`Expected ${what}${why} ${this.summary()}`);
    const now = find();
    if (now !== undefined) return now;
    if (this.endedBy !== undefined) throw miss(`. ${this.endedBy}`);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.checks.delete(check);
      };
      const check = () => {
        const found = find();
        if (found === undefined && this.endedBy === undefined) return;
        stop();
        if (found === undefined) reject(miss(`. ${this.endedBy}`));
        else resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        reject(miss(` within ${withinMs} ms.`));
      }, withinMs);
      this.checks.add(check);
    });
  }

  private notify(): void {
    for (const check of this.checks) check();
  }

  private takeNow(fits: (item: T) => boolean): T | undefined {
    for (const item of this.free) {
      if (!fits(item)) continue;
      this.free.delete(item);
      return item;
    }
    return undefined;
  }

  private summary(): string {
    if (this.all.length === 0) return 'There was nothing.';
    const lines = this.all.slice(-MAX_LINES).map((item) => {
      const line = this.describe(item);
      return `\n  ${line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line}`;
    });
    return `There was:${lines.join('')}`;
  }
}

const MAX_LINES = 30;
const MAX_LINE = 200;
