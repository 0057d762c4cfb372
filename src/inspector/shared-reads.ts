/** How long a read serves those who ask later. */
const KEPT_MS = 1_500;
/** Of the time, at most a tenth is spent on reading. */
const RESTS_PER_READ = 9;
/** Nobody is shown what is older than that. */
const LONGEST_KEPT_MS = 30_000;

/**
 * Reads what is expensive to read once for all who ask for it within a while: a second and a half,
 * and longer if it took long. Nothing is read that nobody asks for, and nothing is remembered after
 * its while. A read that fails is not kept.
 */
export class SharedReads<T> {
  private readonly kept = new Map<string, Promise<T>>();

  constructor(private readonly read: (key: string) => Promise<T>) {}

  of(key: string): Promise<T> {
    const kept = this.kept.get(key);
    if (kept !== undefined) return kept;
    const reading = this.begin(key);
    this.kept.set(key, reading);
    reading.catch(() => this.kept.delete(key));
    return reading;
  }

  private async begin(key: string): Promise<T> {
    const startMs = performance.now();
    const answer = await this.read(key);
    const tookMs = performance.now() - startMs;
    setTimeout(() => this.kept.delete(key), keptMsAfter(tookMs)).unref();
    return answer;
  }
}

/** How long a read is kept that took so long. */
export function keptMsAfter(tookMs: number): number {
  return Math.min(LONGEST_KEPT_MS, Math.max(KEPT_MS, tookMs * RESTS_PER_READ));
}
