import { signal } from '@preact/signals';
import { ask } from '../../api/api.js';
import { countOf, formatCount, formatNumber } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { SampleCode } from '../../parts/SampleCode.js';
import { SearchField } from '../../parts/SearchField.js';
import { useDebounced } from '../../parts/use-debounced.js';
import { goTo } from '../../state/location.js';
import { usePoll } from '../../state/polling.js';
import type { ChannelList, ChannelRow } from '../../contract.js';

const INTERVAL_MS = 2000;

const COLUMNS: readonly Column<ChannelRow>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(9rem, 3fr)',
    cell: ({ name }) => name,
    sortKey: ({ name }) => name,
  },
  {
    id: 'type',
    title: 'Type',
    width: 'minmax(6rem, 1fr)',
    cell: ({ type }) => type,
    sortKey: ({ type }) => type,
    isMinor: true,
  },
  {
    id: 'subscriptions',
    title: 'Subscriptions',
    width: '7.5rem',
    cell: ({ subscriptions }) => formatCount(subscriptions),
    sortKey: ({ subscriptions }) => subscriptions,
    isNumber: true,
  },
  {
    id: 'users',
    title: 'Users',
    width: '5rem',
    cell: ({ users }) => (users === undefined ? '' : formatCount(users)),
    sortKey: ({ users }) => users,
    isNumber: true,
    isMinor: true,
  },
  {
    id: 'rate',
    title: 'Events/s',
    width: '5.5rem',
    cell: ({ rate }) => (rate === undefined ? '' : formatNumber(rate)),
    sortKey: ({ rate }) => rate,
    isNumber: true,
  },
];

const search = signal('');

/** The channels that have subscribers. */
export function ChannelsView({ appId }: { readonly appId: string }) {
  const asked = useDebounced(search.value.trim());
  const poll = usePoll(
    `${appId} ${asked}`,
    INTERVAL_MS,
    (abort) =>
      ask<ChannelList>(['apps', appId, 'channels'], {
        query: asked === '' ? {} : { search: asked },
        signal: abort,
      }),
    true,
  );
  const { answer } = poll;
  return (
    <>
      <div class="page-head">
        <h1>Channels</h1>
        <SearchField
          label="Search"
          value={search.value}
          placeholder="part of a name"
          onChange={(value) => (search.value = value)}
        />
        {answer !== undefined && <span class="muted">{totalWords(answer)}</span>}
      </div>
      <PollStatus poll={poll} />
      {answer !== undefined && answer.channels.length === 0 ? (
        <NoChannels isSearch={asked !== ''} />
      ) : (
        <SortedGrid
          label="Channels"
          rows={answer?.channels ?? []}
          columns={COLUMNS}
          keyOf={({ name }) => name}
          initial={{ by: 'subscriptions', isDescending: true }}
          onOpen={({ name }) => goTo({ view: 'channels', of: { appId, name } })}
        />
      )}
    </>
  );
}

function totalWords({ total, channels }: ChannelList): string {
  const words = countOf(total, 'channel');
  return total > channels.length
    ? `${words}, of which ${formatCount(channels.length)} are listed`
    : words;
}

function NoChannels({ isSearch }: { readonly isSearch: boolean }) {
  return isSearch ? (
    <EmptyState title="No channel matches">
      <p>A channel is listed while it has subscribers, on any node.</p>
    </EmptyState>
  ) : (
    <EmptyState title="No channel has subscribers">
      <p>A channel is there from its first subscription to its last.</p>
      <SampleCode />
    </EmptyState>
  );
}
