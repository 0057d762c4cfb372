import { Inject, Injectable, Logger } from '@nestjs/common';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection, SignedInUser } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { inBackground, type Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
import { AddressLimits } from './address-limits.js';
import { signatureFault } from './authorization.js';
import type { SigninMessage } from './protocol/client-message.js';
import { ClosingError, PusherErrorCode } from './protocol/pusher-error.js';
import { errorFrame, signinSuccess } from './protocol/server-frame.js';
import { userStringToSign } from './protocol/signature.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';
import { parseUserData } from './user-data.js';
import { WatchlistService } from './watchlist.service.js';

/** Knows which connections belong to which user (protocol, section 6). */
@Injectable()
export class UserService {
  private readonly logger = new Logger(UserService.name);
  private readonly graceMs: number;

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly channels: ChannelManager,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly watchlists: WatchlistService,
    private readonly extensions: ExtensionRegistry,
    private readonly webhooks: WebhookReporter,
    private readonly limits: AddressLimits,
    @Inject(PUSHER_OPTIONS) options: PusherOptions,
  ) {
    this.graceMs = options.graceSeconds * 1000;
    cluster.listen({ onTerminate: ({ appId, userId }) => void this.disconnect(appId, userId) });
  }

  /** Binds a connection to a user and answers it. @throws ClosingError when it may not */
  async signIn(connection: Connection, message: SigninMessage): Promise<void> {
    const { application, socketId } = connection;
    const signed = userStringToSign(socketId, message.userData);
    const fault = signatureFault(application, message.auth, signed);
    if (fault !== undefined) {
      this.limits.connectionFailed(connection);
      throw unauthorized(fault);
    }
    const user = parseUserData(message.userData);
    if (user === undefined) {
      throw unauthorized('user_data must be a JSON object with an id of 1 to 128 characters.');
    }
    if (connection.user !== undefined) {
      if (connection.user.id !== user.id) {
        throw unauthorized('The connection is signed in as another user.');
      }
      return connection.write(signinSuccess(message.userData));
    }
    await this.bind(connection, user, message.userData);
  }

  /** The connection is gone. */
  signOut(connection: Connection): void {
    const { user, application, socketId } = connection;
    if (user === undefined) return;
    this.watchlists.unwatch(connection);
    this.webhooks.signedOut(application, user.id, socketId);
    const left = this.state.signOut(application.id, user.id, socketId, this.graceMs);
    inBackground(left, this.logger);
  }

  /** Closes every connection of a user in the cluster, whether signed in or in a presence channel. */
  terminate(appId: string, userId: string): Awaitable<void> {
    return this.cluster.terminate(appId, userId);
  }

  /** The connections of a user on this node, whether signed in or in a presence channel. */
  *connectionsOf(appId: string, userId: string): IterableIterator<Connection> {
    for (const connection of this.registry.of(appId)) {
      if (this.belongsTo(connection, userId)) yield connection;
    }
  }

  /** Closes every connection of a user on this node. @returns how many */
  disconnect(appId: string, userId: string): number {
    let count = 0;
    for (const connection of this.connectionsOf(appId, userId)) {
      disconnect(connection);
      count++;
    }
    return count;
  }

  private async bind(connection: Connection, user: SignedInUser, userData: string): Promise<void> {
    const { application, socketId } = connection;
    connection.user = user;
    const signed = this.state.signIn(application.id, user.id, socketId);
    const isFirst = signed instanceof Promise ? await signed : signed;
    if (!connection.isOpen) return this.signOut(connection);
    connection.isAuthorized = true;
    connection.write(signinSuccess(userData));
    this.extensions.hooks.onSignedIn?.tell({ application, connection, user });
    this.webhooks.signedIn(application, user.id, socketId);
    if (isFirst) {
      await this.cluster.announceUser(application.id, user.id, true);
    }
    await this.watchlists.watch(connection, user.watchlist);
  }

  private belongsTo(connection: Connection, userId: string): boolean {
    if (connection.user?.id === userId) return true;
    for (const { member } of this.channels.subscriptionsOf(connection)) {
      if (member?.userId === userId) return true;
    }
    return false;
  }
}

/** Closes a connection because the application wants it gone: clients do not come back from that. */
export function disconnect(connection: Connection): void {
  const error = unauthorized('You got disconnected by the app.');
  connection.close(error.closeCode, error.message, errorFrame(error));
}

const unauthorized = (sentence: string) => new ClosingError(PusherErrorCode.UNAUTHORIZED, sentence);
