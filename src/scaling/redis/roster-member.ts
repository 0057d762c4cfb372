import type { Member } from '../state-store.js';
import { fromExactText } from './exact-text.js';

/** Who a member is, besides the id it is known by: the id in its own JSON type, and `user_info` as the text it is. */
export function writeMember({ id, userInfo }: Member): string {
  return JSON.stringify(userInfo === undefined ? [id] : [id, userInfo]);
}

/** The members as Redis has them: texts by turns, a user and what {@link writeMember} wrote. */
export function readMembers(fields: readonly string[]): Member[] {
  const members: Member[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [id, userInfo] = JSON.parse(fields[i + 1]!) as [string | number, string?];
    members.push({ userId: fromExactText(fields[i]!), id, userInfo });
  }
  return members;
}
