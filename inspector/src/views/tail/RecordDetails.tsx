import { useEffect, useRef } from 'preact/hooks';
import { formatMoment } from '../../format/format.js';
import { Facts } from '../../parts/Facts.js';
import { IconButton } from '../../parts/IconButton.js';
import { KindBadge } from '../../parts/KindBadge.js';
import { Payload } from '../../parts/Payload.js';
import type { KeptRecord } from '../../records/record-store.js';
import { sentenceOf } from '../../records/sentence.js';
import { tail } from '../../records/tail.js';
import { RecordActions } from './RecordActions.js';
import { factsOf } from './record-facts.js';
import { TracePanel } from './TracePanel.js';

interface RecordDetailsProps {
  readonly kept: KeptRecord;
  readonly onClose: () => void;
  /** Whether it lies over the list, so that focus has to go to it. */
  readonly takesFocus: boolean;
}

/** All that is known of one record. */
export function RecordDetails({ kept, onClose, takesFocus }: RecordDetailsProps) {
  const { record, nodeId, trace } = kept;
  const panel = useRef<HTMLElement>(null);
  // Parts of the trace may come after the record.
  void tail.value?.version.value;
  useEffect(() => {
    if (takesFocus) {
      panel.current?.focus();
    }
  }, [kept, takesFocus]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) {
        onClose();
      }
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <aside ref={panel} class="details" aria-label="Details of the record" tabIndex={-1}>
      <div class="details-head">
        <h2>
          <KindBadge kind={record.kind} />
        </h2>
        <IconButton icon="close" label="Close the details" onClick={onClose} />
      </div>
      <p class="details-sentence">{sentenceOf(record)}</p>
      <RecordActions record={record} />
      {trace !== undefined && <TracePanel kept={kept} trace={trace} />}
      {(record.kind === 'published' || record.kind === 'client-event') && (
        <Payload title="Payload" data={record.data} />
      )}
      <section>
        <h3>Fields</h3>
        <Facts
          facts={[['Time', formatMoment(record.atMs)], ['Node', nodeId], ...factsOf(record)]}
        />
      </section>
    </aside>
  );
}
