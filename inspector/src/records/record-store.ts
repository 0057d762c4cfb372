import { TraceStore, type Trace } from '../trace/trace-store.js';
import type { InspectorRecord, RecordsFrame } from '../contract.js';

/** A record, as it is kept. */
export interface KeptRecord {
  /** Rising by one with every record that a store takes. */
  readonly sequence: number;
  readonly nodeId: string;
  readonly record: InspectorRecord;
  /** Grows while parts arrive. */
  readonly trace?: Trace;
}

/**
 * The newest records of one watch: a ring, so its memory is bounded however long it is fed. What it
 * is given at once is put in the order of time; what came before stays before.
 */
export class RecordStore {
  private readonly ring: (KeptRecord | undefined)[];
  private readonly traces = new TraceStore();
  private next = 0;
  private first = 0;

  constructor(private readonly capacity: number) {
    this.ring = Array.from({ length: capacity });
  }

  /** Of the oldest record that is kept; {@link nextSequence} when there is none. */
  get firstSequence(): number {
    return this.first;
  }

  /** Of the record that comes next: so many were ever taken. */
  get nextSequence(): number {
    return this.next;
  }

  get size(): number {
    return this.next - this.first;
  }

  /** All that are kept, the oldest first; a copy. */
  get records(): KeptRecord[] {
    const sequences = Array.from({ length: this.size }, (_, index) => this.first + index);
    return sequences.map((sequence) => this.at(sequence)).filter((kept) => kept !== undefined);
  }

  at(sequence: number): KeptRecord | undefined {
    const isKept = sequence >= this.first && sequence < this.next;
    return isKept ? this.ring[sequence % this.capacity] : undefined;
  }

  take(frames: readonly RecordsFrame[]): void {
    const fresh = frames.flatMap(({ nodeId, records }) =>
      records.map((record) => ({ nodeId, record })),
    );
    fresh.sort((one, other) => one.record.atMs - other.record.atMs);
    for (const { nodeId, record } of fresh) {
      this.push(nodeId, record);
    }
    for (const { nodeId, parts, skippedParts = 0 } of frames) {
      parts.forEach((part) => this.traces.add(nodeId, part));
      if (skippedParts > 0) {
        this.traces.lose();
      }
    }
  }

  /** Forgets all records; sequences go on. */
  clear(): void {
    this.traces.clear();
    this.ring.fill(undefined);
    this.first = this.next;
  }

  private push(nodeId: string, record: InspectorRecord): void {
    if (this.size === this.capacity) {
      const traceId = this.at(this.first)?.record.traceId;
      if (traceId !== undefined) {
        this.traces.release(traceId);
      }
      this.first += 1;
    }
    const trace = record.traceId === undefined ? undefined : this.traces.claim(record.traceId);
    const kept = { sequence: this.next, nodeId, record, ...(trace && { trace }) };
    this.ring[this.next % this.capacity] = kept;
    this.next += 1;
  }
}
