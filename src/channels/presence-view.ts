import {
  UNKNOWN_VERSION,
  type Member,
  type MembersChange,
  type Roster,
  type RosterVersion,
} from '../scaling/state-store.js';

/** One thing to be told to those who look at a view: a member is there now, or is there no more. */
export interface ViewStep {
  readonly member: Member;
  readonly isPresent: boolean;
}

/** Changes kept because they came early; beyond that the roster is read again anyway. */
const MAX_EARLY = 1000;

/** One who waits until the view has come to a version. */
interface Waiter {
  readonly version: RosterVersion;
  readonly resolve: () => void;
}

/**
 * What the subscribers of a presence channel on this node have been told of who is in it. Pure.
 *
 * Invariants: a member is told to be there, and to be gone, by turns. Changes are taken in the order
 * of their versions, each once, whatever the order they come in. What was missed is made up for by
 * {@link load}. A view without a version is what this node alone knows, and takes changes as they
 * come.
 */
export class PresenceView {
  private readonly users = new Map<string, Member>();
  /** Changes whose predecessor is missing, by the version they follow upon. */
  private readonly early = new Map<RosterVersion, MembersChange>();
  /** Members whom the last roster did not have, and who are given time to turn up again. */
  private readonly missing = new Set<string>();
  private waiters: Waiter[] = [];
  private version: RosterVersion = UNKNOWN_VERSION;
  /** It was filled once. */
  isLoaded = false;

  /**
   * @param isHere whether a member has a subscription on this node: such a one is not gone, whatever
   * others may think, as a node that they took for dead says again whom it has
   */
  constructor(private readonly isHere: (userId: string) => boolean = () => false) {}

  /** Everybody, as the subscribers know it. */
  get members(): Iterable<Member> {
    return this.users.values();
  }

  /** The version a roster has to differ from to be news; undefined when any roster is. */
  get knownVersion(): RosterVersion | undefined {
    const isSettled = this.isLoaded && this.early.size === 0 && this.missing.size === 0;
    return isSettled && this.version !== UNKNOWN_VERSION ? this.version : undefined;
  }

  /** Changes came whose predecessor did not, or somebody waits for one that has not come. */
  get isBehind(): boolean {
    return this.early.size > 0 || this.waiters.length > 0;
  }

  get hasMissing(): boolean {
    return this.missing.size > 0;
  }

  /** Takes a change. @returns what is to be told of it; nothing if it came twice, late or early */
  apply(change: MembersChange): readonly ViewStep[] {
    const steps: ViewStep[] = [];
    if (change.version === UNKNOWN_VERSION) this.version = UNKNOWN_VERSION;
    const isUnordered = this.isLoaded && this.version === UNKNOWN_VERSION;
    if (change.version === UNKNOWN_VERSION || isUnordered) {
      this.take(change.left, change.joined, steps);
      this.wake();
    } else if (!this.isLoaded || baseOf(change) > this.version) {
      if (this.early.size < MAX_EARLY) this.early.set(baseOf(change), change);
    } else if (change.version > this.version) {
      this.advance(change, steps);
    }
    return steps;
  }

  /**
   * Takes a whole roster. Who is not in it stays for now, see {@link dropMissing}. One that is older
   * than the view says nothing.
   */
  load({ version, members }: Roster): readonly ViewStep[] {
    const steps: ViewStep[] = [];
    if (version === UNKNOWN_VERSION) this.loadUnknown(members, steps);
    else if (version >= this.version) this.loadKnown(version, members, steps);
    return steps;
  }

  /** Somebody takes a seat on this node now, and so is there, whatever the view has heard. */
  include(member: Member): readonly ViewStep[] {
    const steps: ViewStep[] = [];
    this.take([], [member], steps);
    return steps;
  }

  /** Drops those who have not turned up again since the last {@link load}. */
  dropMissing(): readonly ViewStep[] {
    const steps: ViewStep[] = [];
    this.take([...this.missing], [], steps);
    return steps;
  }

  /** Resolves once the view has come to a version. @returns undefined if it has */
  reaches(version: RosterVersion): Promise<void> | undefined {
    if (this.hasReached(version)) return undefined;
    return new Promise((resolve) => this.waiters.push({ version, resolve }));
  }

  private loadKnown(version: RosterVersion, members: Iterable<Member>, steps: ViewStep[]): void {
    this.missing.clear();
    for (const userId of this.users.keys()) this.missing.add(userId);
    this.take([], members, steps);
    this.isLoaded = true;
    this.version = version;
    this.takeEarly(steps);
  }

  /** The store is out of reach: what came early is taken as it is, and nobody waits any more. */
  private loadUnknown(members: Iterable<Member>, steps: ViewStep[]): void {
    const early = [...this.early.values()].sort((one, other) => one.version - other.version);
    this.early.clear();
    this.missing.clear();
    for (const change of early) this.take(change.left, change.joined, steps);
    this.take([], members, steps);
    this.isLoaded = true;
    this.version = UNKNOWN_VERSION;
    this.wake();
  }

  private advance(change: MembersChange, steps: ViewStep[]): void {
    this.take(change.left, change.joined, steps);
    this.version = change.version;
    this.takeEarly(steps);
  }

  /** Takes what follows upon the version of the view, and forgets what the view is beyond. */
  private takeEarly(steps: ViewStep[]): void {
    if (this.early.size === 0) return this.wake();
    for (const [base, change] of this.early) {
      if (change.version <= this.version) this.early.delete(base);
    }
    const next = this.early.get(this.version);
    if (next === undefined) return this.wake();
    this.early.delete(this.version);
    this.advance(next, steps);
  }

  private take(leaving: Iterable<string>, coming: Iterable<Member>, steps: ViewStep[]): void {
    for (const userId of leaving) {
      const member = this.users.get(userId);
      this.missing.delete(userId);
      if (this.isHere(userId)) continue;
      if (this.users.delete(userId)) steps.push({ member: member!, isPresent: false });
    }
    for (const member of coming) {
      this.missing.delete(member.userId);
      if (this.users.has(member.userId)) continue;
      this.users.set(member.userId, member);
      steps.push({ member, isPresent: true });
    }
  }

  private hasReached(version: RosterVersion): boolean {
    return this.isLoaded && (this.version === UNKNOWN_VERSION || version <= this.version);
  }

  private wake(): void {
    if (this.waiters.length === 0) return;
    const waiting = this.waiters;
    this.waiters = [];
    for (const waiter of waiting) {
      if (this.hasReached(waiter.version)) waiter.resolve();
      else this.waiters.push(waiter);
    }
  }
}

/** The version a change follows upon. */
const baseOf = ({ version, left, joined }: MembersChange) => version - left.length - joined.length;
