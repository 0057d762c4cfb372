/** By which column, and in which direction. */
export interface Sorting {
  readonly by: string;
  readonly isDescending: boolean;
}

/** What a row is sorted by; rows without it come last. */
export type SortKey = string | number | undefined;

const names = new Intl.Collator('en', { numeric: true });

function compared(one: string | number, other: string | number): number {
  return typeof one === 'number' && typeof other === 'number'
    ? one - other
    : names.compare(String(one), String(other));
}

/** A sorted copy; rows of the same key keep their order. */
export function sorted<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
  isDescending: boolean,
): Row[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((one, other) => {
    if (one.key === undefined || other.key === undefined) {
      return Number(one.key === undefined) - Number(other.key === undefined);
    }
    return compared(one.key, other.key) * (isDescending ? -1 : 1);
  });
  return keyed.map(({ row }) => row);
}

/** What a click on a column makes of a sorting: the other way round, or by that column. */
export function sortingAfter(sorting: Sorting, by: string, isDescendingFirst: boolean): Sorting {
  return sorting.by === by
    ? { by, isDescending: !sorting.isDescending }
    : { by, isDescending: isDescendingFirst };
}
