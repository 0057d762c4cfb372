import { changed, unchanged, type Command, type EntryKind } from './entry-kind.js';

/** How many of something each node has. */
export type Tally = Map<string, number>;

/** How a tally is kept, of one kind of things. */
export const tallyKind = (name: string): EntryKind<Tally> => ({
  name,
  create: () => new Map(),
  fromJson: (json) => new Map(json as [string, number][]),
  toJson: (tally) => [...tally],
  remainingMs: (tally) => (tally.size === 0 ? 0 : Infinity),
});

/** A node has so many. */
export const setCount =
  (nodeId: string, count: number): Command<Tally, void> =>
  (tally) => {
    if ((tally.get(nodeId) ?? 0) === count) return unchanged(undefined);
    if (count > 0) tally.set(nodeId, count);
    else tally.delete(nodeId);
    return changed(undefined);
  };

/** A node has so many more, or fewer. */
export const addCount =
  (nodeId: string, difference: number): Command<Tally, void> =>
  (tally) =>
    setCount(nodeId, Math.max(0, (tally.get(nodeId) ?? 0) + difference))(tally);

/** A node has one more, unless all nodes have `limit` by then. @returns whether it has */
export const admit =
  (nodeId: string, limit: number): Command<Tally, boolean> =>
  (tally) => {
    if (sumOf(tally) >= limit) return unchanged(false);
    tally.set(nodeId, (tally.get(nodeId) ?? 0) + 1);
    return changed(true);
  };

/** Nodes have none any more. */
export const dropCounts =
  (isGone: (nodeId: string) => boolean): Command<Tally, void> =>
  (tally) => {
    const gone = [...tally.keys()].filter(isGone);
    for (const nodeId of gone) tally.delete(nodeId);
    return { answer: undefined, isChanged: gone.length > 0 };
  };

/** How many the other nodes have. */
export const sumOfOthers = (tally: Tally, nodeId: string): number =>
  sumOf(tally) - (tally.get(nodeId) ?? 0);

const sumOf = (tally: Tally): number => [...tally.values()].reduce((sum, each) => sum + each, 0);
