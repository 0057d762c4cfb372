const SHORTEST_MS = 100;
const LONGEST_MS = 5_000;

/** A worker that lived that long is not one that keeps dying. */
const STEADY_MS = 10_000;

/** How long to wait before a worker that died is started again: not at all at first, then longer each time. */
export class RestartBackoff {
  private deaths = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** @param livedMs from its start to its end */
  nextDelayMs(livedMs: number): number {
    if (livedMs >= STEADY_MS) this.deaths = 0;
    this.deaths = Math.min(this.deaths + 1, 16);
    if (this.deaths === 1) return 0;
    const ceilingMs = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** (this.deaths - 2));
    return ceilingMs * (0.5 + this.random() / 2);
  }
}
