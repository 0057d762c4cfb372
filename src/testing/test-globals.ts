import { isDeepStrictEqual } from 'node:util';

/** What Jest, Vitest and their like put on the global object, as far as the suites use it. */
export interface TestGlobals {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => void | Promise<void>, timeoutMs?: number) => void;
  readonly beforeAll: (body: () => void | Promise<void>) => void;
  readonly afterAll: (body: () => void | Promise<void>) => void;
  readonly beforeEach: (body: () => void | Promise<void>) => void;
  readonly afterEach: (body: () => void | Promise<void>) => void;
  readonly expect: (value: unknown) => Expectation;
}

/** What is expected of a value. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toContain(expected: unknown): void;
  toBeUndefined(): void;
  toBeGreaterThanOrEqual(expected: number): void;
  toBeLessThanOrEqual(expected: number): void;
}

/**
 * The functions of whatever test runner runs this.
 * @throws Error when there are none: with Vitest set `globals: true`
 */
export function testGlobals(): TestGlobals {
  const globals = globalThis as unknown as Partial<TestGlobals>;
  const { describe, it, beforeAll, afterAll, beforeEach, afterEach, expect } = globals;
  if (!describe || !it || !beforeAll || !afterAll || !beforeEach || !afterEach || !expect) {
    throw new Error(
      'The suite needs the globals of a test runner: describe, it, expect and hooks.',
    );
  }
  return { describe, it, beforeAll, afterAll, beforeEach, afterEach, expect };
}

/** How long something that must happen may take. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 10;
/** How long nothing must happen, where that is the promise. */
const QUIET_MS = 60;

/** Waits until a condition holds. @throws Error when it does not come to that */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`It did not happen: ${what}`);
    await sleep(PAUSE_MS);
  }
}

/** Expects that what is read comes to be this, if it is not yet. */
export async function expectSoon<T>(read: () => T | Promise<T>, expected: T): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  let value = await read();
  while (!isDeepStrictEqual(value, expected) && performance.now() < endMs) {
    await sleep(PAUSE_MS);
    value = await read();
  }
  testGlobals().expect(value).toEqual(expected);
}

/** Gives what must not happen the time to happen. */
export function quiet(): Promise<void> {
  return sleep(QUIET_MS);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
