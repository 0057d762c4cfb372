import type { ComponentChildren } from 'preact';
import type { SortKey } from './sorting.js';

/** A column of a grid. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** As a track of a CSS grid. */
  readonly width: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** What it is sorted by, if it can be. */
  readonly sortKey?: (row: Row) => SortKey;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isMinor?: boolean;
}
