/** Remembers which ids it was given last: at least so many, and at most twice as many. */
export class RecentIds {
  private fresh = new Set<string>();
  private old: ReadonlySet<string> = new Set();

  constructor(private readonly atLeast: number) {}

  add(id: string): void {
    if (this.fresh.size >= this.atLeast) {
      this.old = this.fresh;
      this.fresh = new Set();
    }
    this.fresh.add(id);
  }

  has(id: string): boolean {
    return this.fresh.has(id) || this.old.has(id);
  }
}
