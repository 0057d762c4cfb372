import { changed, unchanged, type Command, type EntryKind, type Subject } from './entry-kind.js';

/** What is known of one node. */
export interface NodeLease {
  /** Grows with each sign of life. */
  readonly beat: number;
  /** It stops, and is to be asked no more. */
  readonly isLeaving: boolean;
  /** It has stopped, and what it held is missed from then on, by the clock of the server. */
  readonly endMs: number | null;
}

/** All nodes. */
export interface Registry {
  readonly nodes: Map<string, NodeLease>;
  /** Grows when something may have changed that nobody told of. */
  generation: number;
}

/** What a sign of life showed. */
export interface BeatOutcome {
  /** The node was not among the others: it is new, or counted as dead, or everything was lost. */
  readonly wasMissing: boolean;
  readonly registry: Registry;
}

/** The one entry with all nodes. */
export const REGISTRY_SUBJECT: Subject = { appId: '', name: '' };

/** How it is kept. */
export const REGISTRY: EntryKind<Registry> = {
  name: 'nodes',
  create: () => ({ nodes: new Map(), generation: 0 }),
  fromJson: (json) => {
    const { nodes, generation } = json as { nodes: [string, NodeLease][]; generation: number };
    return { nodes: new Map(nodes), generation };
  },
  toJson: ({ nodes, generation }) => ({ nodes: [...nodes], generation }),
  remainingMs: () => Infinity,
};

/** A node gives a sign of life. */
export const beat =
  (nodeId: string): Command<Registry, BeatOutcome> =>
  (registry) => {
    const lease = registry.nodes.get(nodeId) ?? { beat: 0, isLeaving: false, endMs: null };
    const wasMissing = !registry.nodes.has(nodeId);
    registry.nodes.set(nodeId, { ...lease, beat: lease.beat + 1 });
    return changed({ wasMissing, registry });
  };

/** A node is about to stop; or has stopped, when it is said from when on it is missed. */
export const leave =
  (nodeId: string, endMs: number | null): Command<Registry, void> =>
  ({ nodes }) => {
    const lease = nodes.get(nodeId);
    if (lease === undefined) return unchanged(undefined);
    nodes.set(nodeId, { ...lease, isLeaving: true, endMs });
    return changed(undefined);
  };

/**
 * Strikes off nodes, unless they were heard of again.
 * @param beats of those to be struck off, as they were seen
 * @returns who was there until now: of several nodes that try only one is told
 */
export const strikeOff =
  (beats: ReadonlyMap<string, number>): Command<Registry, readonly string[]> =>
  ({ nodes }) => {
    const gone = [...beats].filter(([nodeId, seen]) => nodes.get(nodeId)?.beat === seen);
    for (const [nodeId] of gone) nodes.delete(nodeId);
    return { answer: gone.map(([nodeId]) => nodeId), isChanged: gone.length > 0 };
  };

/** Has every node read again what it knows. @returns the generation after it */
export const nextGeneration: Command<Registry, number> = (registry) =>
  changed(++registry.generation);
