/** Counts what happens in windows of fixed length. A window opens with what happens first. */
export class FixedWindow {
  private opensAtMs = -Infinity;
  private used = 0;

  /** Takes `amount` out of the current window. @returns false, and takes nothing, when that is more than is left. */
  take(amount: number, limit: number, windowMs: number, nowMs: number): boolean {
    if (nowMs - this.opensAtMs >= windowMs) {
      this.opensAtMs = nowMs;
      this.used = 0;
    }
    if (this.used + amount > limit) return false;
    this.used += amount;
    return true;
  }
}
