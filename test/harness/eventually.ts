// Those of Node itself, which are real although a test has fake timers, and cost no error to stop.
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long an expectation of the harness waits before it gives up. */
export const DEFAULT_TIMEOUT_MS = 3_000;

/** `within` is how long to keep trying, `every` how long to rest between two tries. */
export interface EventuallyOptions {
  withinMs?: number;
  everyMs?: number;
}

/**
 * Repeats an assertion until it stops throwing and resolves with what it returned.
 * Gives up after `withinMs` (3 s), with the last failure in the message. An assertion that never
 * settles counts as failed.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { withinMs = DEFAULT_TIMEOUT_MS, everyMs = 15 }: EventuallyOptions = {},
): Promise<T> {
  const state = { isOver: false };
  let last: unknown = new Error('The assertion did not settle.');
  const attempts = async (): Promise<{ value: T } | undefined> => {
    while (!state.isOver) {
      try {
        return { value: await assertion() };
      } catch (error) {
        last = error;
        await sleep(everyMs);
      }
    }
    return undefined;
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, withinMs, undefined);
  });
  const settled = await Promise.race([attempts(), late]);
  clearTimeout(timer);
  state.isOver = true;
  if (settled) {
    return settled.value;
  }
  const reason = last instanceof Error ? last.message : String(last);
  throw new Error(`Still failing after ${withinMs} ms: ${reason}`, { cause: last });
}

/** Wakes whoever waits for a condition each time something changed, so that nobody polls. */
export class ChangeSignal {
  private readonly checks = new Set<() => void>();

  /** Something changed: every waiting condition is looked at again, oldest first. */
  notify(): void {
    for (const check of this.checks) {
      check();
    }
  }

  /**
   * Resolves with the first value `find` returns that is not undefined; with undefined when
   * `timeoutMs` passed, or as soon as `isOver` says that nothing more can come.
   */
  async waitFor<T>(
    find: () => T | undefined,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    isOver: () => boolean = () => false,
  ): Promise<T | undefined> {
    const now = find();
    if (now !== undefined || isOver()) {
      return now;
    }
    return new Promise((resolve) => {
      const end = (found: T | undefined): void => {
        clearTimeout(timer);
        this.checks.delete(check);
        resolve(found);
      };
      const check = (): void => {
        const found = find();
        if (found !== undefined || isOver()) {
          end(found);
        }
      };
      const timer = setTimeout(end, timeoutMs, undefined);
      this.checks.add(check);
    });
  }
}

const closers = new Set<() => unknown>();

/**
 * Has `close` called by the next `closeAll()`; what was registered last is closed first.
 * Returns a function that forgets it again, for things that were closed by the test itself.
 */
export function registerForClose(close: () => unknown): () => void {
  closers.add(close);
  return () => closers.delete(close);
}

/**
 * Closes every client, socket and agent the harness opened since the last call. For `afterEach`.
 * Goes on when one of them fails, and then rejects with the first failure.
 */
export async function closeAll(): Promise<void> {
  const newestFirst = [...closers].reverse();
  closers.clear();
  const failures: unknown[] = [];
  for (const close of newestFirst) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
