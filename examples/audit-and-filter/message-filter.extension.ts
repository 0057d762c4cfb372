import { Injectable } from '@nestjs/common';
import {
  PusherError,
  PusherErrorCode,
  PusherExtension,
  type BeforeClientEvent,
  type BeforePublish,
  type ClientEventChange,
  type ClientEventRequest,
  type Publication,
  type PublishedEvent,
} from 'revurb';

const CARD_NUMBER = /\b(?:\d[ -]?){12,18}\d\b/g;
const MASK = '[removed]';

/** Keeps numbers of cards out of the channels. Comes first, so that others do not see them either. */
@Injectable()
@PusherExtension({ order: -10 })
export class MessageFilterExtension implements BeforePublish, BeforeClientEvent {
  /** What a backend publishes goes on without them; in a channel that everybody may hear it does not. */
  beforePublish({ event }: Publication): Partial<PublishedEvent> | void {
    const data = event.data.replace(CARD_NUMBER, MASK);
    if (data === event.data) return;
    if (event.channels.every((channel) => /^(private|presence)-/.test(channel))) return { data };
    throw new PusherError(
      PusherErrorCode.CLIENT_EVENT_REJECTED,
      'The event holds the number of a card, and its channel is public.',
    );
  }

  /** What clients send each other is dropped, and whoever sends it is none the wiser. */
  beforeClientEvent({ data }: ClientEventRequest): ClientEventChange | null | void {
    const text = JSON.stringify(data) ?? '';
    return text.search(CARD_NUMBER) < 0 ? undefined : null;
  }
}
