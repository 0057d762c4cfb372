import type { Awaitable } from '../awaitable.js';
import type { UserGraces } from '../user-graces.js';
import { fromExactText, toExactText } from './exact-text.js';
import type { RosterBook } from './roster-book.js';
import type { StoreContext } from './store-context.js';

const USERS_PER_SCRIPT = 500;
/** How long a node that has taken users out has to say so, before another one is asked. */
const CLAIM_MS = 4000;
/** The clocks of this process and of Redis tick on their own. */
const MARGIN_MS = 5;

/**
 * The users who are signed in. Only a user's first connection on this node, and its last one, are
 * Redis' business. A grace is kept in Redis, where whoever asks first when it is over takes the user
 * out, and tells.
 */
export class SignedInUsers {
  /** Applications with graces that this node looks after: its own, and those of nodes it buried. */
  private readonly watched = new Set<string>();
  /** Who was said to be offline, by application, which Redis does not know yet. */
  private readonly told = new Map<string, readonly string[]>();
  /** Applications whose graces are being asked for, and whether that is to be done once more. */
  private readonly asking = new Map<string, boolean>();

  constructor(
    private readonly context: StoreContext,
    private readonly book: RosterBook,
    private readonly graces: UserGraces,
  ) {}

  /** No grace is left that another node would have to look after. */
  get isEmpty(): boolean {
    return this.watched.size === 0;
  }

  /** See StateStore. */
  signIn(appId: string, userId: string, socketId: string): Awaitable<boolean> {
    const isFirst = this.context.mirror.get(appId).signIn(userId, socketId);
    const holding = this.book.open({ appId, channel: undefined });
    const wasLeaving = isFirst && this.graces.callOff(appId, userId);
    if (!this.context.isUp) {
      if (isFirst) holding.mark(userId);
      return isFirst && !wasLeaving;
    }
    const ended = isFirst
      ? holding.take({ userId, isHold: true, origin: 'call' })
      : holding.stepOf(userId);
    if (ended === undefined) return false;
    return ended.then(({ result }) => {
      if (result === 'unknown') return isFirst && !wasLeaving;
      return isFirst && result === 'changed';
    });
  }

  /** See StateStore. */
  signOut(appId: string, userId: string, socketId: string, graceMs: number): Awaitable<void> {
    if (!this.context.mirror.get(appId).signOut(userId, socketId)) return;
    if (this.context.isHandedOver) return;
    this.beginGrace(appId, userId, graceMs);
    const holding = this.book.open({ appId, channel: undefined });
    if (!this.context.isUp) return holding.mark(userId);
    // One of no length is told like all the others.
    const step = { userId, isHold: false, origin: 'call', graceMs: Math.max(1, graceMs) } as const;
    return holding.take(step).then(({ result }) => {
      const isCounted = result === 'changed' && this.graces.has(appId, userId);
      // In Redis, from now on.
      return isCounted ? this.beginGrace(appId, userId, graceMs + MARGIN_MS) : undefined;
    });
  }

  /** See StateStore. */
  onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]> {
    const { users } = this.context.mirror.get(appId);
    const here = new Set(userIds.filter((userId) => users.has(userId)));
    const elsewhere = userIds.filter((userId) => !here.has(userId));
    if (this.context.isUp && elsewhere.length > 0) {
      return this.context
        .attempt(() => this.areOnline(appId, elsewhere))
        .then((online = this.leaving(appId, elsewhere)) =>
          userIds.filter((userId) => here.has(userId) || online.has(userId)),
        );
    }
    const leaving = this.leaving(appId, elsewhere);
    return userIds.filter((userId) => here.has(userId) || leaving.has(userId));
  }

  /** Looks after the graces of an application whose node was buried. */
  adopt(appId: string): void {
    this.watched.add(appId);
    this.context.enlistApplication(appId);
    void this.takeOffline(appId);
  }

  /** Says who is offline, should those who would have said it be gone. */
  tend(): void {
    for (const appId of this.watched) void this.takeOffline(appId);
  }

  /**
   * Redis has lost its data, or was away while graces ended.
   * @throws when Redis cannot be asked
   */
  async restore(): Promise<void> {
    const { scripts, ttlMs, keys } = this.context;
    for (const appId of this.watched) {
      const { holders, leaving } = keys.roster({ appId, channel: undefined });
      const userIds = this.graces.of(appId);
      for (let start = 0; start < userIds.length; start += USERS_PER_SCRIPT) {
        const some = userIds.slice(start, start + USERS_PER_SCRIPT);
        const args = some.flatMap((userId) => [
          toExactText(userId),
          this.graces.remainingMs(appId, userId),
        ]);
        await scripts.keepLeaving([holders, leaving], ttlMs, ...args);
      }
    }
  }

  private beginGrace(appId: string, userId: string, graceMs: number): void {
    this.watched.add(appId);
    this.context.enlistApplication(appId);
    this.graces.begin(appId, userId, graceMs, () => {
      if (this.context.isUp) return void this.takeOffline(appId);
      // The others may know better, and are told when they can be asked.
      this.context.listener?.onUserStatus(appId, userId, false);
    });
  }

  /** Whoever asks while an answer is under way is answered with the next. */
  private async takeOffline(appId: string): Promise<void> {
    if (this.asking.has(appId)) return void this.asking.set(appId, true);
    let isWanted = true;
    while (isWanted && this.context.isUp) {
      this.asking.set(appId, false);
      const isMore = await this.context.attempt(() => this.takeSome(appId));
      isWanted = isMore === true || (isMore === false && this.asking.get(appId) === true);
    }
    this.asking.delete(appId);
  }

  /** @returns whether there is something to be said to Redis in return, or there may be more */
  private async takeSome(appId: string): Promise<boolean> {
    const { scripts, keys, ttlMs } = this.context;
    const { leaving, claimed } = keys.roster({ appId, channel: undefined });
    const told = this.told.get(appId) ?? [];
    const both = [leaving, claimed];
    const [nextMs, users] = await scripts.takeOffline(
      both,
      ttlMs,
      USERS_PER_SCRIPT,
      CLAIM_MS,
      ...told,
    );
    if (users.length > 0) this.told.set(appId, users);
    else this.told.delete(appId);
    for (const text of users) this.context.tellStatus(appId, fromExactText(text), false);
    if (nextMs === -1 && this.graces.of(appId).length === 0) this.watched.delete(appId);
    return users.length > 0;
  }

  private leaving(appId: string, userIds: readonly string[]): ReadonlySet<string> {
    return new Set(userIds.filter((userId) => this.graces.has(appId, userId)));
  }

  private async areOnline(appId: string, userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { holders, leaving } = this.context.keys.roster({ appId, channel: undefined });
    const online = new Set<string>();
    for (let start = 0; start < userIds.length; start += USERS_PER_SCRIPT) {
      const some = userIds.slice(start, start + USERS_PER_SCRIPT);
      const args = some.map(toExactText);
      const answers = await this.context.scripts.areOnline([holders, leaving], ...args);
      for (const [i, userId] of some.entries()) if (answers[i] === 1) online.add(userId);
    }
    return online;
  }
}
