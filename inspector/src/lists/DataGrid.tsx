import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { useIsNarrow } from '../parts/use-media.js';
import type { Column } from './column.js';
import { GridHeader } from './GridHeader.js';
import { GridRow } from './GridRow.js';
import type { Sorting } from './sorting.js';
import { useFollow, type Follow } from './use-follow.js';
import { useViewport } from './use-viewport.js';
import { rowAfterKey, scrollTopFor, windowOf } from './window.js';

interface DataGridProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string | number;
  readonly onOpen?: (row: Row) => void;
  readonly openKey?: string | number | undefined;
  readonly sorting?: Sorting;
  readonly onSort?: (columnId: string) => void;
  readonly follow?: Follow;
  /** Of a row where there is little room. */
  readonly narrowRowHeight?: number;
  readonly class?: string;
}

const ROW_HEIGHT = 30;
const HEADER_HEIGHT = 30;

/**
 * A grid of which only the rows that are seen are drawn. One stop of the tab key; arrows, page keys,
 * Home and End move in it, Enter opens a row.
 */
export function DataGrid<Row>(props: DataGridProps<Row>) {
  const { label, rows, keyOf, onOpen, sorting, onSort, follow } = props;
  const isNarrow = useIsNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const rowHeight = (isNarrow ? props.narrowRowHeight : undefined) ?? ROW_HEIGHT;
  const columns = isNarrow ? props.columns.filter(({ isMinor }) => !isMinor) : props.columns;
  const viewport = useViewport(scroller, rowHeight, HEADER_HEIGHT);
  const keys = useMemo(() => rows.map(keyOf), [rows]);
  const [activeKey, setActiveKey] = useState<string | number | undefined>(undefined);
  useFollow(scroller, keys, rowHeight, follow);
  useEffect(() => {
    // What was open stays the active row when it is closed.
    if (props.openKey !== undefined) {
      setActiveKey(props.openKey);
    }
  }, [props.openKey]);

  const active = activeKey === undefined ? -1 : keys.indexOf(activeKey);
  const { start, end } = windowOf(rows.length, viewport);
  const isActiveDrawn = active >= start && active < end;
  const template = columns.map(({ width }) => width).join(' ');
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== scroller.current || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const row = rows[active];
    if (event.key === 'Enter' && row !== undefined) {
      event.preventDefault();
      onOpen?.(row);
      return;
    }
    const perPage = Math.max(1, Math.floor(viewport.height / rowHeight) - 1);
    const target = rowAfterKey(event.key, active, rows.length, perPage);
    if (target !== undefined && scroller.current !== null) {
      event.preventDefault();
      setActiveKey(keys[target]);
      scroller.current.scrollTop = scrollTopFor(target, viewport);
    }
  };

  return (
    <div
      ref={scroller}
      class={`grid ${props.class ?? ''}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      aria-activedescendant={isActiveDrawn ? `${id}-${activeKey}` : undefined}
      onKeyDown={onKeyDown}
      style={{ '--columns': template, '--row-height': `${rowHeight}px` }}
    >
      <GridHeader columns={columns} sorting={sorting} onSort={onSort} />
      <div
        role="rowgroup"
        class="grid-body"
        style={{ height: `${rows.length * rowHeight}px`, paddingTop: `${start * rowHeight}px` }}
      >
        {rows.slice(start, end).map((row, offset) => (
          <GridRow
            key={keys[start + offset]}
            id={`${id}-${keys[start + offset]}`}
            row={row}
            index={start + offset}
            columns={columns}
            isActive={start + offset === active}
            isOpen={props.openKey !== undefined && keys[start + offset] === props.openKey}
            onOpen={() => {
              setActiveKey(keys[start + offset]);
              onOpen?.(row);
            }}
          />
        ))}
      </div>
    </div>
  );
}
