import type { Member, MembersChange, RosterVersion } from '../state-store.js';
import type { UserGraces } from '../user-graces.js';
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

/** The users who are signed in on this node. */
export class UserOwner implements RosterOwner {
  constructor(
    private readonly context: StoreContext,
    private readonly appId: string,
    private readonly graces: UserGraces,
  ) {}

  get size(): number {
    return this.users.size;
  }

  has(userId: string): boolean {
    return this.users.has(userId);
  }

  userIds(): Iterable<string> {
    return this.users.keys();
  }

  /** Nothing but the id matters. */
  memberOf(): undefined {}

  graceOf(userId: string): number {
    return this.graces.remainingMs(this.appId, userId);
  }

  /**
   * Redis having lost its data is no news of a user it had known. That the others took this node for
   * dead is: they said that its users are offline. In doubt a user may have come without anybody
   * having been told; who is in its grace is still there.
   */
  onUncalled(steps: readonly UncalledStep[]): void {
    for (const { step, outcome } of steps) {
      const { userId, isHold, origin, graceMs = 0 } = step;
      const isChange = outcome.result === 'changed';
      if (isHold) {
        const isNews = origin === 'catch-up' || this.context.fate === 'reaped';
        if (origin === 'doubt' || (isNews && isChange)) this.tell(userId, true);
      } else if (isChange && (graceMs === 0 || origin === 'doubt')) {
        this.tell(userId, graceMs > 0);
      }
    }
  }

  /** Nobody counts the changes of these. */
  onSkipped(): void {}

  private tell(userId: string, isOnline: boolean): void {
    this.context.tellStatus(this.appId, userId, isOnline);
  }

  private get users() {
    return this.context.mirror.get(this.appId).users;
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
