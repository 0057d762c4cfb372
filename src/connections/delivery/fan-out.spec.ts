import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decodeBytes, FanOutModel, type ModelFrame } from '../../../test/harness/fan-out-model.js';
import { FanOut, Seat, type Outlet } from './fan-out.js';
import { FlushQueue } from './flush-queue.js';

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Keeps what is written to it. */
class Receiver implements Outlet {
  isOpen = true;
  readonly writes: Buffer[] = [];

  write(bytes: Buffer): void {
    if (this.isOpen) this.writes.push(bytes);
  }

  get texts(): string[] {
    return this.writes.map(String);
  }
}

const frame = (text: string) => Buffer.from(text);

function setUp(count: number, budget?: number) {
  const queue = new FlushQueue(budget);
  const fanOut = new FanOut(queue);
  const receivers = Array.from({ length: count }, () => new Receiver());
  const seats = receivers.map((receiver) => new Seat(receiver, fanOut));
  for (const seat of seats) fanOut.add(seat);
  return { queue, fanOut, receivers, seats };
}

describe('A frame goes to those who held a seat when it was broadcast', () => {
  it('and not to who came later in the same turn', async () => {
    const { fanOut, receivers } = setUp(1);
    const newcomer = new Receiver();
    fanOut.broadcast(frame('member_added'));
    fanOut.add(new Seat(newcomer, fanOut));
    fanOut.broadcast(frame('event'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['member_addedevent']);
    expect(newcomer.texts).toEqual(['event']);
  });

  it('also when they left in the same turn', () => {
    const { fanOut, receivers, seats } = setUp(1);
    fanOut.broadcast(frame('event'));
    fanOut.remove(seats[0]!);
    expect(receivers[0]!.texts).toEqual(['event']);
  });

  it('and not again to who left', async () => {
    const { fanOut, receivers, seats } = setUp(2);
    fanOut.broadcast(frame('a'));
    fanOut.remove(seats[0]!);
    fanOut.broadcast(frame('b'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['a']);
    expect(receivers[1]!.texts).toEqual(['ab']);
  });

  it('once, when a receiver leaves and comes back in the same turn', async () => {
    const { fanOut, receivers, seats } = setUp(1);
    fanOut.broadcast(frame('a'));
    fanOut.remove(seats[0]!);
    fanOut.broadcast(frame('lost'));
    fanOut.add(new Seat(receivers[0]!, fanOut));
    fanOut.broadcast(frame('b'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['a', 'b']);
  });

  it('but not to the excepted one, which gets the others of the turn', async () => {
    const { fanOut, receivers } = setUp(2);
    fanOut.broadcast(frame('a'));
    fanOut.broadcast(frame('b'), receivers[0]);
    fanOut.broadcast(frame('c'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['ac']);
    expect(receivers[1]!.texts).toEqual(['abc']);
  });

  it('whoever else is excepted from the other frames of the turn', async () => {
    const { fanOut, receivers } = setUp(3);
    fanOut.broadcast(frame('a'), receivers[0]);
    fanOut.broadcast(frame('b'), receivers[1]);
    fanOut.broadcast(frame('c'), receivers[0]);
    await endOfTurn();
    expect(receivers.map(({ texts }) => texts)).toEqual([['b'], ['ac'], ['abc']]);
  });

  it('and to nobody when nobody is seated, at no cost', () => {
    const { queue, fanOut, receivers, seats } = setUp(1);
    fanOut.remove(seats[0]!);
    fanOut.broadcast(frame('a'));
    expect(fanOut.hasPending).toBe(false);
    expect(queue.pendingBytes).toBe(0);
    fanOut.add(new Seat(receivers[0]!, fanOut));
    queue.drain();
    expect(receivers[0]!.texts).toEqual([]);
  });

  it('and the seat of an outlet that takes nothing any more is given up without a write', async () => {
    const { fanOut, receivers, seats } = setUp(2);
    const write = countWrites(receivers[0]!);
    fanOut.broadcast(frame('a'));
    receivers[0]!.isOpen = false;
    fanOut.remove(seats[0]!);
    expect(write.calls).toBe(0);
    await endOfTurn();
    expect(receivers[1]!.texts).toEqual(['a']);
  });
});

/** Counts the writes to a receiver, whether it takes them or not. */
function countWrites(receiver: Receiver): { calls: number } {
  const counter = { calls: 0 };
  const write = receiver.write.bind(receiver);
  receiver.write = (bytes) => {
    counter.calls++;
    write(bytes);
  };
  return counter;
}

describe('Frames of one turn leave in one write', () => {
  it('at its end, not before', async () => {
    const { fanOut, receivers } = setUp(1);
    fanOut.broadcast(frame('a'));
    fanOut.broadcast(frame('b'));
    await Promise.resolve();
    expect(receivers[0]!.texts).toEqual([]);
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['ab']);
  });

  it('that all receivers share', async () => {
    const { fanOut, receivers } = setUp(3);
    fanOut.broadcast(frame('a'));
    fanOut.broadcast(frame('b'));
    await endOfTurn();
    const [first] = receivers[0]!.writes;
    expect(receivers.every(({ writes }) => writes[0] === first)).toBe(true);
  });

  it('and one that stands alone goes out as the buffer it is', async () => {
    const { fanOut, receivers } = setUp(2);
    const bytes = frame('a');
    fanOut.broadcast(bytes);
    await endOfTurn();
    expect(receivers.every(({ writes }) => writes[0] === bytes)).toBe(true);
  });

  it('of 64 KB at most, unless one frame is larger', async () => {
    const { fanOut, receivers } = setUp(1);
    const kilobytes = [30, 30, 4, 1, 100, 63, 1, 1];
    for (const size of kilobytes) fanOut.broadcast(Buffer.alloc(size * 1024));
    await endOfTurn();
    expect(receivers[0]!.writes.map(({ length }) => length / 1024)).toEqual([64, 1, 100, 64, 1]);
  });

  it('while the order of several fan-outs in the queue is the order of their first frames', async () => {
    const { queue, fanOut, receivers } = setUp(1);
    const other = new FanOut(queue);
    other.add(new Seat(receivers[0]!, other));
    other.broadcast(frame('other'));
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['other', 'a']);
  });
});

describe('A seat that is settled', () => {
  it('has its due before something else is sent, and not again', async () => {
    const { fanOut, receivers, seats } = setUp(2);
    fanOut.broadcast(frame('a'));
    fanOut.broadcast(frame('not mine'), receivers[0]);
    seats[0]!.settle();
    receivers[0]!.write(frame('direct'));
    fanOut.broadcast(frame('b'));
    await endOfTurn();
    expect(receivers[0]!.texts).toEqual(['a', 'direct', 'b']);
    expect(receivers[1]!.texts).toEqual(['anot mineb']);
  });

  it('twice, has nothing the second time', () => {
    const { fanOut, receivers, seats } = setUp(1);
    fanOut.broadcast(frame('a'));
    seats[0]!.settle();
    seats[0]!.settle();
    expect(receivers[0]!.texts).toEqual(['a']);
  });

  it('with nothing due, costs no write', () => {
    const { receivers, seats } = setUp(1);
    seats[0]!.settle();
    expect(receivers[0]!.texts).toEqual([]);
  });

  it('in the middle of a sliced batch, gets the rest of that batch and what waits behind it, once', async () => {
    const { fanOut, receivers, seats } = setUp(4, 1);
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    fanOut.broadcast(frame('b'));
    seats[3]!.settle();
    seats[0]!.settle();
    expect(receivers[3]!.texts).toEqual(['a', 'b']);
    expect(receivers[0]!.texts).toEqual(['a', 'b']);
    await turns(12);
    expect(receivers.map(({ texts }) => texts.join(''))).toEqual(['ab', 'ab', 'ab', 'ab']);
  });
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTurn();
}

describe('A turn serves at most the budget', () => {
  it('and goes on in the next ones, in the order of the seats', async () => {
    const { fanOut, receivers } = setUp(5, 2);
    fanOut.broadcast(frame('a'));
    const served: number[] = [];
    for (let i = 0; i < 3; i++) {
      await endOfTurn();
      served.push(receivers.filter(({ writes }) => writes.length > 0).length);
    }
    expect(served).toEqual([2, 4, 5]);
    expect(fanOut.hasPending).toBe(false);
  });

  it('over all fan-outs together', async () => {
    const { queue, fanOut, receivers } = setUp(2, 3);
    const other = new FanOut(queue);
    const others = [new Receiver(), new Receiver()];
    for (const receiver of others) other.add(new Seat(receiver, other));
    fanOut.broadcast(frame('a'));
    other.broadcast(frame('b'));
    await endOfTurn();
    expect([...receivers, ...others].map(({ writes }) => writes.length)).toEqual([1, 1, 1, 0]);
    await endOfTurn();
    expect(others[1]!.texts).toEqual(['b']);
  });

  it('and what is broadcast meanwhile waits behind the batch', async () => {
    const { fanOut, receivers } = setUp(3, 1);
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    fanOut.broadcast(frame('b'));
    fanOut.broadcast(frame('c'));
    await turns(5);
    expect(receivers.map(({ texts }) => texts)).toEqual([
      ['a', 'bc'],
      ['a', 'bc'],
      ['a', 'bc'],
    ]);
  });

  it('and who leaves in the middle of a batch has its share of it', async () => {
    const { fanOut, receivers, seats } = setUp(3, 1);
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    fanOut.remove(seats[1]!);
    fanOut.remove(seats[0]!);
    await turns(3);
    expect(receivers.map(({ texts }) => texts)).toEqual([['a'], ['a'], ['a']]);
    expect(fanOut.hasPending).toBe(false);
  });

  it('and who comes in the middle of a batch has no share of it', async () => {
    const { fanOut, receivers } = setUp(3, 1);
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    const newcomer = new Receiver();
    const seat = new Seat(newcomer, fanOut);
    fanOut.add(seat);
    fanOut.broadcast(frame('b'));
    seat.settle();
    await turns(8);
    expect(newcomer.texts).toEqual(['b']);
    expect(receivers[2]!.texts).toEqual(['a', 'b']);
  });

  it('and the excepted one of a sliced batch stays excepted', async () => {
    const { fanOut, receivers, seats } = setUp(3, 1);
    fanOut.broadcast(frame('a'), receivers[2]);
    await endOfTurn();
    seats[2]!.settle();
    fanOut.remove(seats[2]!);
    await turns(3);
    expect(receivers.map(({ texts }) => texts)).toEqual([['a'], ['a'], []]);
  });

  it('and a fan-out that is always busy keeps no other waiting', async () => {
    const { queue, fanOut: busy } = setUp(6, 2);
    const quiet = new FanOut(queue);
    const receiver = new Receiver();
    quiet.add(new Seat(receiver, quiet));
    busy.broadcast(frame('a'));
    quiet.broadcast(frame('b'));
    for (let i = 0; i < 2; i++) {
      await endOfTurn();
      busy.broadcast(frame('a'));
    }
    expect(receiver.texts).toEqual(['b']);
  });

  it('and a seat holds no batch in memory that it had its share of', async () => {
    const { fanOut, seats } = setUp(3, 1);
    fanOut.broadcast(frame('a'));
    await turns(4);
    const held = seats.flatMap((seat) => Object.values(seat) as unknown[]);
    const objects = held.filter((value) => typeof value === 'object');
    expect(objects.every((value) => value === fanOut || value instanceof Receiver)).toBe(true);
  });
});

describe('The bytes that wait', () => {
  it('are counted until the last receiver was served', async () => {
    const { queue, fanOut } = setUp(3, 2);
    fanOut.broadcast(frame('abc'));
    fanOut.broadcast(frame('de'));
    expect(queue.pendingBytes).toBe(5);
    await endOfTurn();
    expect(queue.pendingBytes).toBe(5);
    fanOut.broadcast(frame('f'));
    await endOfTurn();
    expect(queue.pendingBytes).toBe(1);
    await turns(2);
    expect(queue.pendingBytes).toBe(0);
  });

  it('are not lost count of when everybody leaves', async () => {
    const { queue, fanOut, seats } = setUp(3, 1);
    fanOut.broadcast(frame('abc'));
    await endOfTurn();
    fanOut.broadcast(frame('de'));
    for (const seat of seats) fanOut.remove(seat);
    await turns(5);
    expect(queue.pendingBytes).toBe(0);
    expect(fanOut.hasPending).toBe(false);
  });

  it('are sent at once by a drain, and the fan-outs go on to work', async () => {
    const { queue, fanOut, receivers } = setUp(3, 1);
    fanOut.broadcast(frame('a'));
    await endOfTurn();
    fanOut.broadcast(frame('b'));
    queue.drain();
    expect(receivers.map(({ texts }) => texts)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(queue.pendingBytes).toBe(0);
    fanOut.broadcast(frame('c'));
    await turns(4);
    expect(receivers.map(({ texts }) => texts.at(-1))).toEqual(['c', 'c', 'c']);
  });
});

describe('Seats', () => {
  it('are dense, whoever leaves, and a second leave does nothing', () => {
    const { fanOut, seats } = setUp(4);
    fanOut.remove(seats[1]!);
    fanOut.remove(seats[1]!);
    fanOut.remove(seats[3]!);
    expect(fanOut.size).toBe(2);
    expect([...fanOut]).toEqual([seats[0], seats[2]]);
    expect([...fanOut].map(({ index }) => index)).toEqual([0, 1]);
    expect(seats[1]!.index).toBe(-1);
  });
});

/* The rest lets chance decide what happens, and a model what must come of it. */

const CHANNELS = ['red', 'green'];
const RECEIVERS = 5;

type Step =
  | { readonly do: 'join' | 'leave' | 'settle'; readonly channel: string; readonly who: number }
  | {
      readonly do: 'broadcast';
      readonly channel: string;
      readonly size: number;
      readonly except: number | undefined;
    }
  | { readonly do: 'direct' | 'close'; readonly who: number }
  | { readonly do: 'turn' };

const channel = fc.constantFrom(...CHANNELS);
const who = fc.nat({ max: RECEIVERS - 1 });
const size = fc.constantFrom(0, 1, 200, 20_000, 70_000);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('join' as const), channel, who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('leave' as const), channel, who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), channel, who }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('broadcast' as const),
      channel,
      size,
      except: fc.option(who, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('direct' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), who }) },
  { weight: 14, arbitrary: fc.constant({ do: 'turn' as const }) },
);

/** Fan-outs and their model, told the same things. */
class Trial {
  readonly model = new FanOutModel();
  readonly queue: FlushQueue;
  private readonly fanOuts = new Map<string, FanOut>();
  private readonly receivers = Array.from({ length: RECEIVERS }, () => new Receiver());
  private readonly seats = new Map<string, Seat>();

  constructor(private readonly budget: number) {
    this.queue = new FlushQueue(budget);
    for (const name of CHANNELS) {
      this.fanOuts.set(name, new FanOut(this.queue));
      for (let i = 0; i < RECEIVERS; i++) this.join(name, i);
    }
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      await (each.do === 'turn' ? this.turn() : this.take(each));
      this.check();
    }
    while (this.isPending) await this.turn();
    this.check();
    assert.equal(this.queue.pendingBytes, 0);
    this.receivers.forEach((receiver, i) => {
      assert.equal(this.model.faultOf(i, framesOf(receiver.writes), receiver.isOpen), undefined);
    });
  }

  private get isPending(): boolean {
    return [...this.fanOuts.values()].some(({ hasPending }) => hasPending);
  }

  private take(each: Exclude<Step, { do: 'turn' }>): void {
    const before = this.writeCounts();
    switch (each.do) {
      case 'join':
        return this.join(each.channel, each.who);
      case 'leave':
        this.leave(each.channel, each.who);
        return this.checkOthersAreUntouched(before, each.who);
      case 'settle':
        this.settle(each.channel, each.who);
        return this.checkOthersAreUntouched(before, each.who);
      case 'broadcast': {
        const except = each.except === undefined ? undefined : this.receivers[each.except];
        const bytes = this.model.broadcast(each.channel, each.size, each.except);
        this.fanOuts.get(each.channel)!.broadcast(bytes, except);
        return this.checkOthersAreUntouched(before);
      }
      case 'direct':
        return this.receivers[each.who]!.write(this.model.direct(each.who));
      case 'close':
        return this.close(each.who);
    }
  }

  private join(name: string, index: number): void {
    const receiver = this.receivers[index]!;
    if (!receiver.isOpen || this.model.has(name, index)) return;
    const fanOut = this.fanOuts.get(name)!;
    const seat = new Seat(receiver, fanOut);
    fanOut.add(seat);
    this.seats.set(`${name} ${index}`, seat);
    this.model.join(name, index);
  }

  private leave(name: string, index: number): void {
    if (!this.model.has(name, index)) return;
    this.model.leave(name, index);
    this.fanOuts.get(name)!.remove(this.seats.get(`${name} ${index}`)!);
    this.checkIsSettled(index);
  }

  private settle(name: string, index: number): void {
    if (!this.model.has(name, index)) return;
    this.model.settle(name, index);
    this.seats.get(`${name} ${index}`)!.settle();
    this.checkIsSettled(index);
  }

  /** As a connection does: settled, closed, and then out of everything. */
  private close(index: number): void {
    for (const name of CHANNELS) this.settle(name, index);
    this.receivers[index]!.isOpen = false;
    for (const name of CHANNELS) {
      if (!this.model.has(name, index)) continue;
      this.fanOuts.get(name)!.remove(this.seats.get(`${name} ${index}`)!);
      this.model.leave(name, index);
    }
  }

  private async turn(): Promise<void> {
    const before = this.writeCounts();
    await endOfTurn();
    let served = 0;
    this.receivers.forEach(({ writes }, i) => {
      const written = writes.slice(before[i]);
      const frames = framesOf(written);
      served += new Set(frames.map(({ channel: name }) => name)).size;
      for (const name of CHANNELS) checkIsJoined(written, name);
    });
    assert.ok(served <= this.budget);
  }

  private check(): void {
    this.receivers.forEach(({ writes }, i) => {
      assert.equal(this.model.faultOf(i, framesOf(writes), false), undefined);
    });
    assert.equal(this.queue.pendingBytes > 0, this.isPending);
  }

  private checkIsSettled(index: number): void {
    const receiver = this.receivers[index]!;
    if (!receiver.isOpen) return;
    // A direct frame that comes now must find everything of the channel before it.
    receiver.write(this.model.direct(index));
    assert.equal(this.model.faultOf(index, framesOf(receiver.writes), false), undefined);
  }

  private checkOthersAreUntouched(before: readonly number[], but?: number): void {
    this.writeCounts().forEach((count, i) => {
      if (i !== but) assert.equal(count, before[i]);
    });
  }

  private writeCounts(): number[] {
    return this.receivers.map(({ writes }) => writes.length);
  }
}

/** In one turn no two writes of a channel would have fitted into one. */
function checkIsJoined(writes: readonly Buffer[], name: string): void {
  const ofChannel = writes.filter((bytes) => decodeBytes(bytes)[0]?.channel === name);
  for (let i = 1; i < ofChannel.length; i++) {
    assert.ok(ofChannel[i - 1]!.length + ofChannel[i]!.length > 64 * 1024);
  }
}

const framesOf = (writes: readonly Buffer[]): ModelFrame[] => writes.flatMap(decodeBytes);

describe('Whatever happens in whatever order', () => {
  it('everybody gets what it is due, once, in order, within the budget', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: RECEIVERS + 1 }),
          fc.array(step, { minLength: 1, maxLength: 60 }),
          async (budget, steps) => {
            await new Trial(budget).run(steps);
          },
        ),
        { numRuns: 400 },
      ),
    ).resolves.toBeUndefined();
  });
});
