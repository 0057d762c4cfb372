import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const PAUSE_MS = 10;

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
