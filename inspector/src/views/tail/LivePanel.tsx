import { useState } from 'preact/hooks';
import { Notice } from '../../parts/Notice.js';
import type { KeptRecord, RecordStore } from '../../records/record-store.js';
import { useLiveRecords } from '../../records/use-live-records.js';
import type { WatchFilter } from '../../contract.js';
import { RecordDetails } from './RecordDetails.js';
import { RecordList } from './RecordList.js';

function allOf(store: RecordStore): KeptRecord[] {
  return Array.from({ length: store.size }, (_, index) =>
    store.at(store.firstSequence + index),
  ).filter((kept) => kept !== undefined);
}

interface LivePanelProps {
  readonly title: string;
  readonly filter: WatchFilter;
}

/** What happens from now on, of one channel or connection. */
export function LivePanel({ title, filter }: LivePanelProps) {
  const live = useLiveRecords(filter);
  const [open, setOpen] = useState<KeptRecord | undefined>(undefined);
  void live?.version.value;
  const records = live === undefined ? [] : allOf(live.store);
  const sampling = live?.sampling.value;
  return (
    <section class="card live-panel" aria-labelledby="live-title">
      <h2 id="live-title">{title}</h2>
      {sampling !== undefined && <Notice isTold={false}>{sampling}</Notice>}
      {records.length === 0 ? (
        <p class="muted">Nothing since you opened this page. It appears here as it happens.</p>
      ) : (
        <RecordList label={title} class="short" records={records} open={open} onOpen={setOpen} />
      )}
      {open !== undefined && (
        <RecordDetails kept={open} onClose={() => setOpen(undefined)} takesFocus={false} />
      )}
    </section>
  );
}
