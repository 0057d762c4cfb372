import type { Awaitable } from '../awaitable.js';
import { UserGraces } from '../user-graces.js';
import { toExactText } from './exact-text.js';
import type { RosterBook } from './roster-book.js';
import type { GracedKind } from './roster-graced-kind.js';
import { GracedRosters, type Hold } from './roster-graces.js';
import type { StoreContext } from './store-context.js';

const USERS_PER_SCRIPT = 500;

/** Signed-in users, as what has a grace. */
export function usersOf(context: StoreContext): GracedKind {
  return {
    channel: undefined,
    graces: new UserGraces(),
    holdersOf: (appId) => context.mirror.get(appId).users,
    tell: (appId, userId, isOnline) =>
      context.tell((listener) => listener.onUserStatus(appId, userId, isOnline)),
    // The others may know better, and are told when they can be asked.
    tellAlone: (appId, userId) => context.listener?.onUserStatus(appId, userId, false),
  };
}

/** The users who are signed in. */
export class SignedInUsers extends GracedRosters {
  constructor(
    private readonly store: StoreContext,
    book: RosterBook,
    private readonly users: GracedKind,
  ) {
    super(store, book, users);
  }

  /** See StateStore. */
  signIn(appId: string, userId: string, socketId: string): Awaitable<boolean> {
    const held = this.hold(appId, userId, socketId);
    return held instanceof Promise ? held.then(wasOffline) : wasOffline(held);
  }

  /** See StateStore. */
  signOut(appId: string, userId: string, socketId: string, graceMs: number): Awaitable<void> {
    return this.release(appId, userId, socketId, graceMs);
  }

  /** See StateStore. */
  onlineUsers(appId: string, userIds: readonly string[]): Awaitable<readonly string[]> {
    const users = this.users.holdersOf(appId);
    const here = new Set(userIds.filter((userId) => users.has(userId)));
    const elsewhere = userIds.filter((userId) => !here.has(userId));
    if (this.store.isUp && elsewhere.length > 0) {
      return this.store
        .attempt(() => this.areOnline(appId, elsewhere))
        .then((online = this.leaving(appId, elsewhere)) =>
          userIds.filter((userId) => here.has(userId) || online.has(userId)),
        );
    }
    const leaving = this.leaving(appId, elsewhere);
    return userIds.filter((userId) => here.has(userId) || leaving.has(userId));
  }

  private leaving(appId: string, userIds: readonly string[]): ReadonlySet<string> {
    return new Set(userIds.filter((userId) => this.users.graces.has(appId, userId)));
  }

  private async areOnline(appId: string, userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { holders, leaving } = this.store.keys.roster({ appId, channel: undefined });
    const online = new Set<string>();
    for (let start = 0; start < userIds.length; start += USERS_PER_SCRIPT) {
      const some = userIds.slice(start, start + USERS_PER_SCRIPT);
      const args = some.map(toExactText);
      const answers = await this.store.scripts.areOnline([holders, leaving], ...args);
      for (const [i, userId] of some.entries()) if (answers[i] === 1) online.add(userId);
    }
    return online;
  }
}

/** If Redis did not answer, what this node knows decides. */
function wasOffline({ isFirstHere, wasLeaving, outcome: { result } }: Hold): boolean {
  return isFirstHere && (result === 'unknown' ? !wasLeaving : result === 'changed');
}
