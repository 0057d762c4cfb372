import { Logger } from '@nestjs/common';
import type { ClusterMessage } from '../cluster-message.js';
import type { PubSubListener } from '../pub-sub-provider.js';

/**
 * Hands messages to the listener, one after the other: what the listener publishes meanwhile comes
 * behind what is there. A listener that throws misses that one message.
 */
export class DeliveryQueue {
  private readonly logger = new Logger('PubSub');
  private readonly waiting: ClusterMessage[] = [];
  private isDelivering = false;
  private listener: PubSubListener | undefined;

  listen(listener: PubSubListener): void {
    this.listener = listener;
  }

  deliver(message: ClusterMessage): void {
    this.deliverAll([message]);
  }

  /** Several at once, so that nothing comes between them. */
  deliverAll(messages: Iterable<ClusterMessage>): void {
    for (const message of messages) this.waiting.push(message);
    if (this.isDelivering) return;
    this.isDelivering = true;
    for (const message of this.waiting) this.hand(message);
    this.waiting.length = 0;
    this.isDelivering = false;
  }

  private hand(message: ClusterMessage): void {
    try {
      this.listener?.(message);
    } catch (error) {
      this.logger.error('A message of the cluster could not be handled', error);
    }
  }
}
