import { changed, unchanged, type Command, type EntryKind } from './entry-kind.js';

/** The end of a grace, and the node that waits for it. */
interface Grace {
  readonly nodeId: string;
  /** By the clock of the server. */
  readonly endMs: number;
}

/** A user who is signed in on some nodes, or was until a moment ago. */
export interface UserState {
  nodeIds: string[];
  grace: Grace | null;
}

/** What one node holds of a user. */
export type UserShare = 'signed in' | { readonly graceEndMs: number } | undefined;

/** How a user is kept; and what comes and goes like users, under a name of its own. */
export const userKind = (name: string): EntryKind<UserState> => ({
  name,
  create: () => ({ nodeIds: [], grace: null }),
  fromJson: (json) => json as UserState,
  toJson: (user) => user,
  remainingMs: (user) => (isOnline(user) ? Infinity : 0),
});

/** Signed in, or in the grace. */
export const isOnline = ({ nodeIds, grace }: UserState): boolean =>
  nodeIds.length > 0 || grace !== null;

/** @returns whether the user was offline */
export const signIn =
  (nodeId: string): Command<UserState, boolean> =>
  (user) => {
    const wasOnline = isOnline(user);
    const isNews = !user.nodeIds.includes(nodeId) || user.grace !== null;
    if (isNews) take(user, nodeId, 'signed in');
    return { answer: !wasOnline, isChanged: isNews };
  };

/** @returns whether the user is signed in nowhere now, so that the grace begins */
export const signOut =
  (nodeId: string, graceEndMs: number): Command<UserState, boolean> =>
  (user) => {
    if (!user.nodeIds.includes(nodeId)) return unchanged(false);
    take(user, nodeId, { graceEndMs });
    return changed(user.nodeIds.length === 0);
  };

/** The grace that a node waited for is over. @returns whether the user is offline by that */
export const endGrace =
  (nodeId: string): Command<UserState, boolean> =>
  (user) => {
    if (user.grace?.nodeId !== nodeId) return unchanged(false);
    user.grace = null;
    return changed(!isOnline(user));
  };

/** A node holds this and nothing else. @returns whether the user is online, if that changed */
export const holdShare =
  (nodeId: string, share: UserShare): Command<UserState, boolean | undefined> =>
  (user) => {
    const before = JSON.stringify(user);
    const wasOnline = isOnline(user);
    take(user, nodeId, share);
    const isTold = wasOnline !== isOnline(user) && typeof share !== 'object';
    const answer = isTold ? !wasOnline : undefined;
    return { answer, isChanged: JSON.stringify(user) !== before };
  };

/** Some nodes hold nothing any more. @returns whether the user is offline by that */
export const dropShares =
  (isGone: (nodeId: string) => boolean): Command<UserState, boolean> =>
  (user) => {
    const wasOnline = isOnline(user);
    const before = user.nodeIds.length;
    user.nodeIds = user.nodeIds.filter((nodeId) => !isGone(nodeId));
    const hasGrace = user.grace !== null && isGone(user.grace.nodeId);
    if (hasGrace) user.grace = null;
    const isChanged = hasGrace || user.nodeIds.length < before;
    return { answer: wasOnline && !isOnline(user), isChanged };
  };

function take(user: UserState, nodeId: string, share: UserShare): void {
  user.nodeIds = user.nodeIds.filter((holder) => holder !== nodeId);
  if (user.grace?.nodeId === nodeId) user.grace = null;
  if (share === 'signed in') {
    user.nodeIds.push(nodeId);
    user.grace = null;
  } else if (share !== undefined && user.nodeIds.length === 0) {
    user.grace ??= { nodeId, endMs: share.graceEndMs };
  }
}
