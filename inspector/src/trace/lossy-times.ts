/** How long before or after a loss what it concerns may have come: what waits is sent every 200 ms. */
const NEAR_MS = 2000;
const MAX_TIMES = 100;

/**
 * When parts of traces were lost. Bounded: of very many times the oldest become one, so that what lies
 * between them counts as near, too.
 */
export class LossyTimes {
  private readonly times: { readonly fromMs: number; toMs: number }[] = [];

  /** Something was lost now. Times rise. */
  note(nowMs: number): void {
    const last = this.times.at(-1);
    if (last !== undefined && nowMs - last.toMs <= NEAR_MS) {
      last.toMs = nowMs;
      return;
    }
    this.times.push({ fromMs: nowMs, toMs: nowMs });
    if (this.times.length > MAX_TIMES) {
      const [first, second] = this.times.splice(0, 2);
      this.times.unshift({ fromMs: first!.fromMs, toMs: second!.toMs });
    }
  }

  /** Whether something of what came then may be lost. */
  isNear(atMs: number): boolean {
    return this.times.some(
      ({ fromMs, toMs }) => atMs >= fromMs - NEAR_MS && atMs <= toMs + NEAR_MS,
    );
  }
}
