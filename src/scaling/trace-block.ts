/** Of {@link readTrace}: id of the trace (16), of the span (8), and flags (1). */
export const TRACE_SIZE = 25;

const SPAN_AT = 16;
const FLAGS_AT = 24;
const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** The bytes of a `traceparent` (W3C Trace Context, version 00), undefined for anything else. */
export function traceBytesOf(traceparent: string | undefined): Buffer | undefined {
  if (traceparent === undefined) return undefined;
  const [, trace, span, flags] = TRACEPARENT.exec(traceparent) ?? [];
  return trace === undefined ? undefined : Buffer.from(`${trace}${span}${flags}`, 'hex');
}

/** Reads a `traceparent` from its bytes. @returns undefined when they are no more than zeros */
export function readTrace(bytes: Buffer, at: number): string | undefined {
  const hex = (from: number, to: number) => bytes.toString('hex', at + from, at + to);
  const trace = hex(0, SPAN_AT);
  const span = hex(SPAN_AT, FLAGS_AT);
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return `00-${trace}-${span}-${hex(FLAGS_AT, TRACE_SIZE)}`;
}
