import { useMemo, useState } from 'preact/hooks';
import type { Column } from './column.js';
import { DataGrid } from './DataGrid.js';
import { sorted, sortingAfter, type Sorting } from './sorting.js';

interface SortedGridProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string | number;
  readonly onOpen?: (row: Row) => void;
  readonly initial: Sorting;
  readonly class?: string;
}

/** A grid whose reader chooses what it is sorted by. */
export function SortedGrid<Row>({ rows, columns, initial, ...rest }: SortedGridProps<Row>) {
  const [sorting, setSorting] = useState(initial);
  const column = columns.find(({ id }) => id === sorting.by);
  const ordered = useMemo(
    () =>
      column?.sortKey === undefined ? rows : sorted(rows, column.sortKey, sorting.isDescending),
    [rows, sorting],
  );
  const onSort = (by: string): void =>
    setSorting((last) =>
      sortingAfter(last, by, columns.find(({ id }) => id === by)?.isNumber ?? false),
    );
  return <DataGrid {...rest} rows={ordered} columns={columns} sorting={sorting} onSort={onSort} />;
}
