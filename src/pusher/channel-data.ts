import { MAX_USER_ID_LENGTH } from '../channels/channel-name.js';
import type { Member } from '../scaling/state-store.js';

/** Says what is wrong with `channel_data`. */
export class ChannelDataError extends Error {}

/**
 * Reads the `channel_data` of a presence subscription: who joins.
 * @throws ChannelDataError when it is unreadable or names nobody
 */
export function parseChannelData(channelData: string): Member {
  const data = parseObject(channelData);
  const id = data.user_id;
  if (typeof id !== 'string' && typeof id !== 'number') {
    throw new ChannelDataError('channel_data must have a user_id, a string or a number');
  }
  const userId = typeof id === 'number' ? numericId(id) : id;
  if (userId === '' || userId.length > MAX_USER_ID_LENGTH) {
    throw new ChannelDataError(`user_id must have 1 to ${MAX_USER_ID_LENGTH} characters`);
  }
  const userInfo = data.user_info === undefined ? undefined : JSON.stringify(data.user_info);
  return { userId, id, userInfo };
}

/** Numbers that JSON cannot hold exactly would make one user of two. */
function numericId(id: number): string {
  if (!Number.isFinite(id) || (Number.isInteger(id) && !Number.isSafeInteger(id))) {
    throw new ChannelDataError('user_id is too large for a JSON number, send it as a string');
  }
  return String(id);
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ChannelDataError('channel_data must be JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ChannelDataError('channel_data must be a JSON object');
  }
  return value as Record<string, unknown>;
}
