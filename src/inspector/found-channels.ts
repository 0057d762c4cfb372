import type { ChannelState } from '../scaling/state-store.js';
import { MANY_IN_A_TURN, nextTurn } from './next-turn.js';

const MAX_CHANNELS = 10_000;

/** Channels that were looked for. */
export interface FoundChannels {
  /** By name, the first ten thousand. */
  readonly channels: readonly ChannelState[];
  /** How many there are. */
  readonly total: number;
}

/**
 * Finds the channels whose name contains a text, but for those that clients cannot name. Others have
 * their turn meanwhile, however many there are.
 */
export async function findChannels(
  states: readonly ChannelState[],
  search: string,
): Promise<FoundChannels> {
  const channels: ChannelState[] = [];
  let total = 0;
  for (let start = 0; start < states.length; start += MANY_IN_A_TURN) {
    if (start > 0) await nextTurn();
    const some = states
      .slice(start, start + MANY_IN_A_TURN)
      .filter(({ channel }) => !channel.startsWith('#') && channel.includes(search));
    total += some.length;
    channels.push(...some);
    channels.sort((one, other) => (one.channel < other.channel ? -1 : 1));
    if (channels.length > MAX_CHANNELS) channels.length = MAX_CHANNELS;
  }
  return { channels, total };
}
