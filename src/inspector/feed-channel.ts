/** The application whose only clients are the pages of inspectors. Not one of the provider's. */
export const INSPECTOR_APP_ID = 'revurb-inspector';
/** Its key, which is no secret: a signature is what lets a page have its feed. */
export const INSPECTOR_APP_KEY = 'revurb-inspector';

/** The event that brings records to a page. */
export const FEED_EVENT = 'records';

const PREFIX = 'private-inspector-';
const WATCH_ID = /^[0-9a-zA-Z-]{16,64}$/;

/** Whether a page may call a watch so. Long enough that nobody guesses one. */
export function isWatchId(id: unknown): id is string {
  return typeof id === 'string' && WATCH_ID.test(id);
}

/** The channel of a watch. */
export function feedChannelOf(watchId: string): string {
  return PREFIX + watchId;
}

/** Whether a channel is that of a watch. */
export function isFeedChannel(channel: string): boolean {
  return channel.startsWith(PREFIX) && isWatchId(channel.slice(PREFIX.length));
}
