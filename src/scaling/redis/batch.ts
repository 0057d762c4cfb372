/** Between two rounds. */
const INTERVAL_MS = 100;

/**
 * Collects what is to be done: what comes after a quiet time is done at the end of the turn, what
 * comes soon after that waits for the next round. So a single change is seen at once, and many cost
 * ten rounds a second at most.
 */
export class Batch {
  private timer: NodeJS.Timeout | undefined;
  private lastMs = -Infinity;

  constructor(private readonly run: () => void) {}

  /** There is something to be done. */
  request(): void {
    if (this.timer !== undefined) return;
    const waitMs = Math.max(0, this.lastMs + INTERVAL_MS - performance.now());
    this.timer = setTimeout(() => this.begin(), waitMs).unref();
  }

  /** What was requested is done in another way, or not at all. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private begin(): void {
    this.timer = undefined;
    this.lastMs = performance.now();
    this.run();
  }
}
