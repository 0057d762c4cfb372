/** Entries that are of no use after some time, and have to be removed then: JetStream keeps them for ever. */
export class Leftovers {
  private readonly entries = new Map<
    string,
    { readonly revision: number; readonly dueMs: number }
  >();

  /** An entry was written; `remainingMs` as in `EntryKind`. */
  note(key: string, revision: number, remainingMs: number): void {
    if (remainingMs === Infinity) this.entries.delete(key);
    else this.entries.set(key, { revision, dueMs: performance.now() + remainingMs });
  }

  /** The revisions of those that are due. */
  takeDue(): readonly number[] {
    const nowMs = performance.now();
    const due: number[] = [];
    for (const [key, { revision, dueMs }] of this.entries) {
      if (dueMs > nowMs) continue;
      this.entries.delete(key);
      due.push(revision);
    }
    return due;
  }

  clear(): void {
    this.entries.clear();
  }
}
