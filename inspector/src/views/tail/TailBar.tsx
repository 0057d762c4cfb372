import { countOf, formatCount } from '../../format/format.js';
import { Icon } from '../../parts/Icon.js';
import { Notice } from '../../parts/Notice.js';
import { saveText } from '../../parts/save-text.js';
import { jsonLinesOf } from '../../records/json-lines.js';
import { tail, tailOrder } from '../../records/tail.js';
import {
  arrivedWhilePaused,
  clearTail,
  isPaused,
  shownRecords,
  togglePause,
} from './tail-state.js';

function exportRecords(): void {
  const at = new Date().toISOString().replace(/[:.]/g, '-');
  saveText(`revurb-records-${at}.jsonl`, jsonLinesOf(shownRecords.value));
}

function countWords(): string {
  const shown = countOf(shownRecords.value.length, 'record');
  return isPaused.value
    ? `${shown}, paused; ${formatCount(arrivedWhilePaused.value)} more arrived meanwhile`
    : shown;
}

/** What can be done with the tail, and what it says of itself. */
export function TailBar() {
  const isStill = isPaused.value;
  const sampling = tail.value?.sampling.value;
  return (
    <div class="tail-bar" role="group" aria-label="Tail">
      <button type="button" aria-pressed={isStill} onClick={togglePause}>
        <Icon name={isStill ? 'play' : 'pause'} />
        {isStill ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={clearTail}>
        <Icon name="trash" />
        Clear
      </button>
      <button type="button" disabled={shownRecords.value.length === 0} onClick={exportRecords}>
        <Icon name="download" />
        Export
      </button>
      <select
        aria-label="Order"
        value={tailOrder.value}
        onChange={(event) =>
          (tailOrder.value =
            event.currentTarget.value === 'newest last' ? 'newest last' : 'newest first')
        }
      >
        <option>newest first</option>
        <option>newest last</option>
      </select>
      <span class="tail-count" data-testid="tail-count">
        {countWords()}
      </span>
      {sampling !== undefined && !isStill && <Notice isTold={false}>{sampling}</Notice>}
    </div>
  );
}
