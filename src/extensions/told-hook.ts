import { isThenable } from './awaited-hook.js';
import type { HookCall } from './hook-call.js';

/** Extensions that answer what they hear with more of it would never come to an end. */
const MAX_ROUNDS = 10;

/** What is to be told in the next turn, in order, and what is still being done about it. */
export class TellQueue {
  private waiting: (() => void)[] = [];
  private isScheduled = false;
  private readonly running = new Set<Promise<void>>();

  /** Calls back in the next turn: extensions that answer what they hear with more of it block nothing. */
  push(tell: () => void): void {
    this.waiting.push(tell);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  /** Remembers what an extension does until it is done. */
  track(work: PromiseLike<unknown>, onFault: (error: unknown) => void): void {
    const done = Promise.resolve(work)
      .then(() => undefined, onFault)
      .finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Tells what waits, and resolves when all extensions are done, and with what that led to. */
  async settle(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (this.waiting.length === 0 && this.running.size === 0) return;
      this.flush();
      await Promise.all(this.running);
    }
  }

  private flush(): void {
    const due = this.waiting;
    this.waiting = [];
    this.isScheduled = false;
    for (const tell of due) tell();
  }
}

/** One kind of hook that is told, of all extensions that have it. */
export class ToldHook<E> {
  /** @param observers parts of the server itself: told at once, never throw */
  constructor(
    private readonly calls: readonly HookCall[],
    private readonly observers: readonly ((event: E) => void)[],
    private readonly queue: TellQueue,
  ) {}

  /** Never throws. */
  tell(event: E): void {
    for (const observe of this.observers) observe(event);
    if (this.calls.length > 0) this.queue.push(() => this.callAll(event));
  }

  private callAll(event: E): void {
    for (const call of this.calls) {
      const onFault = (error: unknown) => void call.fault(error);
      try {
        const answer = call.invoke(event);
        if (isThenable(answer)) this.queue.track(answer, onFault);
      } catch (error) {
        onFault(error);
      }
    }
  }
}
