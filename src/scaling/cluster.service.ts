import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { inBackground, type Awaitable } from './awaitable.js';
import type {
  AnswerMessage,
  AskMessage,
  ClusterMessage,
  FrameMessage,
  MembersMessage,
  TerminateMessage,
  UserStatusMessage,
} from './cluster-message.js';
import { PubSubProvider } from './pub-sub-provider.js';
import { SCALING_OPTIONS, type ScalingOptions } from './scaling.options.js';
import {
  StateStore,
  UNKNOWN_VERSION,
  type MembersChange,
  type PlaceChange,
} from './state-store.js';

/** Who acts on the messages of the cluster, this node's own among them. */
export interface ClusterListeners {
  onFrame(message: FrameMessage): void;
  onMembers(message: MembersMessage): void;
  onTerminate(message: TerminateMessage): void;
  onUserStatus(message: UserStatusMessage): void;
  onAsk(message: AskMessage): void;
  onAnswer(message: AnswerMessage): void;
  onRestart(): void;
}

/** Who hears of a change on the node that tells the others of it: of all nodes exactly one. */
export interface LearntListener {
  members(change: MembersChange): void;
  userStatus(appId: string, userId: string, isOnline: boolean): void;
}

/** One frame for one channel. */
export interface Broadcast {
  readonly channel: string;
  readonly frame: Buffer;
  /** The connection that does not get it, on whatever node it is. */
  readonly exceptSocketId?: string | undefined;
}

const CONTROL_TOPIC = 'control';

/**
 * Speaks to all nodes as to one: what is sent here acts on every node that is concerned, this one
 * among them, through the same path. Chooses the topics.
 */
@Injectable()
export class ClusterService implements OnModuleInit {
  private readonly logger = new Logger(ClusterService.name);
  private listeners: Partial<ClusterListeners> = {};
  private readonly restoreListeners: (() => void)[] = [];
  private learntListener: LearntListener | undefined;
  private placeListener: (change: PlaceChange) => void = () => undefined;
  /** How long to wait, after the cluster was out of reach, before what is missing counts as gone. */
  readonly settleMs: number;
  private readonly timeoutMs: number;

  constructor(
    private readonly pubSub: PubSubProvider,
    private readonly state: StateStore,
    @Inject(SCALING_OPTIONS) options: ScalingOptions,
  ) {
    this.settleMs = (options.heartbeatSeconds + 1) * 1000;
    this.timeoutMs = options.timeoutSeconds * 1000;
  }

  async onModuleInit(): Promise<void> {
    this.pubSub.listen((message) => this.receive(message));
    this.state.listen({
      onMembersChanged: (change) => this.tellMembers(change),
      onUserStatus: (appId, userId, isOnline) =>
        inBackground(this.announceUser(appId, userId, isOnline), this.logger),
      onPlaceChanged: (change) => this.placeListener(change),
      onRestored: () => this.restoreListeners.forEach((listener) => listener()),
    });
    await Promise.all([
      this.pubSub.subscribe(CONTROL_TOPIC),
      this.pubSub.subscribe(nodeTopic(this.nodeId)),
    ]);
  }

  /** Says who acts on some of the messages. Each kind has one listener. */
  listen(listeners: Partial<ClusterListeners>): void {
    this.listeners = { ...this.listeners, ...listeners };
  }

  /** Calls back when the cluster was out of reach and is there again: what was read from it may have changed. */
  onRestored(listener: () => void): void {
    this.restoreListeners.push(listener);
  }

  /** Sets who hears of changes that are known to be those of the cluster, and once. */
  onLearnt(listener: LearntListener): void {
    this.learntListener = listener;
  }

  /** Sets who is told that a place was left for good, or taken, although nobody called for it. */
  onPlaceChanged(listener: (change: PlaceChange) => void): void {
    this.placeListener = listener;
  }

  get nodeId(): string {
    return this.state.nodeId;
  }

  /** The nodes that are alive, this one among them. */
  get nodes(): readonly string[] {
    return this.state.nodes();
  }

  /** Other nodes that are about to stop, and may still have connections, as far as is known. */
  get leavingNodes(): readonly string[] {
    return this.state.leavingNodes();
  }

  /** `down`: other nodes cannot be reached, and every answer is that of this node alone. */
  get status(): PubSubProvider['status'] {
    const { status } = this.pubSub;
    return status === 'down' ? status : this.state.status;
  }

  /** Other nodes have been out of reach for longer than a load balancer should put up with. */
  get isGivenUp(): boolean {
    return this.state.unreachableMs >= this.timeoutMs;
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

  /** Whether a frame for a channel may have a receiver; see {@link PubSubProvider.isWanted}. */
  isWanted(appId: string, channel: string): boolean {
    return this.pubSub.isWanted(channelTopic(appId, channel));
  }

  /**
   * Sends a frame to all subscribers of a channel, in the order of the calls.
   * @param traceparent of the span that this is, for the nodes that go on with it
   * @throws OverloadError when there is no room for it
   */
  broadcast(
    appId: string,
    channel: string,
    frame: Buffer,
    exceptSocketId?: string,
    traceparent?: string,
  ): Awaitable<void> {
    return this.pubSub.publish(channelTopic(appId, channel), {
      type: 'frame',
      appId,
      channel,
      frame,
      exceptSocketId,
      traceparent,
    });
  }

  /** Whether all of these could be broadcast now. */
  hasRoomFor(broadcasts: readonly Broadcast[]): boolean {
    let bytes = 0;
    for (const { frame } of broadcasts) bytes += frame.length;
    return this.pubSub.hasRoomFor(broadcasts.length, bytes);
  }

  /**
   * Tells all nodes who came to a presence channel, or left it. What only this node knows it tells
   * only itself. If others cannot be told they find out by themselves, as a version is missing.
   */
  tellMembers(change: MembersChange): void {
    const message: MembersMessage = { ...change, type: 'members' };
    if (change.version === UNKNOWN_VERSION) return this.receive(message);
    this.learntListener?.members(change);
    const topic = channelTopic(change.appId, change.channel);
    this.send(topic, message, () => this.receive(message));
  }

  /** Closes every connection of a user; those of this node at least, should there be no room to tell the others. */
  terminate(appId: string, userId: string): Awaitable<void> {
    const message: TerminateMessage = { type: 'terminate', appId, userId };
    const actHere = () => this.receive(message);
    try {
      const sent = this.pubSub.publish(CONTROL_TOPIC, message);
      return sent instanceof Promise ? sent.catch(actHere) : sent;
    } catch {
      return actHere();
    }
  }

  /** Tells all who watch a user that it came online or went offline. What only this node knows it tells only itself. */
  announceUser(appId: string, userId: string, isOnline: boolean): Awaitable<void> {
    const message: UserStatusMessage = { type: 'user-status', appId, userId, isOnline };
    if (this.status === 'down') return this.receive(message);
    this.learntListener?.userStatus(appId, userId, isOnline);
    return this.pubSub.publish(userTopic(appId, userId), message);
  }

  /** Sends something to one node. Nobody waits for it, and it may get lost. */
  tell(nodeId: string, message: AskMessage | AnswerMessage): void {
    this.send(nodeTopic(nodeId), message, () => undefined);
  }

  private send(topic: string, message: ClusterMessage, onFailed: () => void): void {
    try {
      const sent = this.pubSub.publish(topic, message);
      if (sent instanceof Promise) sent.catch(onFailed);
    } catch {
      onFailed();
    }
  }

  private receive(message: ClusterMessage): void {
    switch (message.type) {
      case 'frame':
        return this.listeners.onFrame?.(message);
      case 'members':
        return this.listeners.onMembers?.(message);
      case 'terminate':
        return this.listeners.onTerminate?.(message);
      case 'user-status':
        return this.listeners.onUserStatus?.(message);
      case 'ask':
        return this.listeners.onAsk?.(message);
      case 'answer':
        return this.listeners.onAnswer?.(message);
      case 'restart':
        return this.listeners.onRestart?.();
    }
  }
}

/* Application ids and channel names have no blanks, so no two topics are ever the same. */
const channelTopic = (appId: string, channel: string) => `channel ${appId} ${channel}`;
const userTopic = (appId: string, userId: string) => `user ${appId} ${userId}`;

/** What one node is told alone. */
export const nodeTopic = (nodeId: string) => `node ${nodeId}`;
