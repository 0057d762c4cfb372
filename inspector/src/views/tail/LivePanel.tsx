import { useState } from 'preact/hooks';
import { Notice } from '../../parts/Notice.js';
import type { KeptRecord } from '../../records/record-store.js';
import { useLiveRecords } from '../../records/use-live-records.js';
import type { WatchFilter } from '../../contract.js';
import { RecordDetails } from './RecordDetails.js';
import { RecordList } from './RecordList.js';

interface LivePanelProps {
  readonly title: string;
  readonly filter: WatchFilter;
}

/** What happens from now on, of one channel or connection. */
export function LivePanel({ title, filter }: LivePanelProps) {
  const live = useLiveRecords(filter);
  const [open, setOpen] = useState<KeptRecord | undefined>(undefined);
  void live?.version.value;
  const records = live?.store.records ?? [];
  const sampling = live?.sampling.value;
  const close = (): void => {
    setOpen(undefined);
    document.querySelector<HTMLElement>('.live-panel .records')?.focus();
  };
  return (
    <section class="card live-panel" aria-labelledby="live-title">
      <h2 id="live-title">{title}</h2>
      {sampling !== undefined && <Notice isTold={false}>{sampling}</Notice>}
      {records.length === 0 ? (
        <p class="muted">Nothing since you opened this page. It appears here as it happens.</p>
      ) : (
        <RecordList label={title} class="short" records={records} open={open} onOpen={setOpen} />
      )}
      {open !== undefined && <RecordDetails kept={open} onClose={close} takesFocus={false} />}
    </section>
  );
}
