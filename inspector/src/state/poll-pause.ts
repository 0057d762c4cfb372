/** Of what a server needs to answer, it has at least so many times as long to itself. */
const RESTS_PER_ANSWER = 3;

/** How long to wait after an answer that took so long. */
export function pauseMsAfter(tookMs: number, intervalMs: number): number {
  return Math.max(intervalMs, tookMs * RESTS_PER_ANSWER);
}
