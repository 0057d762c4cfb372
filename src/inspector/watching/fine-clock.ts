/** A clock of the day is only as fine as this, and a process may be interrupted while it looks. */
const TOLERANCE_MS = 2;

/**
 * The time of the day, finer than a look at its clock, as whole events take less than a millisecond. It
 * follows that clock when it is set, or went on while the process was suspended.
 */
export class FineClock {
  private offsetMs = Number.NEGATIVE_INFINITY;

  /**
   * Milliseconds since 1970.
   * @param steadyMs of a clock that nobody sets, now
   * @param dayMs of that of the day, now
   */
  at(steadyMs: number, dayMs: number): number {
    const fineMs = steadyMs + this.offsetMs;
    if (Math.abs(dayMs - fineMs) <= TOLERANCE_MS) return fineMs;
    this.offsetMs = dayMs - steadyMs;
    return dayMs;
  }
}
