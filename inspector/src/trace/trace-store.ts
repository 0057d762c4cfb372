import type { TracePart } from '../contract.js';
import { LossyTimes } from './lossy-times.js';

/** A part, and the node that told it. */
export interface TracePartOfNode {
  readonly nodeId: string;
  readonly part: TracePart;
}

/** What is known of the way of one event. */
export interface Trace {
  readonly parts: TracePartOfNode[];
  /** Parts that were left out, as there are too many. */
  omitted: number;
  /** A server left out parts when this trace was heard of. */
  readonly mayLackParts: boolean;
}

class HeardTrace implements Trace {
  readonly parts: TracePartOfNode[] = [];
  omitted = 0;

  constructor(
    private readonly sinceMs: number,
    private readonly losses: LossyTimes,
  ) {}

  get mayLackParts(): boolean {
    return this.losses.isNear(this.sinceMs);
  }
}

const PARTS_PER_TRACE = 256;
const UNCLAIMED_TRACES = 2000;
/** Of all traces: a publish to a hundred channels has hundreds. */
const ALL_PARTS = 50_000;

/**
 * Parts of traces, in any order, before and after the record they belong to. Bounded: traces that no
 * record has claimed leave in the order in which they came, the others with their last record. When all
 * have too many parts, those that began first lose theirs.
 */
export class TraceStore {
  private readonly claimed = new Map<string, { readonly trace: Trace; claims: number }>();
  private readonly unclaimed = new Map<string, Trace>();
  /** Those that have parts, the first first. */
  private readonly filled = new Set<Trace>();
  private partCount = 0;
  private readonly losses = new LossyTimes();

  /** @param now a clock that only rises */
  constructor(private readonly now: () => number = () => performance.now()) {}

  get size(): number {
    return this.claimed.size + this.unclaimed.size;
  }

  add(nodeId: string, part: TracePart): void {
    const trace = this.claimed.get(part.traceId)?.trace ?? this.unclaimedOf(part.traceId);
    if (trace.parts.length < PARTS_PER_TRACE) {
      trace.parts.push({ nodeId, part });
      this.filled.add(trace);
      this.partCount += 1;
      this.makeRoom();
    } else {
      trace.omitted += 1;
    }
  }

  /** A server left out parts, of whatever trace. */
  lose(): void {
    this.losses.note(this.now());
  }

  /** The trace of a record that is kept from now on, until it is released as often. */
  claim(traceId: string): Trace {
    const known = this.claimed.get(traceId);
    if (known !== undefined) {
      known.claims += 1;
      return known.trace;
    }
    const trace = this.unclaimed.get(traceId) ?? this.begin();
    this.unclaimed.delete(traceId);
    this.claimed.set(traceId, { trace, claims: 1 });
    return trace;
  }

  release(traceId: string): void {
    const known = this.claimed.get(traceId);
    if (known === undefined) {
      return;
    }
    known.claims -= 1;
    if (known.claims === 0) {
      this.claimed.delete(traceId);
      this.forget(known.trace);
    }
  }

  clear(): void {
    this.claimed.clear();
    this.unclaimed.clear();
    this.filled.clear();
    this.partCount = 0;
  }

  private begin(): Trace {
    return new HeardTrace(this.now(), this.losses);
  }

  private makeRoom(): void {
    for (const trace of this.filled) {
      if (this.partCount <= ALL_PARTS) {
        return;
      }
      this.forget(trace);
      trace.omitted += trace.parts.length;
      trace.parts.length = 0;
    }
  }

  private forget(trace: Trace): void {
    if (this.filled.delete(trace)) {
      this.partCount -= trace.parts.length;
    }
  }

  private unclaimedOf(traceId: string): Trace {
    const known = this.unclaimed.get(traceId);
    if (known !== undefined) {
      return known;
    }
    const trace = this.begin();
    this.unclaimed.set(traceId, trace);
    if (this.unclaimed.size > UNCLAIMED_TRACES) {
      const [oldestId = '', oldest] = this.unclaimed.entries().next().value ?? [];
      this.unclaimed.delete(oldestId);
      if (oldest !== undefined) {
        this.forget(oldest);
      }
    }
    return trace;
  }
}
