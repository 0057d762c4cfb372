import { signal } from '@preact/signals';
import { formatCount, formatNumber } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { SampleCode } from '../../parts/SampleCode.js';
import { goTo } from '../../state/location.js';
import type { ChannelList, ChannelRow } from '../../contract.js';
import { SearchedList } from '../SearchedList.js';

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
  return (
    <SearchedList<ChannelList, ChannelRow>
      appId={appId}
      title="Channels"
      noun="channel"
      search={search}
      placeholder="part of a name"
      columns={COLUMNS}
      initial={{ by: 'subscriptions', isDescending: true }}
      rowsOf={({ channels }) => channels}
      keyOf={({ name }) => name}
      onOpen={({ name }) => goTo({ view: 'channels', of: { appId, name } })}
      emptyOf={(isSearch) => <NoChannels isSearch={isSearch} />}
    />
  );
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
