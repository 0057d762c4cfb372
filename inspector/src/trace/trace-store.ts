import type { TracePart } from '../contract.js';

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
}

const PARTS_PER_TRACE = 256;
const UNCLAIMED_TRACES = 2000;

/**
 * Parts of traces, in any order, before and after the record they belong to. Bounded: traces that no
 * record has claimed leave in the order in which they came, the others with their last record.
 */
export class TraceStore {
  private readonly claimed = new Map<string, { readonly trace: Trace; claims: number }>();
  private readonly unclaimed = new Map<string, Trace>();

  get size(): number {
    return this.claimed.size + this.unclaimed.size;
  }

  add(nodeId: string, part: TracePart): void {
    const trace = this.claimed.get(part.traceId)?.trace ?? this.unclaimedOf(part.traceId);
    if (trace.parts.length < PARTS_PER_TRACE) {
      trace.parts.push({ nodeId, part });
    } else {
      trace.omitted += 1;
    }
  }

  /** The trace of a record that is kept from now on, until it is released as often. */
  claim(traceId: string): Trace {
    const known = this.claimed.get(traceId);
    if (known !== undefined) {
      known.claims += 1;
      return known.trace;
    }
    const trace = this.unclaimed.get(traceId) ?? { parts: [], omitted: 0 };
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
    }
  }

  clear(): void {
    this.claimed.clear();
    this.unclaimed.clear();
  }

  private unclaimedOf(traceId: string): Trace {
    const known = this.unclaimed.get(traceId);
    if (known !== undefined) {
      return known;
    }
    const trace: Trace = { parts: [], omitted: 0 };
    this.unclaimed.set(traceId, trace);
    if (this.unclaimed.size > UNCLAIMED_TRACES) {
      const oldest = this.unclaimed.keys().next().value;
      this.unclaimed.delete(oldest ?? '');
    }
    return trace;
  }
}
