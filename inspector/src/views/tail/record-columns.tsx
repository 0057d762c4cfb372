import { countOf, formatTime } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { KindBadge } from '../../parts/KindBadge.js';
import type { KeptRecord } from '../../records/record-store.js';
import { sentenceOf } from '../../records/sentence.js';

function channelWords({ record: { channels } }: KeptRecord): string {
  const [first, ...others] = channels ?? [];
  return others.length === 0 ? (first ?? '') : `${first} and ${countOf(others.length, 'other')}`;
}

/** The columns of records. */
export const RECORD_COLUMNS: readonly Column<KeptRecord>[] = [
  {
    id: 'time',
    title: 'Time',
    width: '6.6rem',
    cell: ({ record }) => <time>{formatTime(record.atMs)}</time>,
  },
  {
    id: 'kind',
    title: 'Kind',
    width: '9rem',
    cell: ({ record }) => <KindBadge kind={record.kind} />,
  },
  { id: 'channel', title: 'Channel', width: 'minmax(7rem, 1.3fr)', cell: channelWords },
  {
    id: 'event',
    title: 'Event',
    width: 'minmax(6rem, 1fr)',
    cell: ({ record }) => record.event ?? '',
  },
  { id: 'user', title: 'User', width: '5rem', cell: ({ record }) => record.userId ?? '' },
  { id: 'socket', title: 'Socket', width: '9rem', cell: ({ record }) => record.socketId ?? '' },
  {
    id: 'what',
    title: 'What happened',
    width: 'minmax(10rem, 2.4fr)',
    cell: ({ record }) => sentenceOf(record),
  },
];
