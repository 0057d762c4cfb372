import { setTimeout as sleep } from 'node:timers/promises';
import type { Landscape } from './cluster-faults.js';
import { Visitor } from './cluster-visitor.js';
import type { Random } from './random.js';

/** How long a client library waits at most before it comes back, here. */
const BACK_WITHIN_MS = 300;
/** Of a watchlist; some users may be drawn twice. */
const WATCHED = 6;

/** Visitors who come and go, subscribe and unsubscribe, and come back when they are cut off. */
export class Crowd {
  readonly visitors: readonly Visitor[];
  /** On their way in or out. */
  private readonly busy = new Set<Visitor>();
  /** What went wrong on the way. */
  readonly failures: unknown[] = [];

  /** Every other visitor signs in, and watches some users. */
  constructor(
    private readonly landscape: Landscape,
    private readonly random: Random,
    private readonly channels: readonly string[],
    size: number,
    userCount: number,
  ) {
    const users = Array.from({ length: userCount }, (_, i) => `user-${i}`);
    this.visitors = Array.from({ length: size }, (_, i) => {
      const watched = Array.from({ length: WATCHED }, () => random.of(users));
      const options = i % 2 === 0 ? { watchlist: [...new Set(watched)] } : {};
      return new Visitor(users[i % userCount]!, `visitor-${i}`, options);
    });
  }

  /** Hears what they were told. @throws Error when something was wrong */
  listen(): void {
    if (this.failures.length > 0) throw this.failures[0];
    for (const visitor of this.visitors) visitor.listen();
  }

  /** Who is cut off comes to another node, as client libraries do. */
  bringBack(): void {
    for (const visitor of this.visitors) {
      if (visitor.isConnected || this.busy.has(visitor)) continue;
      this.expectReason(visitor);
      this.inBackground(visitor, async () => {
        await sleep(this.random.below(BACK_WITHIN_MS));
        await visitor.depart();
        const node = this.random.of(this.landscape.hosts);
        // It may go away, or to sleep, in this very moment: then there is another try.
        await visitor.arrive(node).catch(() => undefined);
      });
    }
  }

  /** Somebody does something. */
  move(): void {
    const { random } = this;
    const visitor = random.of(this.visitors);
    if (this.busy.has(visitor)) return;
    visitor.listen();
    const own = [...visitor.channels];
    const turn = random.below(100);
    if (turn < 45 || own.length === 0) {
      visitor.subscribe(random.of(this.channels));
    } else if (turn < 75) {
      visitor.unsubscribe(random.of(own));
    } else if (turn < 95) {
      const channel = random.of(own);
      if (/^(private|presence)-/.test(channel)) visitor.trigger(channel);
    } else {
      const isAbrupt = random.below(2) === 0;
      this.inBackground(visitor, () => visitor.depart({ isAbrupt }));
    }
  }

  private expectReason({ node, closed, name }: Visitor): void {
    if (closed === undefined || node === undefined || this.landscape.isDoomed(node)) return;
    const { code, reason } = closed;
    throw new Error(`${name} was cut off from port ${node.port}: ${code} ${reason}`);
  }

  /** Something that takes its time, with which nobody waits. */
  private inBackground(visitor: Visitor, work: () => Promise<void>): void {
    this.busy.add(visitor);
    void work()
      .catch((error: unknown) => this.failures.push(error))
      .finally(() => this.busy.delete(visitor));
  }
}
