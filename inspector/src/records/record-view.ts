import type { KeptRecord, RecordStore } from './record-store.js';

/** Whether a record is to be shown. */
export type RecordMatcher = (kept: KeptRecord) => boolean;

/** The records of a store that match, the oldest first; every record is looked at only once. */
export class RecordView {
  private matched: KeptRecord[] = [];
  private seen: number;

  constructor(
    private readonly store: RecordStore,
    private readonly matches: RecordMatcher,
  ) {
    this.seen = store.firstSequence;
  }

  /** As of the last {@link advance}. */
  get records(): readonly KeptRecord[] {
    return this.matched;
  }

  /** Takes in what is new in the store, and leaves out what it has forgotten. */
  advance(): void {
    const { firstSequence, nextSequence } = this.store;
    const kept = this.matched.findIndex(({ sequence }) => sequence >= firstSequence);
    this.matched = kept === -1 ? [] : this.matched.slice(kept);
    for (let sequence = Math.max(this.seen, firstSequence); sequence < nextSequence; sequence++) {
      const record = this.store.at(sequence);
      if (record !== undefined && this.matches(record)) {
        this.matched.push(record);
      }
    }
    this.seen = nextSequence;
  }
}
