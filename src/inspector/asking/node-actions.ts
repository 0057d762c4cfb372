import { Injectable } from '@nestjs/common';
import { ChannelManager } from '../../channels/channel.manager.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { subscriptionError } from '../../pusher/protocol/server-frame.js';
import { SubscriptionService } from '../../pusher/subscription.service.js';
import { disconnect, UserService } from '../../pusher/user.service.js';
import type { Questions } from './question.js';

type Answer = Questions['disconnect'][1];

/** What is done to the connections of this node. */
@Injectable()
export class NodeActions {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly channels: ChannelManager,
    private readonly users: UserService,
    private readonly subscriptions: SubscriptionService,
  ) {}

  /** Closes one connection, or all of a user: clients do not come back from that by themselves. */
  disconnect({ appId, socketId, userId }: Questions['disconnect'][0]): Answer {
    let affected = 0;
    if (userId !== undefined) affected += this.users.disconnect(appId, userId);
    const connection = socketId === undefined ? undefined : this.registry.find(appId, socketId);
    if (connection !== undefined) {
      disconnect(connection);
      affected++;
    }
    return { affected };
  }

  /**
   * Ends the subscriptions of a user to a channel. The protocol has no word for that, so clients are
   * told what they would be told had they not been let in.
   */
  unsubscribe({ appId, userId, channel }: Questions['unsubscribe'][0]): Answer {
    const frame = subscriptionError(channel, {
      type: 'AuthError',
      error: 'The app ended the subscription.',
      status: 403,
    });
    let affected = 0;
    for (const connection of this.users.connectionsOf(appId, userId)) {
      if (!connection.subscriptions.has(channel)) continue;
      if (this.channels.userIdIn(connection, channel) !== userId) continue;
      this.subscriptions.unsubscribe(connection, channel);
      connection.write(frame);
      affected++;
    }
    return { affected };
  }
}
