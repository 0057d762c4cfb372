/**
 * A clock that is looked at far more often than it needs to be right: reading it is reading a field.
 * Whoever owns it advances it; it never goes back, and has nothing to do with the time of day.
 */
export class CoarseClock {
  /** Milliseconds. */
  nowMs = performance.now();

  advance(): number {
    return (this.nowMs = performance.now());
  }
}
