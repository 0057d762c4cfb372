import type { Member } from '../../scaling/state-store.js';

/** A member's part in a roster, escaped. */
interface RosterEntry {
  readonly id: string;
  readonly user: string;
}

/** A large roster is made for everybody who joins, of the same members. */
const entries = new WeakMap<Member, RosterEntry>();

/**
 * The `data` of a presence channel's subscription_succeeded, `{"presence":{ids,hash,count}}`, as it
 * stands inside a JSON string.
 */
export function escapedRoster(members: Iterable<Member>): string {
  let ids = '';
  let hash = '';
  let count = 0;
  for (const member of members) {
    const { id, user } = entryOf(member);
    const comma = count++ === 0 ? '' : ',';
    ids += comma + id;
    hash += comma + user;
  }
  return `{\\"presence\\":{\\"ids\\":[${ids}],\\"hash\\":{${hash}},\\"count\\":${count}}}`;
}

function entryOf(member: Member): RosterEntry {
  let entry = entries.get(member);
  if (entry === undefined) {
    const { id, userId, userInfo = 'null' } = member;
    const user = escape(`${JSON.stringify(userId)}:${userInfo}`);
    entry = { id: escape(JSON.stringify(id)), user };
    entries.set(member, entry);
  }
  return entry;
}

/** As it stands inside a JSON string. */
const escape = (text: string) => JSON.stringify(text).slice(1, -1);
