import { Injectable } from '@nestjs/common';
import type { ClusterMessage } from './cluster-message.js';
import { PubSubProvider, type PubSubListener } from './pub-sub-provider.js';

/** The driver of a node that is alone: what is published arrives at once, in the same call. */
@Injectable()
export class LocalPubSubProvider extends PubSubProvider {
  private readonly topics = new Set<string>();
  private listener: PubSubListener | undefined;

  override listen(listener: PubSubListener): void {
    this.listener = listener;
  }

  override subscribe(topic: string): void {
    this.topics.add(topic);
  }

  override unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  override isWanted(topic: string): boolean {
    return this.topics.has(topic);
  }

  /** Nothing is kept here. */
  override hasRoomFor(): boolean {
    return true;
  }

  override publish(topic: string, message: ClusterMessage): void {
    if (this.topics.has(topic)) this.listener?.(message);
  }

  override get status(): 'alone' {
    return 'alone';
  }
}
