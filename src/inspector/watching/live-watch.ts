import type { InspectorRecord, RecordKind, RecordsFrame, TracePart } from '../contract.js';
import type { Matches, RecordSubject } from './watch-filter.js';

/** What a watch gets of one node between two flushes; the rest is counted. */
const MAX_RECORDS = 120;
const MAX_RECORDS_OF_KIND = 40;
const MAX_PARTS = 400;
/** Characters of all texts of its records. One record may go beyond it. */
const MAX_TEXT = 131_072;

/** What one page wants to see, and what of it waits to be sent. */
export class LiveWatch {
  private records: InspectorRecord[] = [];
  private parts: TracePart[] = [];
  private textLength = 0;
  private counts = new Map<RecordKind, number>();
  private skipped: Partial<Record<RecordKind, number>> | undefined;

  /** @param filter as it was given, to see whether it changes */
  constructor(
    readonly channel: string,
    readonly filter: string,
    private readonly matches: Matches,
    public expiresAtMs: number,
  ) {}

  /** Whether a record is to be made for this watch. One that matches and is too much is counted. */
  takes(subject: RecordSubject): boolean {
    if (!this.matches(subject)) return false;
    const { kind } = subject;
    const count = this.counts.get(kind) ?? 0;
    if (count >= MAX_RECORDS_OF_KIND || this.isFull) {
      this.skipped ??= {};
      this.skipped[kind] = (this.skipped[kind] ?? 0) + 1;
      return false;
    }
    this.counts.set(kind, count + 1);
    return true;
  }

  /** Adds a record that it takes. @param textLength of all its texts together */
  add(record: InspectorRecord, textLength: number): void {
    this.records.push(record);
    this.textLength += textLength;
  }

  private get isFull(): boolean {
    return this.records.length >= MAX_RECORDS || this.textLength >= MAX_TEXT;
  }

  /** Adds a step of an event, unless there are too many already. */
  addPart(part: TracePart): void {
    if (this.parts.length < MAX_PARTS) this.parts.push(part);
  }

  /** What is to be sent now, undefined for nothing. */
  flush(nodeId: string): RecordsFrame | undefined {
    const { records, parts, skipped } = this;
    if (records.length + parts.length === 0 && skipped === undefined) return undefined;
    this.records = [];
    this.parts = [];
    this.textLength = 0;
    this.counts = new Map();
    this.skipped = undefined;
    return { nodeId, records, parts, ...(skipped !== undefined && { skipped }) };
  }
}
