/** What a webhook can tell, in the words of the protocol. */
export const WEBHOOK_EVENT_TYPES = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
  'subscription_count',
  'user_online',
  'user_offline',
] as const;

/** The name of an event. */
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** What a client sent to a channel. */
export interface ReportedClientEvent {
  readonly channel: string;
  readonly event: string;
  /** Any JSON value, or undefined. */
  readonly data: unknown;
  readonly socketId: string;
  /** Of the member that sent it, in a presence channel. */
  readonly userId: string | undefined;
}

/** An event about a channel, as JSON. */
export function channelEvent(
  name: 'channel_occupied' | 'channel_vacated' | 'cache_miss',
  channel: string,
): string {
  return JSON.stringify({ name, channel });
}

/** An event about a member of a presence channel, as JSON. */
export function memberEvent(
  name: 'member_added' | 'member_removed',
  channel: string,
  userId: string,
): string {
  return JSON.stringify({ name, channel, user_id: userId });
}

/** An event about a signed-in user, as JSON. */
export function userEvent(name: 'user_online' | 'user_offline', userId: string): string {
  return JSON.stringify({ name, user_id: userId });
}

/** How many connections are subscribed to a channel now, as JSON. */
export function subscriptionCountEvent(channel: string, count: number): string {
  return JSON.stringify({ name: 'subscription_count', channel, subscription_count: count });
}

/** What a client sent, as JSON. Its `data` is a string: the one that was sent, or the JSON of what was. */
export function clientEvent(sent: ReportedClientEvent): string {
  const { channel, event, data, socketId, userId } = sent;
  return JSON.stringify({
    name: 'client_event',
    channel,
    event,
    data: typeof data === 'string' ? data : JSON.stringify(data),
    socket_id: socketId,
    user_id: userId,
  });
}
