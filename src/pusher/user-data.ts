import { isUserId } from '../channels/channel-name.js';
import type { SignedInUser } from '../connections/connection.js';

/** Reads the `user_data` of a signin. @returns undefined when it is unreadable or has no proper id */
export function parseUserData(text: string): SignedInUser | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, user_info: userInfo, watchlist } = value as Record<string, unknown>;
  if (typeof id !== 'string' || !isUserId(id)) return undefined;
  return {
    id,
    userInfo: userInfo === undefined ? undefined : JSON.stringify(userInfo),
    watchlist: Array.isArray(watchlist) ? [...new Set(watchlist.filter(isWatchable))] : [],
  };
}

function isWatchable(id: unknown): id is string {
  return typeof id === 'string' && isUserId(id);
}
