import { Injectable, Logger } from '@nestjs/common';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import type { Channel, Subscription } from '../channels/channel.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import { andThen, inBackground } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import {
  StateStore,
  type CachedEvent,
  type JoinOutcome,
  type Member,
} from '../scaling/state-store.js';
import { authorizationFault } from './authorization.js';
import { ChannelDataError, parseChannelData } from './channel-data.js';
import type { SubscribeMessage } from './protocol/client-message.js';
import { SubscriptionError, type SubscriptionRefusal } from './protocol/pusher-error.js';
import {
  cacheMiss,
  memberAdded,
  memberRemoved,
  publishedEvent,
  rosterData,
  subscriptionSucceeded,
} from './protocol/server-frame.js';
import { SubscriptionCountNotifier } from './subscription-count.notifier.js';

/** Lets connections into channels and out of them (protocol, section 4). */
@Injectable()
export class SubscriptionService {
  private readonly logger = new Logger(SubscriptionService.name);

  constructor(
    private readonly channels: ChannelManager,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly counts: SubscriptionCountNotifier,
  ) {}

  /** Subscribes a connection and answers it. @throws SubscriptionError when it may not */
  async subscribe(connection: Connection, message: SubscribeMessage): Promise<void> {
    const { application } = connection;
    const { channel: name } = message;
    if (!isChannelName(name, application.maxChannelNameLength)) {
      const error = `A channel name has 1 to ${application.maxChannelNameLength} characters of [-a-zA-Z0-9_=@,.;]`;
      throw refusal(name, 'InvalidChannel', error, 400);
    }
    const kind = channelKindOf(name);
    const fault = authorizationFault(connection, kind, message);
    if (fault !== undefined) throw refusal(name, 'AuthError', fault, 401);
    const member = kind.isPresence ? this.memberOf(connection, message) : undefined;
    const former = this.channels.subscriptionOf(connection, name);
    if (former !== undefined) return this.answerAgain(former);
    this.checkLimit(connection, name);

    const opened = this.channels.open(application.id, name);
    const channel = opened instanceof Promise ? await opened : opened;
    try {
      await this.enter(connection, channel, member);
    } finally {
      this.channels.release(channel);
    }
  }

  /** Ends the subscription to a channel; does nothing if there is none. */
  unsubscribe(connection: Connection, name: string): void {
    const subscription = this.channels.subscriptionOf(connection, name);
    if (subscription !== undefined) this.end(subscription);
  }

  /** Ends all subscriptions of a connection. */
  unsubscribeAll(connection: Connection): void {
    for (const subscription of this.channels.subscriptionsOf(connection)) this.end(subscription);
  }

  /** Between the answers of the store and the first frame nothing is awaited, so that no event falls in between. */
  private async enter(
    connection: Connection,
    channel: Channel,
    member: Member | undefined,
  ): Promise<void> {
    let outcome: JoinOutcome | undefined;
    if (member !== undefined) {
      const { application, socketId } = connection;
      const limit = application.maxPresenceMembers;
      const joined = this.state.join(application.id, channel.name, socketId, member, limit);
      outcome = joined instanceof Promise ? await joined : joined;
      if (outcome.isFull) {
        throw refusal(channel.name, 'LimitReached', `The channel is full (${limit} members)`, 4004);
      }
    }
    let cached: CachedEvent | undefined;
    if (channel.kind.isCache) {
      const stored = this.state.cachedEvent(channel.appId, channel.name);
      cached = stored instanceof Promise ? await stored : stored;
    }
    if (!connection.isOpen) {
      if (member !== undefined) this.leave(connection, channel, member);
      return;
    }
    this.admit(connection, channel, member, outcome, cached);
  }

  private admit(
    connection: Connection,
    channel: Channel,
    member: Member | undefined,
    outcome: JoinOutcome | undefined,
    cached: CachedEvent | undefined,
  ): void {
    const { appId, name, kind } = channel;
    let data = '{}';
    if (member !== undefined && outcome !== undefined && !outcome.isFull) {
      if (outcome.isFirst) {
        const frame = memberAdded(name, member);
        inBackground(this.cluster.broadcast(appId, name, frame, connection.socketId), this.logger);
      }
      data = rosterData(outcome.members);
    }
    this.channels.subscribe(connection, channel, member);
    if (kind.needsAuth) connection.isAuthorized = true;
    connection.write(subscriptionSucceeded(name, data));
    if (kind.isCache) {
      connection.write(
        cached === undefined ? cacheMiss(name) : publishedEvent(cached.event, name, cached.data),
      );
    }
    this.counts.changed(connection.application, channel);
  }

  private answerAgain({ connection, channel, member }: Subscription): void | Promise<void> {
    if (member === undefined) return connection.write(subscriptionSucceeded(channel.name));
    return andThen(this.state.members(channel.appId, channel.name), (members) =>
      connection.write(subscriptionSucceeded(channel.name, rosterData(members))),
    );
  }

  private end(subscription: Subscription): void {
    const { connection, channel, member } = subscription;
    this.channels.unsubscribe(subscription);
    if (member !== undefined) this.leave(connection, channel, member);
    this.counts.changed(connection.application, channel);
  }

  private leave(connection: Connection, { appId, name }: Channel, member: Member): void {
    const left = andThen(
      this.state.leave(appId, name, connection.socketId, member.userId),
      (isLast) =>
        isLast ? this.cluster.broadcast(appId, name, memberRemoved(name, member)) : undefined,
    );
    inBackground(left, this.logger);
  }

  private memberOf(connection: Connection, message: SubscribeMessage): Member {
    const { channel, channelData } = message;
    const { user, application } = connection;
    if (channelData === undefined && user !== undefined) {
      return { userId: user.id, id: user.id, userInfo: user.userInfo };
    }
    if (channelData === undefined) {
      throw refusal(channel, 'InvalidChannelData', 'A presence channel needs channel_data', 400);
    }
    let member: Member;
    try {
      member = parseChannelData(channelData);
    } catch (error) {
      if (!(error instanceof ChannelDataError)) throw error;
      throw refusal(channel, 'InvalidChannelData', error.message, 400);
    }
    const limit = application.maxPresenceUserInfoSize;
    if (member.userInfo !== undefined && Buffer.byteLength(member.userInfo) > limit) {
      throw refusal(channel, 'LimitReached', `user_info is larger than ${limit} bytes`, 4301);
    }
    return member;
  }

  private checkLimit({ application, subscriptions }: Connection, name: string): void {
    const limit = application.maxSubscriptions;
    if (limit > 0 && subscriptions.size >= limit) {
      const error = `A connection may subscribe to ${limit} channels`;
      throw refusal(name, 'LimitReached', error, 4100);
    }
  }
}

function refusal(
  channel: string,
  type: SubscriptionRefusal['type'],
  error: string,
  status: number,
): SubscriptionError {
  return new SubscriptionError(channel, { type, error, status });
}
