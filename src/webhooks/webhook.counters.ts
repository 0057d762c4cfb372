import { Injectable } from '@nestjs/common';

/** What became of deliveries on this node, since the start. */
@Injectable()
export class WebhookCounters {
  /** Deliveries that were answered with success. */
  delivered = 0;
  /** Events in them. */
  eventsDelivered = 0;
  /** Deliveries that were not. */
  failed = 0;
  /** Deliveries to an endpoint that had failed before, among the others. */
  retried = 0;
  /** Events that became dead letters. */
  deadLetters = 0;
  /** Events whose endpoint or application was gone when their turn came. */
  discarded = 0;
}
