import type { Column } from './column.js';
import type { Sorting } from './sorting.js';

interface GridHeaderProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly sorting: Sorting | undefined;
  readonly onSort: ((columnId: string) => void) | undefined;
}

/** The titles of the columns; those that can be sorted by are buttons. */
export function GridHeader<Row>({ columns, sorting, onSort }: GridHeaderProps<Row>) {
  return (
    <div role="rowgroup" class="grid-head">
      <div role="row" class="grid-row" aria-rowindex={1}>
        {columns.map(({ id, title, sortKey, isNumber }) => {
          const isSorted = sorting?.by === id;
          const direction = sorting?.isDescending ? 'descending' : 'ascending';
          return (
            <div
              key={id}
              role="columnheader"
              class={isNumber ? 'cell number' : 'cell'}
              aria-sort={sortKey === undefined ? undefined : isSorted ? direction : 'none'}
            >
              {sortKey === undefined ? (
                title
              ) : (
                <button type="button" class="sort" onClick={() => onSort?.(id)}>
                  {title}
                  <span aria-hidden="true">
                    {isSorted ? (sorting.isDescending ? ' ↓' : ' ↑') : ''}
                  </span>
                </button>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
