/** A map whose entries are gone after their time. Nothing is kept alive by it for much longer than that. */
export class ExpiringMap<V> {
  private readonly entriesByKey = new Map<
    string,
    { readonly value: V; readonly expiresAtMs: number }
  >();

  /** @param now milliseconds, a clock that never goes back */
  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.entriesByKey.size;
  }

  get(key: string): V | undefined {
    return this.live(key)?.value;
  }

  /** Milliseconds an entry has left, 0 if there is none. */
  remainingMs(key: string): number {
    const entry = this.live(key);
    return entry === undefined ? 0 : entry.expiresAtMs - this.now();
  }

  set(key: string, value: V, ttlMs: number): void {
    this.entriesByKey.set(key, { value, expiresAtMs: this.now() + ttlMs });
  }

  /** @returns whether there was such an entry */
  delete(key: string): boolean {
    return this.live(key) !== undefined && this.entriesByKey.delete(key);
  }

  /** What has not been swept yet, some of it expired. */
  *entries(): IterableIterator<[string, V]> {
    for (const [key, { value }] of this.entriesByKey) yield [key, value];
  }

  /** Forgets what has expired. */
  sweep(): void {
    const now = this.now();
    for (const [key, entry] of this.entriesByKey) {
      if (entry.expiresAtMs <= now) this.entriesByKey.delete(key);
    }
  }

  private live(key: string) {
    const entry = this.entriesByKey.get(key);
    if (entry !== undefined && entry.expiresAtMs <= this.now()) {
      this.entriesByKey.delete(key);
      return undefined;
    }
    return entry;
  }
}
