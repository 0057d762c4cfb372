import type { PlaceChange } from '../state-store.js';

/** A change that comes later than this after the place was vacated is not known to be old. */
const GONE_MS = 600_000;

/** What was told of a place last. */
interface Told {
  readonly version: number;
  readonly isOccupied: boolean;
  readonly atMs: number;
}

/**
 * Knows what was told of places, so that it is told by turns, in whatever order workers get to say so.
 * Pure.
 */
export class PlaceLedger {
  private readonly told = new Map<string, Told>();

  /** @param now milliseconds, a clock that never goes back */
  constructor(private readonly now: () => number) {}

  /** How many places are known. */
  get size(): number {
    return this.told.size;
  }

  /** @returns whether it is told now: not when a later change was, or the same */
  enter({ appId, place, isOccupied, version }: PlaceChange): boolean {
    const key = `${appId} ${place}`;
    const former = this.told.get(key);
    if (former !== undefined && version <= former.version) return false;
    this.told.set(key, { version, isOccupied, atMs: this.now() });
    return isOccupied !== former?.isOccupied;
  }

  /** Forgets places that have been vacant for long. */
  sweep(): void {
    const beforeMs = this.now() - GONE_MS;
    for (const [key, { isOccupied, atMs }] of this.told) {
      if (!isOccupied && atMs <= beforeMs) this.told.delete(key);
    }
  }
}
