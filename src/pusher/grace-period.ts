/**
 * Things that end after a grace, unless they are called off. All have the same length, so they end
 * in the order they began, with one timer.
 */
export class GracePeriod {
  private readonly waiting = new Map<
    string,
    { readonly dueMs: number; readonly end: () => void }
  >();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly lengthMs: number) {}

  /** Calls `end` when the grace is over. Something that waits already begins anew. */
  begin(key: string, end: () => void): void {
    this.waiting.delete(key);
    this.waiting.set(key, { dueMs: performance.now() + this.lengthMs, end });
    this.schedule();
  }

  /** @returns whether there was something to call off */
  callOff(key: string): boolean {
    return this.waiting.delete(key);
  }

  /** Calls everything off. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private schedule(): void {
    const [first] = this.waiting.values();
    if (first === undefined || this.timer !== undefined) return;
    this.timer = setTimeout(() => this.endDue(), Math.max(0, first.dueMs - performance.now()));
    this.timer.unref();
  }

  private endDue(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    for (const [key, { dueMs, end }] of this.waiting) {
      if (dueMs > nowMs) break;
      this.waiting.delete(key);
      end();
    }
    this.schedule();
  }
}
