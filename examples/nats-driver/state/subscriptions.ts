import { DelayedWork } from './delayed-work.js';
import type { Subject } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { Holdings, type IsGone } from './holdings.js';
import { dropCounts, setCount, sumOfOthers, tallyKind, type Tally } from './tally.js';

const BATCH_MS = 50;

/** Counts the subscriptions of channels. This node's own numbers are said to the others in batches. */
export class Subscriptions extends Holdings<Tally> {
  /** By application and channel, those that are not 0. */
  private readonly own = new Map<string, Map<string, number>>();
  private readonly batch = new DelayedWork(BATCH_MS, () => void this.flush());

  constructor(entries: EntryStore, nodeId: string) {
    super(entries, nodeId, tallyKind('subscriptions'));
  }

  set(appId: string, channel: string, count: number): void {
    const own = this.own.get(appId) ?? new Map<string, number>();
    if (count > 0) own.set(channel, count);
    else own.delete(channel);
    if (own.size > 0) this.own.set(appId, own);
    else this.own.delete(appId);
    this.touch({ appId, name: channel });
    if (this.entries.isUsable) this.batch.soon();
  }

  /** How many there are of one channel. */
  async count(appId: string, channel: string): Promise<number> {
    const subject = { appId, name: channel };
    const others = await this.entries.ask(
      () => this.entries.look(this.kind, subject, (tally) => sumOfOthers(tally, this.nodeId)),
      () => 0,
    );
    return others + this.ownCount(subject);
  }

  /** How many there are of each channel that has any, and whose name begins so. */
  async counts(appId: string, prefix: string): Promise<ReadonlyMap<string, number>> {
    const found = await this.entries.ask(
      () => this.entries.scan(this.kind, ({ subject }) => subject.name.startsWith(prefix), appId),
      () => [],
    );
    const counts = new Map<string, number>();
    for (const [channel, count] of this.own.get(appId) ?? []) {
      if (channel.startsWith(prefix)) counts.set(channel, count);
    }
    for (const { subject, state } of found) {
      const count = sumOfOthers(state, this.nodeId) + this.ownCount(subject);
      if (count > 0) counts.set(subject.name, count);
    }
    return counts;
  }

  /** Says what was not said yet. */
  async flush(): Promise<void> {
    this.batch.callOff();
    await this.entries.ask(
      () => this.settleTouched(),
      () => undefined,
    );
  }

  protected override *held(): Iterable<Subject> {
    for (const [appId, channels] of this.own) {
      for (const name of channels.keys()) yield { appId, name };
    }
  }

  protected override holdersOf(tally: Tally): Iterable<string> {
    return tally.keys();
  }

  protected override async settle(subject: Subject): Promise<void> {
    const command = setCount(this.nodeId, this.ownCount(subject));
    await this.entries.change(this.kind, subject, command);
  }

  protected override async release(subject: Subject, isGone: IsGone): Promise<void> {
    await this.entries.change(this.kind, subject, dropCounts(isGone));
  }

  private ownCount({ appId, name }: Subject): number {
    return this.own.get(appId)?.get(name) ?? 0;
  }
}
