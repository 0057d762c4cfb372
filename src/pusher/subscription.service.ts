import { Injectable } from '@nestjs/common';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import type { Channel, Subscription } from '../channels/channel.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { StateStore, type CachedEvent, type Member } from '../scaling/state-store.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
import { AddressLimits } from './address-limits.js';
import { authorizationFault } from './authorization.js';
import { ChannelDataError, parseChannelData } from './channel-data.js';
import { PresenceService } from './presence.service.js';
import type { SubscribeMessage } from './protocol/client-message.js';
import { SubscriptionError, type SubscriptionRefusal } from './protocol/pusher-error.js';
import { cacheMiss, publishedEvent, subscriptionSucceeded } from './protocol/server-frame.js';
import { SubscriptionCountNotifier } from './subscription-count.notifier.js';
import { askAboutSubscription } from './subscription-hook.js';

/** What is known when a connection enters a channel. */
interface Entry {
  readonly member: Member | undefined;
  /** Who is in a presence channel; undefined also when it is full. */
  readonly roster: Iterable<Member> | undefined;
  readonly cached: CachedEvent | undefined;
  /** What was broadcast while the store was asked. */
  readonly missed?: readonly Buffer[] | undefined;
}

/** Lets connections into channels and out of them (protocol, section 4). */
@Injectable()
export class SubscriptionService {
  constructor(
    private readonly channels: ChannelManager,
    private readonly presence: PresenceService,
    private readonly state: StateStore,
    private readonly counts: SubscriptionCountNotifier,
    private readonly extensions: ExtensionRegistry,
    private readonly webhooks: WebhookReporter,
    private readonly limits: AddressLimits,
  ) {}

  /**
   * Subscribes a connection and answers it.
   * @throws SubscriptionError when it may not, and what extensions refuse it with
   * @throws ClosingError when it was the last straw
   */
  async subscribe(connection: Connection, message: SubscribeMessage): Promise<void> {
    const { application } = connection;
    const { channel: name } = message;
    if (!isChannelName(name, application.maxChannelNameLength)) {
      const error = `A channel name has 1 to ${application.maxChannelNameLength} characters of [-a-zA-Z0-9_=@,.;]`;
      throw refusal(name, 'InvalidChannel', error, 400);
    }
    const kind = channelKindOf(name);
    const fault = authorizationFault(connection, kind, message);
    if (fault !== undefined) {
      if (kind.needsAuth && message.auth !== undefined) this.limits.connectionFailed(connection);
      throw refusal(name, 'AuthError', fault, 401);
    }
    let member = kind.isPresence ? this.memberOf(connection, message) : undefined;
    const former = this.channels.subscriptionOf(connection, name);
    if (former !== undefined) return this.answerAgain(former);
    this.checkLimit(connection, name);
    const { beforeSubscribe } = this.extensions.hooks;
    if (beforeSubscribe !== null) {
      member = await askAboutSubscription(beforeSubscribe, connection, message, member);
    }

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

  private async enter(
    connection: Connection,
    channel: Channel,
    member: Member | undefined,
  ): Promise<void> {
    const { appId, name, kind } = channel;
    const joined = member && this.presence.join(connection, channel, member);
    const stored = kind.isCache ? this.state.cachedEvent(appId, name) : undefined;
    if (!(joined instanceof Promise || stored instanceof Promise)) {
      return this.conclude(connection, channel, { member, roster: joined, cached: stored });
    }
    // What arrives before the answers do may be newer than they are.
    const kept = kind.isCache ? channel.keepFrames(connection.socketId) : undefined;
    try {
      const [roster, cached] = await Promise.all([joined, stored]);
      this.conclude(connection, channel, { member, roster, cached, missed: kept?.frames });
    } catch (error) {
      if (member !== undefined) this.presence.leave(connection, channel, member);
      throw error;
    } finally {
      if (kept !== undefined) channel.stopKeeping(kept);
    }
  }

  /** Between the answers of the store and the first frame nothing is awaited, so that no event falls in between. */
  private conclude(connection: Connection, channel: Channel, entry: Entry): void {
    const { member, roster } = entry;
    if (member !== undefined && roster === undefined) {
      const error = `The channel is full (${connection.application.maxPresenceMembers} members)`;
      throw refusal(channel.name, 'LimitReached', error, 4004);
    }
    if (connection.isOpen) return this.admit(connection, channel, entry);
    if (member !== undefined) this.presence.leave(connection, channel, member);
  }

  private admit(connection: Connection, channel: Channel, entry: Entry): void {
    const { name, kind } = channel;
    const { member, roster, cached, missed = [] } = entry;
    const { application, socketId } = connection;
    this.channels.subscribe(connection, channel, member);
    this.webhooks.subscribed(application, name, socketId, member?.userId);
    if (kind.needsAuth) connection.isAuthorized = true;
    connection.writeOwed(subscriptionSucceeded(name, roster));
    if (kind.isCache) {
      const frame = cached && publishedEvent(cached.event, name, cached.data);
      const isAmongMissed = frame !== undefined && missed.some((other) => other.equals(frame));
      if (!isAmongMissed) connection.write(frame ?? cacheMiss(name));
      if (frame === undefined) this.webhooks.cacheMiss(application, name);
    }
    for (const frame of missed) connection.write(frame);
    this.counts.changed(application, channel);
    const { onSubscribed } = this.extensions.hooks;
    if (onSubscribed === null) return;
    const cache = kind.isCache ? (cached === undefined ? 'miss' : 'hit') : undefined;
    onSubscribed.tell({ application, connection, channel: name, member, cache });
  }

  private answerAgain(subscription: Subscription): void {
    const { connection, channel } = subscription;
    const roster = channel.view?.members;
    // The roster must not overtake who came and went before it.
    subscription.settle();
    connection.write(subscriptionSucceeded(channel.name, roster));
  }

  private end(subscription: Subscription): void {
    const { connection, channel, member } = subscription;
    this.channels.unsubscribe(subscription);
    if (member !== undefined) this.presence.leave(connection, channel, member);
    const { application, socketId } = connection;
    this.webhooks.unsubscribed(application, channel.name, socketId, member?.userId);
    this.counts.changed(application, channel);
    const { onUnsubscribed } = this.extensions.hooks;
    onUnsubscribed?.tell({ application, connection, channel: channel.name, member });
  }

  private memberOf(connection: Connection, message: SubscribeMessage): Member {
    const member = whoJoins(connection, message);
    const limit = connection.application.maxPresenceUserInfoSize;
    if (member.userInfo !== undefined && Buffer.byteLength(member.userInfo) > limit) {
      const error = `user_info is larger than ${limit} bytes`;
      throw refusal(message.channel, 'LimitReached', error, 4301);
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

/** Who `channel_data` names, or else the user that the connection signed in as. */
function whoJoins({ user }: Connection, { channel, channelData }: SubscribeMessage): Member {
  if (channelData === undefined) {
    if (user !== undefined) return { userId: user.id, id: user.id, userInfo: user.userInfo };
    throw refusal(channel, 'InvalidChannelData', 'A presence channel needs channel_data', 400);
  }
  try {
    return parseChannelData(channelData);
  } catch (error) {
    if (!(error instanceof ChannelDataError)) throw error;
    throw refusal(channel, 'InvalidChannelData', error.message, 400);
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
