const SHORTEST_MS = 50;
const LONGEST_MS = 2_000;

/** A link that was up that long is not one that keeps failing. */
const STEADY_MS = 5_000;

/** How long to wait between two attempts: longer each time, up to two seconds, and never the same for all nodes. */
export class LinkBackoff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** @param upMs how long the last attempt was good for; 0 when it failed altogether */
  nextDelayMs(upMs: number): number {
    if (upMs >= STEADY_MS) this.failures = 0;
    const ceilingMs = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 16);
    return ceilingMs * (0.5 + this.random() / 2);
  }
}
