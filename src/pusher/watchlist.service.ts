import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { andThen, inBackground } from '../scaling/awaitable.js';
import type { UserStatusMessage } from '../scaling/cluster-message.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { errorFrame, watchlistEvents } from './protocol/server-frame.js';

const MAX_WATCHLIST_LENGTH = 100;

/** A user whom somebody watches. */
interface WatchedUser {
  readonly appId: string;
  readonly userId: string;
  readonly watchers: Set<Connection>;
  /** As the watchers were told; undefined until it is known. */
  isOnline: boolean | undefined;
}

/** Tells connections when users they watch come online or go offline: each change once, and by turns. */
@Injectable()
export class WatchlistService implements OnModuleDestroy {
  private readonly logger = new Logger(WatchlistService.name);
  private readonly watched = new Map<string, WatchedUser>();
  /** Watchers who have not been told yet who is online: until then they are told nothing else. */
  private readonly newcomers = new Set<Connection>();
  private settling: NodeJS.Timeout | undefined;

  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
  ) {
    cluster.listen({ onUserStatus: (message) => this.learn(message) });
    cluster.onRestored(() => this.askAgain());
  }

  onModuleDestroy(): void {
    clearTimeout(this.settling);
  }

  /** Starts watching, and tells who is online now. Of too long a list only the beginning is used. */
  async watch(connection: Connection, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    if (userIds.length > MAX_WATCHLIST_LENGTH) {
      const sentence = `The watchlist has more than ${MAX_WATCHLIST_LENGTH} users, the first ${MAX_WATCHLIST_LENGTH} are used.`;
      connection.write(errorFrame(new PusherError(PusherErrorCode.WATCHLIST_TOO_LONG, sentence)));
    }
    const { id: appId } = connection.application;
    const watchedIds = userIds.slice(0, MAX_WATCHLIST_LENGTH);
    this.newcomers.add(connection);
    try {
      const added = watchedIds.map((userId) => this.add(connection, appId, userId));
      if (added.some((watch) => watch instanceof Promise)) await Promise.all(added);
      const asked = this.state.onlineUsers(appId, watchedIds);
      this.welcome(connection, watchedIds, asked instanceof Promise ? await asked : asked);
    } finally {
      this.newcomers.delete(connection);
    }
    if (!connection.isOpen) this.unwatch(connection);
  }

  unwatch(connection: Connection): void {
    const { id: appId } = connection.application;
    for (const userId of connection.user?.watchlist.slice(0, MAX_WATCHLIST_LENGTH) ?? []) {
      const key = keyOf(appId, userId);
      const user = this.watched.get(key);
      if (user === undefined || !user.watchers.delete(connection)) continue;
      if (user.watchers.size > 0) continue;
      this.watched.delete(key);
      this.cluster.unwatchUser(appId, userId);
    }
  }

  private add(connection: Connection, appId: string, userId: string) {
    const key = keyOf(appId, userId);
    let user = this.watched.get(key);
    if (user === undefined) {
      user = { appId, userId, watchers: new Set(), isOnline: undefined };
      this.watched.set(key, user);
    }
    user.watchers.add(connection);
    return this.cluster.watchUser(appId, userId);
  }

  /** What was heard since the store was asked is newer than its answer. */
  private welcome(
    connection: Connection,
    userIds: readonly string[],
    answer: readonly string[],
  ): void {
    const { id: appId } = connection.application;
    const online = new Set(answer);
    const told = userIds.filter((userId) => {
      const user = this.watched.get(keyOf(appId, userId));
      if (user !== undefined) user.isOnline ??= online.has(userId);
      return user?.isOnline;
    });
    if (told.length > 0) connection.write(watchlistEvents('online', told));
  }

  private learn({ appId, userId, isOnline }: UserStatusMessage): void {
    const user = this.watched.get(keyOf(appId, userId));
    if (user === undefined || user.isOnline === isOnline) return;
    user.isOnline = isOnline;
    const frame = watchlistEvents(isOnline ? 'online' : 'offline', [userId]);
    for (const connection of user.watchers) {
      if (!this.newcomers.has(connection)) connection.write(frame);
    }
  }

  /**
   * The cluster was out of reach: what was not heard meanwhile is made up for. Who is not there is
   * given time to turn up again, as other nodes may still be saying whom they have.
   */
  private askAgain(): void {
    this.askAll((isOnline) => isOnline);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.askAll(() => true), this.cluster.settleMs).unref();
  }

  private askAll(isNews: (isOnline: boolean) => boolean): void {
    const applications = new Map<string, string[]>();
    for (const { appId, userId } of this.watched.values()) {
      const userIds = applications.get(appId);
      if (userIds === undefined) applications.set(appId, [userId]);
      else userIds.push(userId);
    }
    for (const [appId, userIds] of applications) {
      for (let i = 0; i < userIds.length; i += MAX_WATCHLIST_LENGTH) {
        const some = userIds.slice(i, i + MAX_WATCHLIST_LENGTH);
        const asked = andThen(this.state.onlineUsers(appId, some), (answer) => {
          const online = new Set(answer);
          for (const userId of some) {
            const isOnline = online.has(userId);
            if (isNews(isOnline)) this.learn({ type: 'user-status', appId, userId, isOnline });
          }
        });
        inBackground(asked, this.logger);
      }
    }
  }
}

const keyOf = (appId: string, userId: string) => `${appId} ${userId}`;
