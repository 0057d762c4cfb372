import type { Awaitable } from '../scaling/awaitable.js';

/** Headers of a request, or whatever else a trace is carried in; names in small letters. */
export type TraceCarrier = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A part of the way of an event. Neither of its members throws. */
export interface TraceSpan {
  /** For whoever takes it further, here or on another node (W3C Trace Context); undefined: it is not recorded. */
  readonly traceparent: string | undefined;
  /** To be called once. @param error what kept it from its end, if anything did */
  end(error?: unknown): void;
}

/** An event as it was taken. */
export interface TracedEvent {
  readonly name: string;
  readonly channels: readonly string[];
  /** Of a publish a text, of a client event any JSON value. */
  readonly data: unknown;
  /** The connection that does not get it: of a client event, its sender. */
  readonly exceptSocketId?: string | undefined;
}

/** Follows events on their way: taken, sent over the cluster, fanned out on each node; and webhooks. */
export interface EventTracer {
  /**
   * Events are taken from a backend, together, or one from a client. Goes on with the span that is
   * active, or else with what the request carries.
   * @returns undefined when nobody records anything of them
   */
  take(
    what: 'publish' | 'client-event',
    appId: string,
    events: readonly TracedEvent[],
    carrier?: TraceCarrier,
  ): TraceSpan | undefined;
  /** It is sent to a channel. @returns undefined when nobody records what it is a part of */
  send(part: TraceSpan, appId: string, channel: string): TraceSpan | undefined;
  /** It has arrived on a node. @param traceparent of the span that sent it */
  fanOut(
    traceparent: string,
    appId: string,
    channel: string,
    receivers: number,
    exceptSocketId?: string,
  ): TraceSpan;
  /** A webhook is delivered: a trace of its own, as it may tell of many things, and of old ones. */
  deliver(appId: string, url: URL, events: number): TraceSpan;
}

/** Whether events are followed. Asking costs a look at a field, and when they are not, that is all. */
export class Tracing {
  tracer: EventTracer | null;

  constructor(private readonly configured: EventTracer | null) {
    this.tracer = configured;
  }

  /** Follows events by another tracer, too, until {@link restore}. @param around is given the one there is */
  follow(around: (configured: EventTracer | null) => EventTracer): void {
    this.tracer = around(this.configured);
  }

  /** Follows events as it did at first. */
  restore(): void {
    this.tracer = this.configured;
  }
}

/** Does something that a span is about, and ends the span when it is done. */
export function during<T>(span: TraceSpan, work: () => Awaitable<T>): Awaitable<T> {
  try {
    const result = work();
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    return result.then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        span.end(error);
        throw error;
      },
    );
  } catch (error) {
    span.end(error);
    throw error;
  }
}
