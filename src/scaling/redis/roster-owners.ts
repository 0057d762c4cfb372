import type { Member, MembersChange, RosterVersion } from '../state-store.js';
import type { GracedKind } from './roster-graced-kind.js';
import type { RosterOwner } from './roster-holding.js';
import type { UncalledStep } from './roster-step.js';
import type { StoreContext } from './store-context.js';

/** The members of a presence channel whom this node holds. */
export class PresenceOwner implements RosterOwner {
  constructor(
    private readonly context: StoreContext,
    private readonly appId: string,
    private readonly channel: string,
  ) {}

  get size(): number {
    return this.users?.size ?? 0;
  }

  has(userId: string): boolean {
    return this.users?.has(userId) ?? false;
  }

  userIds(): Iterable<string> {
    return this.users?.keys() ?? [];
  }

  memberOf(userId: string): Member | undefined {
    return this.users?.get(userId)?.member;
  }

  /** Members are gone at once. */
  graceOf(): number {
    return 0;
  }

  onUncalled(steps: readonly UncalledStep[]): void {
    let doubtfulVersion: RosterVersion | undefined;
    let run: Run | undefined;
    for (const { step, outcome } of steps) {
      const { result, version } = outcome;
      if (result === 'changed') {
        if (!fits(run, version, step.isHold)) {
          this.tell(run);
          run = { version, left: [], joined: [] };
        }
        run!.version = version;
        if (step.isHold) run!.joined.push(step.member!);
        else run!.left.push(step.userId);
      } else if (result === 'none') {
        doubtfulVersion = version;
      }
    }
    this.tell(run);
    if (doubtfulVersion !== undefined) this.onSkipped(doubtfulVersion);
  }

  /** A change of nobody makes those who know another version read the roster again. */
  onSkipped(version: RosterVersion): void {
    this.tell({ version, left: [], joined: [] });
  }

  private tell(run: Omit<MembersChange, 'appId' | 'channel'> | undefined): void {
    if (run === undefined) return;
    const { appId, channel } = this;
    this.context.listener?.onMembersChanged({ appId, channel, ...run });
  }

  private get users() {
    return this.context.mirror.get(this.appId).presence.get(this.channel)?.users;
  }
}

/** The users who are signed in on this node, or the places that connections of this node are in. */
export class GracedOwner implements RosterOwner {
  constructor(
    private readonly context: StoreContext,
    private readonly appId: string,
    private readonly kind: GracedKind,
  ) {}

  get size(): number {
    return this.names.size;
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  userIds(): Iterable<string> {
    return this.names.keys();
  }

  /** Nothing but the id matters. */
  memberOf(): undefined {}

  graceOf(name: string): number {
    return this.kind.graces.remainingMs(this.appId, name);
  }

  /**
   * Redis having lost its data is no news of a user it had known. That the others took this node for
   * dead is: they said that its users are offline. In doubt a user may have come without anybody
   * having been told; who is in its grace is still there. Places alike.
   */
  onUncalled(steps: readonly UncalledStep[]): void {
    for (const { step, outcome } of steps) {
      const { userId, isHold, origin, graceMs = 0 } = step;
      const isChange = outcome.result === 'changed';
      const { version } = outcome;
      if (isHold) {
        const isNews = origin === 'catch-up' || this.context.fate === 'reaped';
        if (origin === 'doubt' || (isNews && isChange)) this.tell(userId, true, version);
      } else if (isChange && (graceMs === 0 || origin === 'doubt')) {
        this.tell(userId, graceMs > 0, version);
      }
    }
  }

  /** Nobody counts the changes of these. */
  onSkipped(): void {}

  private tell(name: string, isHeld: boolean, version: RosterVersion): void {
    this.kind.tell(this.appId, name, isHeld, version);
  }

  private get names() {
    return this.kind.holdersOf(this.appId);
  }
}

/** Changes without a gap: those who left, then those who joined. */
interface Run {
  version: RosterVersion;
  readonly left: string[];
  readonly joined: Member[];
}

function fits(run: Run | undefined, version: RosterVersion, isHold: boolean): boolean {
  if (run === undefined || version !== run.version + 1) return false;
  return isHold || run.joined.length === 0;
}
