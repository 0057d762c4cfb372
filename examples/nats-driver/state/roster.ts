import type { JoinOutcome, LeaveOutcome, Member, RosterVersion } from 'revurb';
import { type Command, type EntryKind, type Outcome } from './entry-kind.js';

/** A user in a presence channel, and the nodes it is connected to. */
export interface Presence {
  readonly member: Member;
  readonly nodeIds: string[];
}

/** Who is in a presence channel. */
export interface RosterState {
  version: RosterVersion;
  readonly users: Map<string, Presence>;
}

/** What a step that is about several users has changed. */
export interface RosterChange {
  readonly version: RosterVersion;
  readonly left: readonly string[];
  readonly joined: readonly Member[];
}

/** How long an empty channel keeps its version; then the time of day is beyond it for sure. */
const REST_MS = 5000;

type UserJson = readonly [
  userId: string,
  id: string | number,
  info: string | null,
  nodes: string[],
];

/** How a roster is kept. */
export const ROSTER: EntryKind<RosterState> = {
  name: 'roster',
  create: () => ({ version: 0, users: new Map() }),
  fromJson: (json) => {
    const [version, users] = json as [number, UserJson[]];
    return { version, users: new Map(users.map((user) => [user[0], presenceOf(user)])) };
  },
  toJson: ({ version, users }) => [version, Array.from(users.values(), userJson)],
  remainingMs: ({ users }) => (users.size === 0 ? REST_MS : Infinity),
};

/** A user is connected to a node. `limit` 0 is none. `nowMs` is where the version of a new channel begins. */
export const hold =
  (
    nodeId: string,
    member: Member,
    limit: number,
    nowMs: number,
  ): Command<RosterState, JoinOutcome> =>
  (roster) => {
    const isMember = roster.users.has(member.userId);
    if (!isMember && limit > 0 && roster.users.size >= limit) {
      return { answer: { isFull: true }, isChanged: false };
    }
    const isChanged = add(roster, nodeId, member, nowMs);
    return { answer: { isFull: false, isFirst: !isMember, version: roster.version }, isChanged };
  };

/** A user is connected to a node no more. */
export const letGo =
  (nodeId: string, userId: string): Command<RosterState, LeaveOutcome> =>
  (roster) => {
    const isChanged = remove(roster, userId, (holder) => holder === nodeId);
    const isLast = isChanged && !roster.users.has(userId);
    return { answer: { isLast, version: roster.version }, isChanged };
  };

/** These and no others are connected to a node; of the undecided nothing is known yet. */
export const holdExactly =
  (
    nodeId: string,
    members: ReadonlyMap<string, Member>,
    isUndecided: (userId: string) => boolean,
    nowMs: number,
  ): Command<RosterState, RosterChange> =>
  (roster) => {
    const isGone = (holder: string) => holder === nodeId;
    const isOver = (userId: string) => !members.has(userId) && !isUndecided(userId);
    const outcome = removeAll(roster, isGone, isOver);
    const decided = [...members.values()].filter(({ userId }) => !isUndecided(userId));
    const joined = decided.filter(({ userId }) => !roster.users.has(userId));
    const added = decided.map((member) => add(roster, nodeId, member, nowMs));
    const { left } = outcome.answer;
    return {
      answer: { version: roster.version, left, joined },
      isChanged: outcome.isChanged || added.includes(true),
    };
  };

/** Nobody is connected to some nodes any more. */
export const letGoOf =
  (isGone: (nodeId: string) => boolean): Command<RosterState, RosterChange> =>
  (roster) =>
    removeAll(roster, isGone, () => true);

function removeAll(
  roster: RosterState,
  isGone: (nodeId: string) => boolean,
  concerns: (userId: string) => boolean,
): Outcome<RosterChange> {
  const left: string[] = [];
  let isChanged = false;
  for (const userId of roster.users.keys()) {
    if (!concerns(userId) || !remove(roster, userId, isGone)) continue;
    isChanged = true;
    if (!roster.users.has(userId)) left.push(userId);
  }
  return { answer: { version: roster.version, left, joined: [] }, isChanged };
}

/** @returns whether that is news */
function add(roster: RosterState, nodeId: string, member: Member, nowMs: number): boolean {
  const user = roster.users.get(member.userId);
  if (user?.nodeIds.includes(nodeId)) return false;
  if (user !== undefined) return user.nodeIds.push(nodeId) > 0;
  if (roster.version === 0) roster.version = Math.floor(nowMs * 1000);
  roster.version++;
  roster.users.set(member.userId, { member, nodeIds: [nodeId] });
  return true;
}

/** @returns whether that is news */
function remove(roster: RosterState, userId: string, isGone: (nodeId: string) => boolean): boolean {
  const user = roster.users.get(userId);
  const rest = user?.nodeIds.filter((nodeId) => !isGone(nodeId));
  if (user === undefined || rest === undefined || rest.length === user.nodeIds.length) return false;
  user.nodeIds.splice(0, Infinity, ...rest);
  if (rest.length > 0) return true;
  roster.users.delete(userId);
  roster.version++;
  return true;
}

const presenceOf = ([userId, id, info, nodeIds]: UserJson): Presence => ({
  member: { userId, id, userInfo: info ?? undefined },
  nodeIds,
});

const userJson = ({ member, nodeIds }: Presence): UserJson => [
  member.userId,
  member.id,
  member.userInfo ?? null,
  nodeIds,
];
