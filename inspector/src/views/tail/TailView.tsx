import { useIsNarrow } from '../../parts/use-media.js';
import { EmptyTail } from './EmptyTail.js';
import { FilterBar } from './FilterBar.js';
import { RecordDetails } from './RecordDetails.js';
import { RecordList } from './RecordList.js';
import { openRecord, shownRecords } from './tail-state.js';
import { TailBar } from './TailBar.js';

/** All that happens, as it happens. */
export function TailView() {
  const records = shownRecords.value;
  const isOpen = openRecord.value !== undefined;
  const isNarrow = useIsNarrow();
  const close = (): void => {
    openRecord.value = undefined;
    document.querySelector<HTMLElement>('.tail-list')?.focus();
  };
  return (
    <>
      <h1 class="visually-hidden">Tail</h1>
      <FilterBar />
      <TailBar />
      <div class={isOpen ? 'split is-open' : 'split'}>
        {records.length === 0 ? (
          <EmptyTail />
        ) : (
          <RecordList
            label="Records"
            class="tail-list"
            records={records}
            open={openRecord.value}
            onOpen={(kept) => (openRecord.value = kept)}
          />
        )}
        {openRecord.value !== undefined && (
          <RecordDetails kept={openRecord.value} onClose={close} takesFocus={isNarrow} />
        )}
      </div>
    </>
  );
}
