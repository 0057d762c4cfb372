import type { Flushable, FlushQueue } from './flush-queue.js';
import { join } from './join.js';

/*
 * How one frame reaches everybody who is subscribed to a channel.
 *
 * Invariants:
 *  1. A frame goes to exactly those who held a seat when it was broadcast, but the one excepted.
 *  2. Each of them gets the frames of a channel in the order they were broadcast, once.
 *  3. Frames of one turn of the event loop leave in one write per receiver: nothing is written
 *     before the turn ends, except to a seat that leaves or is settled, which gets its due first.
 *  4. A turn serves at most the budget of the queue; what is left goes on in the next turn, and
 *     what is broadcast meanwhile waits behind it.
 *  5. Taking and leaving a seat is O(1), whatever the number of seats.
 */

/** Where frames go. `write` neither throws nor calls back into the fan-out. */
export interface Outlet {
  /** Whether it takes anything at all. Once false, always false. */
  readonly isOpen: boolean;
  write(bytes: Buffer): void;
}

/** One receiver's place in a fan-out. Not to be used again once it left. */
export class Seat {
  /** Position among the seats, -1 while it is not seated. */
  index = -1;
  /** Sequence number of the first frame that is meant for it. */
  firstFrame = 0;
  /** The sliced batch it had its share of, by its first frame: a reference would keep a whole batch alive. */
  servedBatch = -1;

  constructor(
    readonly outlet: Outlet,
    readonly fanOut: FanOut,
  ) {}

  /** Writes what is due to it now, so that something else can be sent after it. */
  settle(): void {
    this.fanOut.settle(this);
  }
}

/** Which frames of a list, by position, an outlet must not get. */
type Exceptions = Map<Outlet, Set<number>>;

/** The frames of one turn on their way out. */
interface Batch {
  /** Sequence number of the first frame. */
  readonly base: number;
  readonly frames: readonly Buffer[];
  /** Bytes of the frames. */
  readonly size: number;
  /** The same bytes, joined into few writes. */
  readonly joined: readonly Buffer[];
  readonly exceptions: Exceptions | null;
  /** Those seated when the frames were cut off, while the batch spans several turns. */
  readonly snapshot: readonly Seat[] | null;
  position: number;
}

/** The receivers of one channel on this node. */
export class FanOut implements Flushable {
  private readonly seats: Seat[] = [];
  private pending: Buffer[] = [];
  private exceptions: Exceptions | null = null;
  private batch: Batch | null = null;
  /** Sequence number of the first pending frame. */
  private base = 0;

  constructor(private readonly queue: FlushQueue) {}

  get size(): number {
    return this.seats.length;
  }

  get hasPending(): boolean {
    return this.batch !== null || this.pending.length > 0;
  }

  [Symbol.iterator](): IterableIterator<Seat> {
    return this.seats.values();
  }

  /** Seats a receiver: it gets what is broadcast from now on. */
  add(seat: Seat): void {
    seat.firstFrame = this.base + this.pending.length;
    seat.index = this.seats.push(seat) - 1;
  }

  /** Gives up a seat, after its due was written. */
  remove(seat: Seat): void {
    if (seat.index < 0) return;
    this.settle(seat);
    const last = this.seats.pop()!;
    if (last !== seat) {
      this.seats[seat.index] = last;
      last.index = seat.index;
    }
    seat.index = -1;
  }

  /** Broadcasts a finished frame to all seats but the excepted one's. */
  broadcast(frame: Buffer, except?: Outlet): void {
    if (this.seats.length === 0) return;
    if (!this.hasPending) this.queue.add(this);
    if (except !== undefined) this.except(except, this.pending.length);
    this.pending.push(frame);
    this.queue.pendingBytes += frame.length;
  }

  /** Writes what is due to a seat now, so that something else can be sent after it. */
  settle(seat: Seat): void {
    // When thousands leave at once, what the former ones caused must not be put together for each of the rest.
    if (!seat.outlet.isOpen) return;
    const { batch } = this;
    if (batch !== null && seat.servedBatch !== batch.base) {
      seat.servedBatch = batch.base;
      writeSelected(seat, batch.base, batch.frames, batch.exceptions);
    }
    if (this.pending.length > 0) {
      writeSelected(seat, this.base, this.pending, this.exceptions);
      seat.firstFrame = this.base + this.pending.length;
    }
  }

  /**
   * Serves up to `budget` receivers.
   * @returns what is left of the budget
   */
  flush(budget: number): number {
    const batch = (this.batch ??= this.cut(budget));
    const seats = batch.snapshot ?? this.seats;
    const end = Math.min(seats.length, batch.position + budget);
    const { base, joined, exceptions } = batch;
    const first = joined.length === 1 ? joined[0]! : null;
    const isSliced = batch.snapshot !== null;
    const start = batch.position;
    for (let i = start; i < end; i++) {
      const seat = seats[i]!;
      if (isSliced) {
        if (seat.servedBatch === base) continue;
        seat.servedBatch = base;
      }
      if (seat.firstFrame > base || (exceptions !== null && exceptions.has(seat.outlet))) {
        writeSelected(seat, base, batch.frames, exceptions);
      } else if (first !== null) {
        seat.outlet.write(first);
      } else {
        for (const bytes of joined) seat.outlet.write(bytes);
      }
    }
    batch.position = end;
    if (end === seats.length) {
      this.batch = null;
      this.queue.pendingBytes -= batch.size;
    }
    return budget - (end - start);
  }

  /** Takes the pending frames as a batch. */
  private cut(budget: number): Batch {
    const { base, pending: frames, exceptions } = this;
    this.pending = [];
    this.exceptions = null;
    this.base += frames.length;
    let size = 0;
    for (const frame of frames) size += frame.length;
    const snapshot = this.seats.length > budget ? this.seats.slice() : null;
    return { base, frames, size, joined: join(frames), exceptions, snapshot, position: 0 };
  }

  private except(outlet: Outlet, position: number): void {
    this.exceptions ??= new Map();
    const positions = this.exceptions.get(outlet);
    if (positions === undefined) this.exceptions.set(outlet, new Set([position]));
    else positions.add(position);
  }
}

/** Writes those frames to a seat that are meant for it. */
function writeSelected(
  seat: Seat,
  base: number,
  frames: readonly Buffer[],
  exceptions: Exceptions | null,
): void {
  const excepted = exceptions?.get(seat.outlet);
  const meant: Buffer[] = [];
  for (let i = Math.max(0, seat.firstFrame - base); i < frames.length; i++) {
    if (!excepted?.has(i)) meant.push(frames[i]!);
  }
  for (const bytes of join(meant)) seat.outlet.write(bytes);
}
