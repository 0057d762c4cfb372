import { useMemo, useRef, useState } from 'preact/hooks';
import { countOf } from '../../format/format.js';
import { DataGrid } from '../../lists/DataGrid.js';
import type { KeptRecord } from '../../records/record-store.js';
import { tailOrder } from '../../records/tail.js';
import { RECORD_COLUMNS } from './record-columns.js';

interface RecordListProps {
  readonly label: string;
  /** The oldest first. */
  readonly records: readonly KeptRecord[];
  readonly open: KeptRecord | undefined;
  readonly onOpen: (kept: KeptRecord) => void;
  readonly class?: string;
}

const NARROW_ROW_HEIGHT = 62;

/** Records as they come; stays at the newest until one scrolls away, and then says how many are new. */
export function RecordList({ label, records, open, onOpen, class: name }: RecordListProps) {
  const [isFollowing, setFollowing] = useState(true);
  const leftAt = useRef(0);
  const isNewestFirst = tailOrder.value === 'newest first';
  const rows = useMemo(
    () => (isNewestFirst ? records.toReversed() : records),
    [records, isNewestFirst],
  );
  const newest = records.at(-1)?.sequence ?? 0;
  const fresh = isFollowing
    ? 0
    : records.length - 1 - records.findLastIndex(({ sequence }) => sequence <= leftAt.current);
  return (
    <div class="record-list">
      <DataGrid
        label={label}
        class={`records ${name ?? ''}`}
        rows={rows}
        columns={RECORD_COLUMNS}
        keyOf={({ sequence }) => sequence}
        onOpen={onOpen}
        openKey={open?.sequence}
        narrowRowHeight={NARROW_ROW_HEIGHT}
        follow={{
          edge: isNewestFirst ? 'top' : 'bottom',
          isFollowing,
          onFollowing: (follows) => {
            leftAt.current = newest;
            setFollowing(follows);
          },
        }}
      />
      {fresh > 0 && (
        <button
          type="button"
          class={`fresh ${isNewestFirst ? 'fresh-top' : 'fresh-bottom'}`}
          onClick={() => setFollowing(true)}
        >
          {countOf(fresh, 'new', 'new')}
        </button>
      )}
    </div>
  );
}
