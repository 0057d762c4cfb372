import { useState } from 'preact/hooks';
import { formatMoment } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { Facts } from '../../parts/Facts.js';
import { Payload } from '../../parts/Payload.js';
import { retryWebhooks } from '../../state/actions.js';
import type { DeadWebhook } from '../../contract.js';

const COLUMNS: readonly Column<DeadWebhook>[] = [
  {
    id: 'deadMs',
    title: 'Given up',
    width: '12.5rem',
    cell: ({ deadMs }) => formatMoment(deadMs),
    sortKey: ({ deadMs }) => deadMs,
    isMinor: true,
  },
  {
    id: 'name',
    title: 'Event',
    width: 'minmax(7rem, 1fr)',
    cell: ({ name }) => name,
    sortKey: ({ name }) => name,
  },
  {
    id: 'channel',
    title: 'Channel',
    width: 'minmax(6rem, 1fr)',
    cell: ({ channel }) => channel ?? '',
    sortKey: ({ channel }) => channel,
  },
  {
    id: 'url',
    title: 'Endpoint',
    width: 'minmax(7rem, 1.5fr)',
    cell: ({ url }) => url ?? 'configured no more',
    sortKey: ({ url }) => url ?? '',
    isMinor: true,
  },
  {
    id: 'attempts',
    title: 'Attempts',
    width: '5.5rem',
    cell: ({ attempts }) => attempts,
    sortKey: ({ attempts }) => attempts,
    isNumber: true,
    isMinor: true,
  },
  {
    id: 'cause',
    title: 'Cause',
    width: 'minmax(7rem, 2fr)',
    cell: ({ cause }) => cause,
    sortKey: ({ cause }) => cause,
  },
];

interface DeadLettersProps {
  readonly appId: string;
  readonly dead: readonly DeadWebhook[];
  readonly whenDone: () => void;
}

/** What could not be delivered, and can be sent again. */
export function DeadLetters({ appId, dead, whenDone }: DeadLettersProps) {
  const [pickedId, setPickedId] = useState<string | undefined>(undefined);
  const picked = dead.find(({ id }) => id === pickedId);
  return (
    <section class="card" aria-labelledby="dead-title">
      <div class="card-head">
        <h2 id="dead-title">Dead letters</h2>
        <button
          type="button"
          disabled={dead.length === 0}
          onClick={() => retryWebhooks(appId, undefined, whenDone)}
        >
          Send all again
        </button>
      </div>
      {dead.length === 0 ? (
        <p class="muted">Everything was delivered, or is still being tried.</p>
      ) : (
        <SortedGrid
          label="Dead letters"
          class="short"
          rows={dead}
          columns={COLUMNS}
          keyOf={({ id }) => id}
          initial={{ by: 'deadMs', isDescending: true }}
          onOpen={({ id }) => setPickedId(id)}
        />
      )}
      {picked !== undefined && (
        <div role="group" aria-label={`Dead letter ${picked.name}`}>
          <div class="buttons">
            <button type="button" onClick={() => retryWebhooks(appId, [picked.id], whenDone)}>
              Send this one again
            </button>
          </div>
          <Facts
            facts={[
              ['Event', picked.name],
              ['Channel', picked.channel],
              ['Endpoint', picked.url ?? 'configured no more'],
              ['Happened', formatMoment(picked.atMs)],
              ['Given up', formatMoment(picked.deadMs)],
              ['Attempts', picked.attempts],
              ['Cause', picked.cause],
            ]}
          />
          <Payload title="What was sent" data={picked.event} />
        </div>
      )}
    </section>
  );
}
