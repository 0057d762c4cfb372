import type { JoinOutcome, LeaveOutcome, RosterVersion } from '../scaling/state-store.js';

/** What one call said: that a user was there after it or not, and whether that was new. */
interface Step {
  readonly userId: string;
  readonly version: RosterVersion;
  readonly isPresent: boolean;
  readonly isChange: boolean;
}

/** What was said of a presence channel, put in order by the versions: a model that every answer has to fit. */
export class PresenceHistory {
  private readonly steps: Step[] = [];

  /**
   * @param version of the channel before the steps
   * @param userIds who was there then
   */
  constructor(
    private readonly version: RosterVersion,
    private readonly userIds: readonly string[],
  ) {}

  /** Takes the answer to a join or a leave. */
  add(
    userId: string,
    isJoin: boolean,
    outcome: Exclude<JoinOutcome, { isFull: true }> | LeaveOutcome,
  ): void {
    const isChange = 'isLast' in outcome ? outcome.isLast : outcome.isFirst;
    const isPresent = isJoin || !isChange;
    this.steps.push({ userId, version: outcome.version, isPresent, isChange });
  }

  /** Versions that nobody was told of. */
  get gaps(): number {
    const { length } = this.changes;
    return length === 0 ? 0 : this.changes.at(-1)!.version - this.version - length;
  }

  /** Who was there at a version, sorted. */
  userIdsAt(version: RosterVersion): string[] {
    const present = new Set(this.userIds);
    for (const change of this.changes) {
      if (change.version > version) break;
      if (change.isPresent) present.add(change.userId);
      else present.delete(change.userId);
    }
    return [...present].sort();
  }

  /**
   * Every version was given to one change, a user came and went by turns, and where nothing changed
   * the user was there.
   * @returns what does not fit that, undefined if everything does
   */
  findFault(): string | undefined {
    const present = new Set(this.userIds);
    let last = this.version;
    for (const { userId, version, isPresent, isChange } of this.inOrder) {
      const said = `${userId} ${isPresent ? 'is' : 'is not'} there at version ${version}`;
      if (!isChange && !present.has(userId)) return `${said}, but did not come`;
      if (!isChange) continue;
      if (version <= last) return `${said}, which is not beyond ${last}`;
      if (present.has(userId) === isPresent) return `${said}, and so it was before`;
      last = version;
      if (isPresent) present.add(userId);
      else present.delete(userId);
    }
    return undefined;
  }

  private get changes(): readonly Step[] {
    return this.inOrder.filter(({ isChange }) => isChange);
  }

  /** Those that changed something before those that came to the same version later. */
  private get inOrder(): readonly Step[] {
    return [...this.steps].sort(
      (one, other) => one.version - other.version || Number(other.isChange) - Number(one.isChange),
    );
  }
}
