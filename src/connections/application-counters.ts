/** Messages, or events, and the bytes in them. */
export class MessageCount {
  messages = 0;
  bytes = 0;

  add(bytes: number): void {
    this.messages++;
    this.bytes += bytes;
  }
}

/** Stands for all codes that are none of the protocol, as clients may make up any. */
export const OTHER_CODE = 0;

/** How often each of a few codes occurred. It looks the code up: not for what is counted for each receiver. */
export class CodeCount {
  private readonly counts = new Map<number, number>();

  add(code: number): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
  }

  [Symbol.iterator](): IterableIterator<[code: number, count: number]> {
    return this.counts.entries();
  }
}

/**
 * What one application did on this node since the start. All of it is plain fields: counting is an
 * addition, and whoever wants to know reads them.
 */
export class ApplicationCounters {
  connectionsOpened = 0;
  /** Connections closed because they did not read what was sent to them. */
  slowConsumers = 0;
  /** Messages of clients, by what they ask for. */
  readonly received = {
    ping: new MessageCount(),
    pong: new MessageCount(),
    subscribe: new MessageCount(),
    unsubscribe: new MessageCount(),
    signin: new MessageCount(),
    client_event: new MessageCount(),
    /** Malformed, or over the rate limit and not even looked at. */
    unread: new MessageCount(),
  };
  /** Frames written to one connection alone: answers, pings, errors. */
  readonly answered = new MessageCount();
  /** Events of backends, with the bytes of their data. */
  readonly published = new MessageCount();
  /** What was refused because of a rate limit. */
  readonly limited = { messages: 0, client_events: 0, publishes: 0, reads: 0 };
  /** Messages that were refused, by the code that the client was told. */
  readonly refused = new CodeCount();
  /** Connections that ended, by the code. */
  readonly closed = new CodeCount();
}
