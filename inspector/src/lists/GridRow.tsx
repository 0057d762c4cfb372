import type { Column } from './column.js';

interface GridRowProps<Row> {
  readonly id: string;
  readonly row: Row;
  readonly index: number;
  readonly columns: readonly Column<Row>[];
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

/** One row of a grid. */
export function GridRow<Row>(props: GridRowProps<Row>) {
  const { id, row, index, columns, isActive, isOpen, onOpen } = props;
  const state = `${isActive ? ' active' : ''}${isOpen ? ' open' : ''}`;
  return (
    <div
      id={id}
      role="row"
      class={`grid-row${state}`}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      onClick={onOpen}
    >
      {columns.map((column) => {
        const content = column.cell(row);
        return (
          <div
            key={column.id}
            role="gridcell"
            class={`cell cell-${column.id}${column.isNumber ? ' number' : ''}`}
            title={typeof content === 'string' && content !== '' ? content : undefined}
          >
            {content}
          </div>
        );
      })}
    </div>
  );
}
