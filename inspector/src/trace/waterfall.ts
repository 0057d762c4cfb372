import { MAX_RECORD_CHANNELS } from '../../../src/inspector/limits.js';
import { countOf } from '../format/format.js';
import type { InspectorRecord, TraceFannedOut, TraceSent } from '../contract.js';
import type { Trace, TracePartOfNode } from './trace-store.js';

/** One bar of a waterfall. Offsets are from the request, and neither they nor durations are negative. */
export interface WaterfallBar {
  readonly step: 'request' | 'sent' | 'fanned-out';
  readonly title: string;
  readonly nodeId: string;
  readonly offsetMs: number;
  readonly tookMs: number;
  /** What else is worth knowing, one fact each. */
  readonly notes: readonly string[];
  readonly isFaulty: boolean;
  /** Its node's clock is behind: the bar stands as early as it can have been. */
  readonly isClockBehind: boolean;
}

/** The way of one event. */
export interface Waterfall {
  readonly bars: readonly WaterfallBar[];
  readonly totalMs: number;
  readonly nodes: readonly string[];
  readonly sockets: number;
  readonly slow: number;
  readonly excluded: readonly string[];
  /** Parts that are not told here. */
  readonly omitted: number;
}

type Of<Part> = { readonly nodeId: string; readonly part: Part };

function sentIn(parts: readonly TracePartOfNode[]): Of<TraceSent>[] {
  return parts.filter((one): one is Of<TraceSent> => one.part.step === 'sent');
}

function fannedOutIn(parts: readonly TracePartOfNode[]): Of<TraceFannedOut>[] {
  return parts.filter((one): one is Of<TraceFannedOut> => one.part.step === 'fanned-out');
}

/**
 * Those parts of a trace that belong to a record: a batch has one trace, and a tracer may give one to many
 * requests. Of an event that came alone all do, whatever channels an extension has brought it to.
 */
function partsOf(
  { channels = [], spanId, batchSize }: InspectorRecord,
  parts: readonly TracePartOfNode[],
): readonly TracePartOfNode[] {
  const isAlone = batchSize === undefined || channels.length >= MAX_RECORD_CHANNELS;
  const strangers = new Set(
    sentIn(parts)
      .filter(({ part }) => part.takenSpanId !== spanId)
      .map(({ part }) => part.spanId),
  );
  return parts.filter(({ part }) =>
    part.step === 'taken'
      ? part.spanId === spanId
      : !strangers.has(part.spanId) && (isAlone || channels.includes(part.channel)),
  );
}

function requestBar(
  record: InspectorRecord,
  nodeId: string,
  startMs: number,
  parts: readonly TracePartOfNode[],
): WaterfallBar {
  const taken = parts.find(({ part }) => part.step === 'taken')?.part;
  const error = taken?.step === 'taken' ? taken.error : undefined;
  const title = record.kind === 'client-event' ? 'Taken from the client' : 'Request taken';
  return {
    step: 'request',
    title,
    nodeId,
    offsetMs: 0,
    tookMs: Math.max(0, taken?.step === 'taken' ? taken.tookMs : record.atMs - startMs),
    notes: error === undefined ? [] : [error],
    isFaulty: error !== undefined,
    isClockBehind: false,
  };
}

function sentBar({ nodeId, part }: Of<TraceSent>, startMs: number): WaterfallBar {
  return {
    step: 'sent',
    title: `Handed to the cluster · ${part.channel}`,
    nodeId,
    offsetMs: Math.max(0, part.atMs - startMs),
    tookMs: Math.max(0, part.tookMs),
    notes: part.error === undefined ? [] : [part.error],
    isFaulty: part.error !== undefined,
    isClockBehind: false,
  };
}

function fanOutNotes({ excluded, slow, slowSockets }: TraceFannedOut): string[] {
  const notes = [];
  if (excluded !== undefined) {
    notes.push(`not to ${excluded}, which is excluded`);
  }
  if (slow !== undefined && slow > 0) {
    const some = slowSockets === undefined ? '' : `: ${slowSockets.join(', ')}`;
    notes.push(`${countOf(slow, 'slow socket')}${some}`);
  }
  if (slow === undefined) {
    notes.push('too many sockets to look which are slow');
  }
  return notes;
}

function fannedOutBar(
  { nodeId, part }: Of<TraceFannedOut>,
  startMs: number,
  earliestMs: number,
): WaterfallBar {
  const offsetMs = part.atMs - startMs;
  return {
    step: 'fanned-out',
    title: `Written to ${countOf(part.sockets, 'socket')} · ${part.channel}`,
    nodeId,
    offsetMs: Math.max(earliestMs, offsetMs, 0),
    tookMs: Math.max(0, part.tookMs),
    notes: fanOutNotes(part),
    isFaulty: (part.slow ?? 0) > 0,
    isClockBehind: offsetMs < earliestMs,
  };
}

/** Puts what is known of an event in order: the request, then each channel with its nodes. */
export function waterfallOf(record: InspectorRecord, nodeId: string, trace: Trace): Waterfall {
  const { omitted } = trace;
  const parts = partsOf(record, trace.parts);
  const own = parts.filter((one) => one.nodeId === nodeId).map(({ part }) => part.atMs);
  const startMs = Math.min(record.atMs, ...own);
  const fannedOut = fannedOutIn(parts).sort((one, other) => one.part.atMs - other.part.atMs);
  const bars = [requestBar(record, nodeId, startMs, parts)];
  const joined = new Set<Of<TraceFannedOut>>();
  for (const sent of sentIn(parts).sort((one, other) => one.part.atMs - other.part.atMs)) {
    const bar = sentBar(sent, startMs);
    const followers = fannedOut.filter(({ part }) => part.spanId === sent.part.spanId);
    followers.forEach((follower) => joined.add(follower));
    bars.push(bar, ...followers.map((one) => fannedOutBar(one, startMs, bar.offsetMs)));
  }
  const others = fannedOut.filter((one) => !joined.has(one));
  bars.push(...others.map((one) => fannedOutBar(one, startMs, 0)));
  return { bars, omitted, ...totalsOf(bars, nodeId, fannedOut) };
}

function totalsOf(
  bars: readonly WaterfallBar[],
  nodeId: string,
  fannedOut: readonly Of<TraceFannedOut>[],
): Pick<Waterfall, 'totalMs' | 'nodes' | 'sockets' | 'slow' | 'excluded'> {
  const parts = fannedOut.map(({ part }) => part);
  return {
    totalMs: Math.max(...bars.map(({ offsetMs, tookMs }) => offsetMs + tookMs)),
    nodes: [...new Set([nodeId, ...bars.map((bar) => bar.nodeId)])],
    sockets: parts.reduce((sum, { sockets }) => sum + sockets, 0),
    slow: parts.reduce((sum, { slow }) => sum + (slow ?? 0), 0),
    excluded: [...new Set(parts.flatMap(({ excluded }) => excluded ?? []))],
  };
}
