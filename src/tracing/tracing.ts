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

/** Follows events on their way: taken, sent over the cluster, fanned out on each node; and webhooks. */
export interface EventTracer {
  /**
   * An event is taken from a backend or a client. Goes on with the span that is active, or else with
   * what the request carries.
   */
  take(what: 'publish' | 'client-event', appId: string, carrier?: TraceCarrier): TraceSpan;
  /** It is sent to a channel. @returns undefined when nobody records what it is a part of */
  send(part: TraceSpan, appId: string, channel: string): TraceSpan | undefined;
  /** It has arrived on a node. @param traceparent of the span that sent it */
  fanOut(traceparent: string, appId: string, channel: string, receivers: number): TraceSpan;
  /** A webhook is delivered: a trace of its own, as it may tell of many things, and of old ones. */
  deliver(appId: string, url: URL, events: number): TraceSpan;
}

/** Whether events are followed. Asking costs a look at a field, and when they are not, that is all. */
export class Tracing {
  constructor(readonly tracer: EventTracer | null) {}
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
