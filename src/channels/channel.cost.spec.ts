import { fakeApplication, fakeConnection } from '../../test/harness/fake-connection.js';
import { ConfigApplicationProvider } from '../applications/config-application.provider.js';
import type { Connection } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { FanOut, Seat, type Outlet } from '../connections/delivery/fan-out.js';
import { FlushQueue } from '../connections/delivery/flush-queue.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { LocalPubSubProvider } from '../scaling/local-pub-sub.provider.js';
import { MemoryStateStore } from '../scaling/memory-state-store.js';
import { DEFAULT_SCALING_OPTIONS } from '../scaling/scaling.options.js';
import { ChannelManager } from './channel.manager.js';

/* What is counted here is work, never time: how often anything of the others is so much as looked at. */

const MEMBERS = 10_000;

/** Counts every look at an object, and every change of it. */
class Counter {
  touches = 0;

  watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        this.touches++;
        const value: unknown = Reflect.get(object, name);
        return typeof value === 'function' ? value.bind(object) : value;
      },
      set: (object, name, value) => {
        this.touches++;
        return Reflect.set(object, name, value);
      },
    });
  }

  /** How many touches something costs. */
  during(work: () => void): number {
    const before = this.touches;
    work();
    return this.touches - before;
  }
}

/** A frame that counts how often it is asked for its length, which nobody can do without. */
function watchedFrame(counter: { touches: number }): Buffer {
  const frame = Buffer.from('member_removed');
  const { length } = frame;
  return Object.defineProperty(frame, 'length', {
    get: () => {
      counter.touches++;
      return length;
    },
  });
}

class SilentOutlet implements Outlet {
  isOpen = true;

  write(): void {}
}

describe(`In a fan-out of ${MEMBERS} seats`, () => {
  function setUp(budget?: number) {
    const queue = new FlushQueue(budget);
    const fanOut = new FanOut(queue);
    const counter = new Counter();
    const outlets: SilentOutlet[] = [];
    const seats: Seat[] = [];
    for (let i = 0; i < MEMBERS; i++) {
      const outlet = new SilentOutlet();
      outlets.push(outlet);
      seats.push(counter.watch(new Seat(counter.watch(outlet), fanOut)));
      fanOut.add(seats[i]!);
    }
    return { queue, fanOut, counter, outlets, seats };
  }

  it('taking one touches that one', () => {
    const { fanOut, counter } = setUp();
    const seat = new Seat(new SilentOutlet(), fanOut);
    expect(counter.during(() => fanOut.add(seat))).toBe(0);
  });

  it('giving one up touches that one and the last', () => {
    const { fanOut, counter, seats } = setUp();
    for (const i of [0, 5000, 9000]) {
      expect(counter.during(() => fanOut.remove(seats[i]!))).toBeLessThan(20);
    }
  });

  it('a broadcast touches none until the turn ends', () => {
    const { fanOut, counter } = setUp();
    expect(counter.during(() => fanOut.broadcast(Buffer.from('x')))).toBe(0);
  });

  it('so does asking for their number', () => {
    const { fanOut, counter } = setUp();
    expect(counter.during(() => expect(fanOut.size).toBe(MEMBERS))).toBe(0);
  });

  it('settling one touches that one', () => {
    const { fanOut, counter, seats } = setUp();
    fanOut.broadcast(Buffer.from('x'));
    expect(counter.during(() => fanOut.settle(seats[5000]!))).toBeLessThan(20);
  });

  it('taking and giving up is as cheap in the middle of a sliced batch', async () => {
    const { fanOut, counter, seats } = setUp(100);
    fanOut.broadcast(Buffer.from('x'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(fanOut.hasPending).toBe(true);
    const newcomer = new Seat(new SilentOutlet(), fanOut);
    expect(counter.during(() => fanOut.add(newcomer))).toBe(0);
    expect(counter.during(() => fanOut.remove(seats[50]!))).toBeLessThan(25);
    expect(counter.during(() => fanOut.remove(seats[5000]!))).toBeLessThan(25);
  });

  it('all of them may go at once, and what waits for them is not put together for each', () => {
    const { fanOut, counter, outlets, seats } = setUp();
    for (const outlet of outlets) outlet.isOpen = false;
    const frames = { touches: 0 };
    for (let i = 0; i < 100; i++) fanOut.broadcast(watchedFrame(frames));
    frames.touches = 0;
    const touches = counter.during(() => {
      for (const seat of seats) fanOut.remove(seat);
    });
    expect(touches).toBeLessThan(20 * MEMBERS);
    expect(frames.touches).toBe(0);
    expect(fanOut.size).toBe(0);
  });
});

describe(`On a node of ${MEMBERS} connections`, () => {
  const CHANNELS = 5;
  const application = fakeApplication();

  /** Everybody is in the first channel, and in one of its own. */
  function setUp() {
    const registry = new ConnectionRegistry(new ConfigApplicationProvider({ applications: [] }));
    const others = new Counter();
    const calls = new Counter();
    const store = calls.watch(new MemoryStateStore());
    const pubSub = calls.watch(new LocalPubSubProvider());
    const cluster = new ClusterService(pubSub, store, DEFAULT_SCALING_OPTIONS);
    const channels = new ChannelManager(new FlushQueue(), registry, cluster, store);
    const join = (connection: Connection, name: string) => {
      const channel = channels.open('app', name);
      if (channel instanceof Promise) throw new Error('The local driver answers at once.');
      const subscription = channels.subscribe(connection, channel);
      channels.release(channel);
      return subscription;
    };
    for (let i = 0; i < MEMBERS; i++) {
      const { connection } = fakeConnection(`1.${i}`);
      registry.add(connection, application);
      const watched = others.watch(connection);
      join(watched, 'everybody');
      join(watched, `own-${i}`);
    }
    const connect = () => {
      const { connection } = fakeConnection('2.1');
      registry.add(connection, application);
      return connection;
    };
    return { registry, channels, others, calls, join, connect };
  }

  it('who subscribes, unsubscribes and goes touches nobody else, and asks for little', () => {
    const { registry, channels, others, calls, join, connect } = setUp();
    const connection = connect();
    const asked = calls.during(() => {
      const touched = others.during(() => {
        for (let i = 0; i < CHANNELS; i++) join(connection, i === 0 ? 'everybody' : `room-${i}`);
      });
      expect(touched).toBe(0);
    });
    expect(asked).toBeLessThan(10 * CHANNELS);

    const subscription = channels.subscriptionOf(connection, 'everybody')!;
    expect(others.during(() => channels.unsubscribe(subscription))).toBe(0);
    join(connection, 'everybody');

    const askedWhenGoing = calls.during(() => {
      const touched = others.during(() => {
        for (const each of channels.subscriptionsOf(connection)) channels.unsubscribe(each);
        registry.remove(connection);
      });
      expect(touched).toBe(0);
    });
    expect(askedWhenGoing).toBeLessThan(10 * CHANNELS);
    expect(connection.subscriptions.size).toBe(0);
    expect(channels.find('app', 'everybody')!.fanOut.size).toBe(MEMBERS);
    expect(channels.find('app', 'room-1')).toBeUndefined();
  });

  it('who is found by its socket id is found without looking at the others', () => {
    const { registry, others, connect } = setUp();
    const connection = connect();
    const touched = others.during(() => {
      expect(registry.find('app', '2.1')).toBe(connection);
      expect(registry.size).toBe(MEMBERS + 1);
    });
    expect(touched).toBe(0);
  });
});
