/** Counts durations in ranges. Observing one takes a few comparisons, and makes no object. */
export class LatencyHistogram {
  /** How many were in each range: up to its bound, but above the one before. The last has no bound. */
  readonly counts: Float64Array;
  sumMs = 0;

  /** @param boundsMs upper bounds, inclusive, in rising order */
  constructor(readonly boundsMs: readonly number[]) {
    this.counts = new Float64Array(boundsMs.length + 1);
  }

  observe(durationMs: number): void {
    const { boundsMs } = this;
    let range = 0;
    while (range < boundsMs.length && durationMs > boundsMs[range]!) range++;
    this.counts[range]!++;
    this.sumMs += durationMs;
  }
}
