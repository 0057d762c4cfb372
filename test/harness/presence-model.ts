import type { PusherClient, ReceivedFrame } from './pusher-client.js';

/**
 * What a client that takes every frame at its word knows of a presence channel.
 * Reads all frames of the client, so that nothing may be discarded before.
 * @throws Error when somebody joins who is there already, or leaves who is not, unless it is as
 * lenient as stock clients are
 */
export function rosterSeenBy(
  client: PusherClient,
  channel: string,
  { isLenient = false } = {},
): string[] {
  let roster = new Set<string>();
  for (const frame of client.frames) {
    if (frame.channel === channel) roster = after(frame, roster, isLenient);
  }
  return [...roster].sort();
}

function after(frame: ReceivedFrame, roster: Set<string>, isLenient: boolean): Set<string> {
  const id = String(frame.json?.user_id);
  switch (frame.event) {
    case 'pusher_internal:subscription_succeeded':
      return rosterOf(frame);
    case 'pusher_internal:member_added':
      if (roster.has(id) && !isLenient) throw new Error(`${id} was added twice.`);
      roster.add(id);
      break;
    case 'pusher_internal:member_removed':
      if (!roster.delete(id) && !isLenient) throw new Error(`${id} was removed, but not there.`);
      break;
  }
  return roster;
}

function rosterOf({ json }: ReceivedFrame): Set<string> {
  const { ids, hash, count } = json.presence;
  const roster = new Set<string>(ids.map(String));
  if (roster.size !== ids.length || count !== ids.length) {
    throw new Error('The roster names somebody twice.');
  }
  if (Object.keys(hash).sort().join() !== [...roster].sort().join()) {
    throw new Error('The roster has other ids than hash.');
  }
  return roster;
}
