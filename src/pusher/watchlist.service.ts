import { Injectable } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import type { UserStatusMessage } from '../scaling/cluster-message.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { errorFrame, watchlistEvents } from './protocol/server-frame.js';

const MAX_WATCHLIST_LENGTH = 100;

/** Tells connections when users they watch come online or go offline. */
@Injectable()
export class WatchlistService {
  /** Connections by the user they watch, and its application. */
  private readonly watchers = new Map<string, Set<Connection>>();

  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
  ) {
    cluster.listen({ onUserStatus: (message) => this.tell(message) });
  }

  /** Starts watching, and tells who is online now. Of too long a list only the beginning is used. */
  async watch(connection: Connection, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    if (userIds.length > MAX_WATCHLIST_LENGTH) {
      const sentence = `The watchlist has more than ${MAX_WATCHLIST_LENGTH} users, the first ${MAX_WATCHLIST_LENGTH} are used.`;
      connection.write(errorFrame(new PusherError(PusherErrorCode.WATCHLIST_TOO_LONG, sentence)));
    }
    const watched = userIds.slice(0, MAX_WATCHLIST_LENGTH);
    const { id: appId } = connection.application;
    const added = watched.map((userId) => this.add(connection, appId, userId));
    if (added.some((watch) => watch instanceof Promise)) await Promise.all(added);
    // Asked in the same turn, so that nobody who comes online meanwhile is told twice.
    const asked = this.state.onlineUsers(appId, watched);
    const online = asked instanceof Promise ? await asked : asked;
    if (online.length > 0) connection.write(watchlistEvents('online', online));
    if (!connection.isOpen) this.unwatch(connection);
  }

  unwatch(connection: Connection): void {
    const { id: appId } = connection.application;
    for (const userId of connection.user?.watchlist.slice(0, MAX_WATCHLIST_LENGTH) ?? []) {
      const key = keyOf(appId, userId);
      const watchers = this.watchers.get(key);
      if (watchers === undefined || !watchers.delete(connection) || watchers.size > 0) continue;
      this.watchers.delete(key);
      this.cluster.unwatchUser(appId, userId);
    }
  }

  private add(connection: Connection, appId: string, userId: string) {
    const key = keyOf(appId, userId);
    const watchers = this.watchers.get(key);
    if (watchers === undefined) this.watchers.set(key, new Set([connection]));
    else watchers.add(connection);
    return this.cluster.watchUser(appId, userId);
  }

  private tell({ appId, userId, isOnline }: UserStatusMessage): void {
    const watchers = this.watchers.get(keyOf(appId, userId));
    if (watchers === undefined) return;
    const frame = watchlistEvents(isOnline ? 'online' : 'offline', [userId]);
    for (const connection of watchers) connection.write(frame);
  }
}

const keyOf = (appId: string, userId: string) => `${appId} ${userId}`;
