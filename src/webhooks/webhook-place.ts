import { channelEvent, memberEvent, userEvent, type WebhookEventType } from './webhook-event.js';

/**
 * What is there as long as a connection of any node has it: a channel with subscribers, a member of a
 * presence channel, a signed-in user.
 */
export type WebhookPlace =
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'member'; readonly channel: string; readonly userId: string }
  | { readonly kind: 'user'; readonly userId: string };

/**
 * The places that a connection has by its subscription to a channel. Users' own channels are no business
 * of backends.
 * @param userId who it is in a presence channel
 */
export function placesOf(channel: string, userId: string | undefined): readonly WebhookPlace[] {
  if (channel.startsWith('#')) return [];
  const place: WebhookPlace = { kind: 'channel', channel };
  return userId === undefined ? [place] : [place, { kind: 'member', channel, userId }];
}

/** The events that tell of a place: it is there now, it is there no more. */
export const PLACE_EVENTS = {
  channel: ['channel_occupied', 'channel_vacated'],
  member: ['member_added', 'member_removed'],
  user: ['user_online', 'user_offline'],
} as const satisfies Record<WebhookPlace['kind'], readonly [WebhookEventType, WebhookEventType]>;

/** A place as the state store knows it. Names of channels have no blanks. */
export function writePlace(place: WebhookPlace): string {
  switch (place.kind) {
    case 'channel':
      return `channel ${place.channel}`;
    case 'member':
      return `member ${place.channel} ${place.userId}`;
    case 'user':
      return `user ${place.userId}`;
  }
}

/** The inverse of {@link writePlace}; undefined for what this version does not know. */
export function readPlace(text: string): WebhookPlace | undefined {
  const [, kind, rest = ''] = /^(\w+) (.*)$/s.exec(text) ?? [];
  if (kind === 'channel') return { kind, channel: rest };
  if (kind === 'user') return { kind, userId: rest };
  const [, channel = '', userId] = /^(\S+) (.*)$/s.exec(rest) ?? [];
  return kind === 'member' && userId !== undefined ? { kind, channel, userId } : undefined;
}

/** The channel that filters look at. */
export function channelOf(place: WebhookPlace): string | undefined {
  return place.kind === 'user' ? undefined : place.channel;
}

/** What is told when a place is taken or left: the name of the event, and the event as JSON. */
export function placeEvent(
  place: WebhookPlace,
  isOccupied: boolean,
): { readonly type: WebhookEventType; readonly event: string } {
  switch (place.kind) {
    case 'channel': {
      const type = isOccupied ? 'channel_occupied' : 'channel_vacated';
      return { type, event: channelEvent(type, place.channel) };
    }
    case 'member': {
      const type = isOccupied ? 'member_added' : 'member_removed';
      return { type, event: memberEvent(type, place.channel, place.userId) };
    }
    case 'user': {
      const type = isOccupied ? 'user_online' : 'user_offline';
      return { type, event: userEvent(type, place.userId) };
    }
  }
}
