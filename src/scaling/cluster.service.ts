import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Awaitable } from './awaitable.js';
import type {
  ClusterMessage,
  FrameMessage,
  TerminateMessage,
  UserStatusMessage,
} from './cluster-message.js';
import { PubSubProvider } from './pub-sub-provider.js';

/** Who acts on the messages of the cluster, this node's own among them. */
export interface ClusterListeners {
  onFrame(message: FrameMessage): void;
  onTerminate(message: TerminateMessage): void;
  onUserStatus(message: UserStatusMessage): void;
}

const CONTROL_TOPIC = 'control';

/**
 * Speaks to all nodes as to one: what is sent here acts on every node that is concerned, this one
 * among them, through the same path. Chooses the topics.
 */
@Injectable()
export class ClusterService implements OnModuleInit {
  private listeners: Partial<ClusterListeners> = {};

  constructor(private readonly pubSub: PubSubProvider) {}

  async onModuleInit(): Promise<void> {
    this.pubSub.listen((message) => this.receive(message));
    await this.pubSub.subscribe(CONTROL_TOPIC);
  }

  /** Says who acts on some of the messages. Each kind has one listener. */
  listen(listeners: Partial<ClusterListeners>): void {
    this.listeners = { ...this.listeners, ...listeners };
  }

  get status(): PubSubProvider['status'] {
    return this.pubSub.status;
  }

  /** This node wants the frames of a channel. Resolves when none will be missed any more. */
  joinChannel(appId: string, channel: string): Awaitable<void> {
    return this.pubSub.subscribe(channelTopic(appId, channel));
  }

  leaveChannel(appId: string, channel: string): void {
    this.pubSub.unsubscribe(channelTopic(appId, channel));
  }

  /** This node wants to know when a user comes online or goes offline. */
  watchUser(appId: string, userId: string): Awaitable<void> {
    return this.pubSub.subscribe(userTopic(appId, userId));
  }

  unwatchUser(appId: string, userId: string): void {
    this.pubSub.unsubscribe(userTopic(appId, userId));
  }

  /** Sends a frame to all subscribers of a channel, in the order of the calls. */
  broadcast(
    appId: string,
    channel: string,
    frame: Buffer,
    exceptSocketId?: string,
  ): Awaitable<void> {
    return this.pubSub.publish(channelTopic(appId, channel), {
      type: 'frame',
      appId,
      channel,
      frame,
      exceptSocketId,
    });
  }

  /** Closes every connection of a user. */
  terminate(appId: string, userId: string): Awaitable<void> {
    return this.pubSub.publish(CONTROL_TOPIC, { type: 'terminate', appId, userId });
  }

  /** Tells all who watch a user that it came online or went offline. */
  announceUser(appId: string, userId: string, isOnline: boolean): Awaitable<void> {
    return this.pubSub.publish(userTopic(appId, userId), {
      type: 'user-status',
      appId,
      userId,
      isOnline,
    });
  }

  private receive(message: ClusterMessage): void {
    switch (message.type) {
      case 'frame':
        return this.listeners.onFrame?.(message);
      case 'terminate':
        return this.listeners.onTerminate?.(message);
      case 'user-status':
        return this.listeners.onUserStatus?.(message);
    }
  }
}

/* Application ids and channel names have no blanks, so no two topics are ever the same. */
const channelTopic = (appId: string, channel: string) => `channel ${appId} ${channel}`;
const userTopic = (appId: string, userId: string) => `user ${appId} ${userId}`;
