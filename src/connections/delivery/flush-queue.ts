import { LatencyHistogram } from './latency-histogram.js';

/** What has something to send, and sends it in parts. */
export interface Flushable {
  readonly hasPending: boolean;
  /**
   * Serves up to `budget` receivers.
   * @returns what is left of the budget
   */
  flush(budget: number): number;
}

/** Receivers served in one turn, over all fan-outs, so that pings and requests get their turn too. */
const DEFAULT_BUDGET = 2000;

/** From a turn of the event loop that is nearly idle to one that clients would complain of. */
const LATENCY_BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500];

/** Runs the fan-outs that have something to send, at the end of the turn. */
export class FlushQueue {
  private waiting: Flushable[] = [];
  private isScheduled = false;
  /** Bytes of all frames that wait to be sent. */
  pendingBytes = 0;
  /** From the first frame of a batch to its last write. Null unless somebody wants to know. */
  latency: LatencyHistogram | null = null;

  /** @param budget receivers served in one turn */
  constructor(private readonly budget = DEFAULT_BUDGET) {}

  add(fanOut: Flushable): void {
    this.waiting.push(fanOut);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.run());
  }

  /** Measures latencies from now on. Whoever wants to know them shares one histogram, and takes differences. */
  measureLatency(): LatencyHistogram {
    return (this.latency ??= new LatencyHistogram(LATENCY_BOUNDS_MS));
  }

  /** @returns now, if latencies are measured: a look at the clock is not for nothing */
  startOfLatencyMs(): number {
    return this.latency === null ? 0 : performance.now();
  }

  /** Sends all there is, at once. For a server that stops. */
  drain(): void {
    while (this.waiting.length > 0) this.run(Infinity);
  }

  /** Who was not served goes before who was served in part, so that a busy fan-out keeps no other waiting. */
  private run(budget = this.budget): void {
    const fanOuts = this.waiting;
    this.waiting = [];
    this.isScheduled = false;
    let left = budget;
    const unfinished: Flushable[] = [];
    for (const fanOut of fanOuts) {
      if (left <= 0) {
        this.add(fanOut);
        continue;
      }
      left = fanOut.flush(left);
      if (fanOut.hasPending) unfinished.push(fanOut);
    }
    for (const fanOut of unfinished) this.add(fanOut);
  }
}
