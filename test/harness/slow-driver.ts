import { setImmediate as turn } from 'node:timers/promises';
import type { ClusterMessage } from '../../src/scaling/cluster-message.js';
import { MemoryStateStore } from '../../src/scaling/memory-state-store.js';
import { PubSubProvider, type PubSubListener } from '../../src/scaling/pub-sub-provider.js';
import type { ScalingDriver } from '../../src/scaling/scaling.module.js';
import { Random } from './random.js';

const MAX_TURNS = 4;

/** Whether the other machine is gone. */
export interface Outage {
  isOn: boolean;
}

/** A connection to something far away: work is done there, and answered, in the order it was sent. */
class Line {
  private lastDone: Promise<unknown> = Promise.resolve();
  private lastAnswer: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly random: Random,
    private readonly outage: Outage,
  ) {}

  /** Resolves some time after the work was done. */
  send<T>(work: () => T): Promise<T> {
    if (this.outage.isOn) return Promise.reject(new Error('The other machine is gone.'));
    const former = this.lastAnswer;
    const done = this.lastDone.then(() => this.rest()).then(work);
    const answer = done
      .then(() => this.rest())
      .then(() => former)
      .then(() => done);
    this.lastDone = done.catch(() => undefined);
    this.lastAnswer = answer.catch(() => undefined);
    return answer;
  }

  private async rest(): Promise<void> {
    for (let turns = this.random.below(MAX_TURNS); turns > 0; turns--) await turn();
  }
}

/** What the near end does by itself. */
const NEAR = new Set<PropertyKey>([
  'constructor',
  'onModuleInit',
  'onModuleDestroy',
  'listen',
  'nodes',
  'leavingNodes',
]);

/** What the store answers may be lazy: it is read where and when it is asked. */
function read(answer: unknown): unknown {
  const { members } = (answer ?? {}) as { members?: Iterable<unknown> };
  if (members !== undefined) return { ...(answer as object), members: [...members] };
  const isLazy = typeof (answer as Iterator<unknown> | undefined)?.next === 'function';
  return isLazy ? [...(answer as Iterable<unknown>)] : answer;
}

/**
 * A driver that answers late, as one that speaks to another machine does: each call is done some
 * turns later and answered some turns after that, and messages arrive later still. During an outage
 * every call fails.
 */
export function slowDriver(seed: number, outage: Outage = { isOn: false }): ScalingDriver {
  class SlowStateStore extends MemoryStateStore {
    constructor() {
      super();
      const line = new Line(new Random(seed), outage);
      return new Proxy(this, {
        get: (store, name) => {
          const value: unknown = Reflect.get(store, name, store);
          if (typeof value !== 'function' || NEAR.has(name)) return value;
          return (...args: unknown[]) => line.send(() => read(value.apply(store, args)));
        },
      });
    }
  }

  class SlowPubSub extends PubSubProvider {
    private readonly topics = new Set<string>();
    private readonly commands = new Line(new Random(seed + 1), outage);
    private readonly arrivals = new Line(new Random(seed + 2), outage);
    private listener: PubSubListener | undefined;

    override listen(listener: PubSubListener): void {
      this.listener = listener;
    }

    override subscribe(topic: string): Promise<void> {
      return this.commands.send(() => void this.topics.add(topic));
    }

    override unsubscribe(topic: string): void {
      this.commands.send(() => this.topics.delete(topic)).catch(() => undefined);
    }

    override hasRoomFor(): boolean {
      return !outage.isOn;
    }

    override publish(topic: string, message: ClusterMessage): Promise<void> {
      return this.commands.send(() => {
        if (!this.topics.has(topic)) return;
        void this.arrivals.send(() => this.listener?.(message));
      });
    }

    override get status(): 'up' {
      return 'up';
    }
  }

  return { pubSub: SlowPubSub, stateStore: SlowStateStore };
}
