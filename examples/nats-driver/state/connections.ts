import type { Subject } from './entry-kind.js';
import type { EntryStore } from './entry-store.js';
import { DelayedWork } from './delayed-work.js';
import { Holdings, type IsGone } from './holdings.js';
import {
  addCount,
  admit,
  dropCounts,
  setCount,
  sumOfOthers,
  tallyKind,
  type Tally,
} from './tally.js';

/** The connections of an application on this node. */
interface OwnConnections {
  readonly subject: Subject;
  readonly socketIds: Set<string>;
  /** Opened or closed, and not said yet. */
  unsaid: number;
  /** Wait to be let in. */
  undecided: number;
}

const BATCH_MS = 50;

/** Counts the connections of applications. With a quota each one is asked for, else they are said in batches. */
export class Connections extends Holdings<Tally> {
  private readonly own = new Map<string, OwnConnections>();
  private readonly batch = new DelayedWork(BATCH_MS, () => void this.flush());

  constructor(entries: EntryStore, nodeId: string) {
    super(entries, nodeId, tallyKind('connections'));
  }

  /** @returns false when there are `limit` of them already */
  async open(appId: string, socketId: string, limit: number | null): Promise<boolean> {
    const own = this.ownOf(appId);
    if (own.socketIds.has(socketId)) return true;
    if (limit === null) {
      own.socketIds.add(socketId);
      this.say(own, 1);
      return true;
    }
    if (!this.entries.isUsable) return this.openHere(own, socketId, limit);
    return this.askToOpen(own, socketId, limit);
  }

  close(appId: string, socketId: string): void {
    const own = this.ownOf(appId);
    if (own.socketIds.delete(socketId)) this.say(own, -1);
  }

  async count(appId: string): Promise<number> {
    const subject = { appId, name: '' };
    const others = await this.entries.ask(
      () => this.entries.look(this.kind, subject, (tally) => sumOfOthers(tally, this.nodeId)),
      () => 0,
    );
    return others + (this.own.get(appId)?.socketIds.size ?? 0);
  }

  /** Says what was not said yet. */
  async flush(): Promise<void> {
    this.batch.callOff();
    const unsaid = [...this.own.values()].filter((own) => own.unsaid !== 0);
    await Promise.all(unsaid.map((own) => this.sayNow(own)));
  }

  protected override *held(): Iterable<Subject> {
    for (const { subject, socketIds } of this.own.values()) if (socketIds.size > 0) yield subject;
  }

  protected override holdersOf(tally: Tally): Iterable<string> {
    return tally.keys();
  }

  protected override async settle(subject: Subject): Promise<void> {
    const own = this.ownOf(subject.appId);
    // What is on its way is relative to what is there.
    if (own.undecided > 0) return this.touch(subject);
    own.unsaid = 0;
    const command = setCount(this.nodeId, own.socketIds.size);
    await this.entries.change(this.kind, subject, command);
  }

  protected override async release(subject: Subject, isGone: IsGone): Promise<void> {
    await this.entries.change(this.kind, subject, dropCounts(isGone));
  }

  private openHere(own: OwnConnections, socketId: string, limit: number): boolean {
    if (own.socketIds.size >= limit) return false;
    own.socketIds.add(socketId);
    this.touch(own.subject);
    return true;
  }

  private async askToOpen(own: OwnConnections, socketId: string, limit: number): Promise<boolean> {
    const isRoomHere = own.socketIds.size < limit;
    own.socketIds.add(socketId);
    own.undecided++;
    const isAdmitted = await this.ask(own.subject, admit(this.nodeId, limit), isRoomHere);
    own.undecided--;
    // If it was closed meanwhile, that was counted already.
    if (!isAdmitted && !own.socketIds.delete(socketId)) this.say(own, 1);
    return isAdmitted;
  }

  private say(own: OwnConnections, difference: number): void {
    own.unsaid += difference;
    if (this.entries.isUsable) this.batch.soon();
    else this.touch(own.subject);
  }

  private async sayNow(own: OwnConnections): Promise<void> {
    const difference = own.unsaid;
    own.unsaid = 0;
    await this.ask(own.subject, addCount(this.nodeId, difference), undefined);
    if (own.socketIds.size === 0 && own.unsaid === 0 && own.undecided === 0) {
      this.own.delete(own.subject.appId);
    }
  }

  private ownOf(appId: string): OwnConnections {
    let own = this.own.get(appId);
    if (own === undefined) {
      own = { subject: { appId, name: '' }, socketIds: new Set(), unsaid: 0, undecided: 0 };
      this.own.set(appId, own);
    }
    return own;
  }
}
