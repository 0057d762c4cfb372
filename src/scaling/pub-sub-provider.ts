import type { Awaitable } from './awaitable.js';
import type { ClusterMessage } from './cluster-message.js';

/** Told of every message that arrives on a topic this node subscribed to, its own among them. */
export type PubSubListener = (message: ClusterMessage) => void;

/**
 * PORT: carries messages between the nodes of a cluster.
 *
 * Promises: a message reaches every node that subscribed to its topic before it was published,
 * the publishing node among them and through the same path, at most once, and messages of one
 * topic arrive everywhere in one order. A node that did not subscribe is not bothered. While the
 * other nodes cannot be reached, this node's own subscribers still get what is published here, at
 * once; the others get it later, once and in order, as far as the buffer goes.
 */
export abstract class PubSubProvider {
  /** Sets who is told. Called once, before anything else. */
  abstract listen(listener: PubSubListener): void;

  /** Resolves when what is published from now on will arrive. Subscribing twice is subscribing once. */
  abstract subscribe(topic: string): Awaitable<void>;

  abstract unsubscribe(topic: string): void;

  /**
   * Whether somebody may want what is published to a topic. False is for certain, so the message need
   * not even be made. A driver that cannot know it says true, as this one does.
   */
  isWanted(_topic: string): boolean {
    return true;
  }

  /** Whether so many messages, with so many bytes of frames in all, would be taken now. */
  abstract hasRoomFor(messages: number, bytes: number): boolean;

  /**
   * Resolves when the message is on its way to everybody; while the others cannot be reached, when
   * it is in the buffer.
   * @throws OverloadError when there is no room, and then nobody gets it
   */
  abstract publish(topic: string, message: ClusterMessage): Awaitable<void>;

  /** `alone`: this driver knows no other node. `down`: other nodes cannot be reached now. */
  abstract get status(): 'alone' | 'up' | 'down';
}
