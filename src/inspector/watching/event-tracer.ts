import type { ChannelManager } from '../../channels/channel.manager.js';
import type { Connection } from '../../connections/connection.js';
import type { ConnectionRegistry } from '../../connections/connection.registry.js';
import { parseTraceparent } from '../../tracing/traceparent.js';
import type { EventTracer, TraceCarrier, TracedEvent, TraceSpan } from '../../tracing/tracing.js';
import type { InspectorRecord, TraceFannedOut } from '../contract.js';
import { shortText } from '../short-text.js';
import type { ChannelRates } from './channel-rates.js';
import { FineClock } from './fine-clock.js';
import { RecentIds } from './recent-ids.js';
import { shownData } from './shown-data.js';
import { idsOf, TraceIds } from './trace-ids.js';
import type { RecordDetails, WatchDesk } from './watch-desk.js';
import type { RecordSubject } from './watch-filter.js';

/** Sockets that are looked at in one second, to see which are slow: a fraction of what writing to them takes. */
const MAX_LOOKS_PER_SECOND = 10_000;
const MAX_SLOW_SOCKETS = 5;

/** Spans that were sent from here, and have not come back through the cluster yet: those of some milliseconds. */
const MIN_KNOWN_SPANS = 4096;

/** Stands for the headers of a request in which the page publishes: they carry no trace. */
export const FROM_INSPECTOR: TraceCarrier = Object.freeze({});

/** What the tracer looks at. */
export interface TracerView {
  readonly desk: WatchDesk;
  readonly channels: ChannelManager;
  readonly registry: ConnectionRegistry;
  readonly rates: ChannelRates;
  readonly hasPayloads: boolean;
}

/** Nobody records it. */
const NO_SPAN: TraceSpan = Object.freeze({ traceparent: undefined, end: () => undefined });

/** A span that somebody watches, around one of the tracer that was there before. */
class InspectorSpan implements TraceSpan {
  private readonly sinceMs = performance.now();

  constructor(
    readonly traceparent: string,
    readonly inner: TraceSpan,
    private readonly tell: (tookMs: number, error: unknown) => void,
  ) {}

  end(error?: unknown): void {
    this.inner.end(error);
    this.tell(performance.now() - this.sinceMs, error);
  }
}

/** Records events, and the steps of their way, for those who watch; and lets the tracer that was there before do its work. */
export class InspectorTracer implements EventTracer {
  private readonly clock = new FineClock();
  private readonly ids = new TraceIds();
  private readonly sentFromHere = new RecentIds(MIN_KNOWN_SPANS);
  private looks = 0;
  private looksSinceMs = 0;

  constructor(
    private readonly view: TracerView,
    private readonly inner: EventTracer | null,
  ) {}

  take(
    what: 'publish' | 'client-event',
    appId: string,
    events: readonly TracedEvent[],
    carrier?: TraceCarrier,
  ): TraceSpan | undefined {
    const inner = this.inner?.take(what, appId, events, carrier);
    let traceparent: string | undefined;
    for (const event of events) {
      for (const channel of event.channels) this.view.rates.count(appId, channel);
      const subject = this.subjectOf(what, appId, event);
      const takers = this.view.desk.takersOf(subject);
      if (takers === undefined) continue;
      traceparent ??= inner?.traceparent ?? this.ids.newTraceparent();
      this.view.desk.recordFor(takers, subject, {
        ...idsOf(traceparent),
        ...shownData(event.data, this.view.hasPayloads),
        ...(what === 'publish' && this.publishDetailsOf(event, carrier)),
        ...(events.length > 1 && { batchSize: events.length }),
      });
    }
    return traceparent === undefined ? inner : this.watched(traceparent, inner ?? NO_SPAN);
  }

  send(part: TraceSpan, appId: string, channel: string): TraceSpan | undefined {
    if (!(part instanceof InspectorSpan)) return this.sendUnwatched(part, appId, channel);
    const inner = this.inner?.send(part.inner, appId, channel) ?? NO_SPAN;
    const own = inner.traceparent ?? this.ids.childOf(part.traceparent);
    const { traceId, spanId } = idsOf(own);
    const { spanId: takenSpanId } = idsOf(part.traceparent);
    this.sentFromHere.add(spanId);
    const atMs = this.now();
    return new InspectorSpan(own, inner, (tookMs, error) =>
      this.view.desk.trace({
        step: 'sent',
        traceId,
        spanId,
        takenSpanId,
        channel,
        atMs,
        tookMs,
        ...errorOf(error),
      }),
    );
  }

  fanOut(
    traceparent: string,
    appId: string,
    channel: string,
    receivers: number,
    exceptSocketId?: string,
  ): TraceSpan {
    const { inner: tracer } = this;
    const inner = tracer?.fanOut(traceparent, appId, channel, receivers, exceptSocketId) ?? NO_SPAN;
    const context = parseTraceparent(traceparent);
    if (context === undefined) return inner;
    const { traceId, spanId } = context;
    const excluded = this.isSubscribed(appId, channel, exceptSocketId) ? exceptSocketId : undefined;
    const sockets = excluded === undefined ? receivers : receivers - 1;
    const isFromHere = this.sentFromHere.has(spanId);
    const atMs = this.now();
    return new InspectorSpan(traceparent, inner, (tookMs) => {
      const part: TraceFannedOut = {
        step: 'fanned-out',
        traceId,
        spanId,
        channel,
        atMs,
        tookMs,
        sockets,
        ...(excluded !== undefined && { excluded }),
        ...this.slowOf(appId, channel),
      };
      if (isFromHere) this.view.desk.trace(part);
      else this.view.desk.traceFromElsewhere(part, appId, exceptSocketId);
    });
  }

  deliver(appId: string, url: URL, events: number): TraceSpan {
    return this.inner?.deliver(appId, url, events) ?? NO_SPAN;
  }

  private now(): number {
    return this.clock.at(performance.now(), Date.now());
  }

  /** An SDK may record what no watch took; it comes back here as well. */
  private sendUnwatched(part: TraceSpan, appId: string, channel: string): TraceSpan | undefined {
    const sent = this.inner?.send(part, appId, channel);
    if (sent?.traceparent !== undefined) this.sentFromHere.add(idsOf(sent.traceparent).spanId);
    return sent;
  }

  private watched(traceparent: string, inner: TraceSpan): TraceSpan {
    const ids = idsOf(traceparent);
    const atMs = this.now();
    return new InspectorSpan(traceparent, inner, (tookMs, error) =>
      this.view.desk.trace({ step: 'taken', ...ids, atMs, tookMs, ...errorOf(error) }),
    );
  }

  private subjectOf(
    what: 'publish' | 'client-event',
    appId: string,
    { name: event, channels, exceptSocketId: socketId }: TracedEvent,
  ): RecordSubject {
    if (what === 'publish') return { kind: 'published', appId, channels, event };
    const sender = socketId === undefined ? undefined : this.view.registry.find(appId, socketId);
    const userId = sender && this.view.channels.userIdIn(sender, channels[0]!);
    return { kind: 'client-event', appId, channels, event, socketId, userId };
  }

  private publishDetailsOf(
    { exceptSocketId }: TracedEvent,
    carrier: TraceCarrier | undefined,
  ): RecordDetails {
    const via = originOf(carrier);
    return exceptSocketId === undefined ? { via } : { via, exceptSocketId };
  }

  private isSubscribed(appId: string, channel: string, socketId: string | undefined): boolean {
    if (socketId === undefined) return false;
    return this.view.registry.find(appId, socketId)?.subscriptions.has(channel) ?? false;
  }

  /** Who of a channel has bytes unsent; nothing when so many were looked at lately that it would cost too much. */
  private slowOf(appId: string, channel: string): { slow?: number; slowSockets?: string[] } {
    const fanOut = this.view.channels.find(appId, channel)?.fanOut;
    if (fanOut === undefined) return { slow: 0 };
    const nowMs = performance.now();
    if (nowMs - this.looksSinceMs > 1000) {
      this.looks = 0;
      this.looksSinceMs = nowMs;
    }
    this.looks += fanOut.size;
    if (this.looks > MAX_LOOKS_PER_SECOND) return {};
    let slow = 0;
    const slowSockets: string[] = [];
    for (const { outlet } of fanOut) {
      const connection = outlet as Connection;
      if (connection.unsentBytes === 0) continue;
      slow++;
      if (slowSockets.length < MAX_SLOW_SOCKETS) slowSockets.push(connection.socketId);
    }
    return slow === 0 ? { slow } : { slow, slowSockets };
  }
}

function originOf(carrier: TraceCarrier | undefined): NonNullable<InspectorRecord['via']> {
  if (carrier === undefined) return 'code';
  return carrier === FROM_INSPECTOR ? 'inspector' : 'http';
}

function errorOf(error: unknown): { error?: string } {
  if (error === undefined) return {};
  return { error: shortText(error instanceof Error ? error.message : String(error)) };
}
