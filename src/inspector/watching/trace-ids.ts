import { randomBytes } from 'node:crypto';
import { formatTraceparent, parseTraceparent } from '../../tracing/traceparent.js';

/** A tracer of OpenTelemetry does not record what bears this, unless it does so anyway. */
const NOT_SAMPLED = 0;

/** Of a trace that begins here. */
export function newTraceparent(): string {
  const traceId = randomBytes(16).toString('hex');
  return formatTraceparent({ traceId, spanId: newSpanId(), traceFlags: NOT_SAMPLED });
}

/** Of a new span, in the trace of a valid one. */
export function childOf(traceparent: string): string {
  const context = parseTraceparent(traceparent)!;
  return formatTraceparent({ ...context, spanId: newSpanId() });
}

/** What is in a valid one. */
export function idsOf(traceparent: string): { traceId: string; spanId: string } {
  const { traceId, spanId } = parseTraceparent(traceparent)!;
  return { traceId, spanId };
}

const newSpanId = () => randomBytes(8).toString('hex');
