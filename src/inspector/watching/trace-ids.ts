import { randomFillSync } from 'node:crypto';
import { formatTraceparent, parseTraceparent } from '../../tracing/traceparent.js';

/** A tracer of OpenTelemetry does not record what bears this, unless it does so anyway. */
const NOT_SAMPLED = 0;

/** Bytes that are drawn at once: one by one, they cost more than all else of a record. */
const DRAWN_BYTES = 4096;

/** Makes up the ids of traces and spans. */
export class TraceIds {
  private readonly drawn = Buffer.alloc(DRAWN_BYTES);
  private used = DRAWN_BYTES;

  /** Of a trace that begins here. */
  newTraceparent(): string {
    const [traceId, spanId] = [this.random(16), this.random(8)];
    return formatTraceparent({ traceId, spanId, traceFlags: NOT_SAMPLED });
  }

  /** Of a new span, in the trace of a valid one. */
  childOf(traceparent: string): string {
    const context = parseTraceparent(traceparent)!;
    return formatTraceparent({ ...context, spanId: this.random(8) });
  }

  private random(bytes: number): string {
    if (this.used + bytes > DRAWN_BYTES) {
      randomFillSync(this.drawn);
      this.used = 0;
    }
    this.used += bytes;
    return this.drawn.toString('hex', this.used - bytes, this.used);
  }
}

/** What is in a valid one. */
export function idsOf(traceparent: string): { traceId: string; spanId: string } {
  const { traceId, spanId } = parseTraceparent(traceparent)!;
  return { traceId, spanId };
}
