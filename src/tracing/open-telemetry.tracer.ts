import { Logger } from '@nestjs/common';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { EventTracer, TraceCarrier, TracedEvent, TraceSpan } from './tracing.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';

/** Stands for a span that could not be begun. */
const NO_SPAN: TraceSpan = Object.freeze({ traceparent: undefined, end: () => undefined });

/** Makes spans of OpenTelemetry. What goes wrong in an SDK is logged, once, and disturbs no delivery. */
export class OpenTelemetryTracer implements EventTracer {
  private readonly logger = new Logger('Tracing');
  private hasFailed = false;

  constructor(
    private readonly api: typeof OpenTelemetry,
    private readonly tracer: Tracer,
  ) {}

  take(
    what: 'publish' | 'client-event',
    appId: string,
    _events: readonly TracedEvent[],
    carrier?: TraceCarrier,
  ): TraceSpan {
    const { SpanKind } = this.api;
    const kind = carrier === undefined ? SpanKind.INTERNAL : SpanKind.SERVER;
    return this.safely(NO_SPAN, () => {
      return this.begin(`revurb ${what}`, kind, this.parentOf(carrier), attributesOf(appId));
    });
  }

  send(part: TraceSpan, appId: string, channel: string): TraceSpan | undefined {
    const parent = part.traceparent === undefined ? undefined : parseTraceparent(part.traceparent);
    if (parent === undefined) return undefined;
    const attributes = attributesOf(appId, channel);
    return this.safely(NO_SPAN, () =>
      this.begin('revurb send', this.api.SpanKind.PRODUCER, this.contextOf(parent), attributes),
    );
  }

  fanOut(traceparent: string, appId: string, channel: string, receivers: number): TraceSpan {
    const parent = parseTraceparent(traceparent);
    if (parent === undefined) return NO_SPAN;
    const attributes = { ...attributesOf(appId, channel), 'revurb.receivers': receivers };
    const context = this.contextOf({ ...parent, isRemote: true });
    return this.safely(NO_SPAN, () =>
      this.begin('revurb fan-out', this.api.SpanKind.CONSUMER, context, attributes),
    );
  }

  deliver(appId: string, { hostname, port }: URL, events: number): TraceSpan {
    const { SpanKind, ROOT_CONTEXT } = this.api;
    const attributes = {
      ...attributesOf(appId),
      'messaging.batch.message_count': events,
      'server.address': hostname,
      ...(port !== '' && { 'server.port': Number(port) }),
    };
    return this.safely(NO_SPAN, () =>
      this.begin('revurb webhook', SpanKind.CLIENT, ROOT_CONTEXT, attributes),
    );
  }

  private begin(
    name: string,
    kind: OpenTelemetry.SpanKind,
    context: Context,
    attributes: Attributes,
  ): TraceSpan {
    const span = this.tracer.startSpan(name, { kind, attributes }, context);
    return {
      traceparent: span.isRecording() ? formatTraceparent(span.spanContext()) : undefined,
      end: (error) => this.safely(undefined, () => this.end(span, error)),
    };
  }

  private end(span: Span, error: unknown): void {
    if (error !== undefined) {
      const message = error instanceof Error ? error.message : String(error);
      span.setStatus({ code: this.api.SpanStatusCode.ERROR, message });
    }
    span.end();
  }

  /** A propagator of the SDK may read other headers as well; without one, that of the W3C is read. */
  private parentOf(carrier: TraceCarrier | undefined): Context {
    const { context, propagation, trace } = this.api;
    const active = context.active();
    if (carrier === undefined || trace.getSpanContext(active) !== undefined) return active;
    const extracted = propagation.extract(active, carrier);
    if (trace.getSpanContext(extracted) !== undefined) return extracted;
    const { traceparent } = carrier;
    const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
    return parent === undefined ? active : this.contextOf({ ...parent, isRemote: true });
  }

  private contextOf(parent: SpanContext): Context {
    return this.api.trace.setSpanContext(this.api.ROOT_CONTEXT, parent);
  }

  private safely<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!this.hasFailed) this.logger.error('A span could not be recorded', error);
      this.hasFailed = true;
      return otherwise;
    }
  }
}

function attributesOf(appId: string, channel?: string): Attributes {
  return {
    'messaging.system': 'revurb',
    'revurb.app_id': appId,
    ...(channel !== undefined && { 'messaging.destination.name': channel }),
  };
}
