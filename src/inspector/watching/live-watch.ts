import type {
  InspectorRecord,
  RecordKind,
  RecordsFrame,
  TraceFannedOut,
  TracePart,
  WatchFilter,
} from '../contract.js';
import { RecentIds } from './recent-ids.js';
import {
  compileFilter,
  compileFollowing,
  type Follows,
  type Matches,
  type RecordSubject,
} from './watch-filter.js';
import type { WatchShare } from './watch-share.js';

/** Events whose steps are awaited: those of some seconds, at the most records a watch gets. */
const MIN_KNOWN_TRACES = 1000;

/** What one page wants to see, and what of it waits to be sent. */
export class LiveWatch {
  private readonly matches: Matches;
  private readonly follows: Follows;
  /** Of the records that it took. */
  private readonly traces = new RecentIds(MIN_KNOWN_TRACES);
  private records: InspectorRecord[] = [];
  private textLength = 0;
  private counts = new Map<RecordKind, number>();
  private skipped: Partial<Record<RecordKind, number>> | undefined;
  private parts: TracePart[] = [];
  private partsLength = 0;
  private partsFromElsewhere = 0;
  private skippedParts = 0;

  /** @param share what it gets between two flushes; the rest is counted */
  constructor(
    readonly channel: string,
    readonly filter: WatchFilter,
    public share: WatchShare,
    public expiresAtMs: number,
  ) {
    this.matches = compileFilter(filter);
    this.follows = compileFollowing(filter);
  }

  /** Whether a record is to be made for this watch. One that matches and is too much is counted. */
  takes(subject: RecordSubject): boolean {
    if (!this.matches(subject)) return false;
    const { kind } = subject;
    const count = this.counts.get(kind) ?? 0;
    if (count >= this.share.recordsOfKind || this.isFull) {
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
    if (record.traceId !== undefined) this.traces.add(record.traceId);
  }

  /** Adds a step of an event that it took a record of; counts it when there are too many. */
  addPart(part: TracePart, length: number): void {
    if (this.traces.has(part.traceId)) this.push(part, length);
  }

  /** Adds a step of an event, too, that it may have a record of from another node. */
  addPartFromElsewhere(
    part: TraceFannedOut,
    length: number,
    appId: string,
    exceptSocketId: string | undefined,
  ): void {
    if (this.traces.has(part.traceId)) return this.push(part, length);
    if (!this.follows(appId, exceptSocketId)) return;
    if (this.partsFromElsewhere >= this.share.partsFromElsewhere) {
      this.skippedParts++;
      return;
    }
    this.partsFromElsewhere++;
    this.push(part, length);
  }

  /** What is to be sent now, undefined for nothing. */
  flush(nodeId: string): RecordsFrame | undefined {
    const { records, parts, skipped, skippedParts } = this;
    const count = records.length + parts.length + skippedParts;
    if (count === 0 && skipped === undefined) return undefined;
    this.records = [];
    this.textLength = 0;
    this.counts = new Map();
    this.skipped = undefined;
    this.parts = [];
    this.partsLength = 0;
    this.partsFromElsewhere = 0;
    this.skippedParts = 0;
    return {
      nodeId,
      records,
      parts,
      ...(skipped !== undefined && { skipped }),
      ...(skippedParts > 0 && { skippedParts }),
    };
  }

  private get isFull(): boolean {
    return this.records.length >= this.share.records || this.textLength >= this.share.length;
  }

  private push(part: TracePart, length: number): void {
    if (this.parts.length >= this.share.parts || this.partsLength >= this.share.length) {
      this.skippedParts++;
      return;
    }
    this.parts.push(part);
    this.partsLength += length;
  }
}
