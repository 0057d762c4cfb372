/** What a watch gets of one node between two flushes. */
export interface WatchShare {
  readonly records: number;
  readonly recordsOfKind: number;
  /** Steps of events. */
  readonly parts: number;
  /** Of these, such of events that may be known to the watch from another node. */
  readonly partsFromElsewhere: number;
  /** Characters of all texts of its records, and as many of its parts. One of each may go beyond it. */
  readonly length: number;
}

/** What it gets of all nodes together. */
const WHOLE = { records: 120, recordsOfKind: 40, parts: 400, length: 131_072 };
/** However many nodes there are, each may say something. */
const LEAST = { records: 20, recordsOfKind: 10, parts: 50, length: 8192 };

/** The share of one of so many nodes, one at least: a page has one connection for what all of them say. */
export function shareOf(nodes: number): WatchShare {
  const of = (name: keyof typeof WHOLE) =>
    Math.max(Math.floor(WHOLE[name] / Math.max(nodes, 1)), LEAST[name]);
  const parts = of('parts');
  return {
    records: of('records'),
    recordsOfKind: of('recordsOfKind'),
    parts,
    partsFromElsewhere: Math.floor(parts / 2),
    length: of('length'),
  };
}
