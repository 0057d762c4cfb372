import { formatCount } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { goTo } from '../../state/location.js';
import type { ConnectionDetails } from '../../contract.js';

type Subscription = ConnectionDetails['subscriptions'][number];

const COLUMNS: readonly Column<Subscription>[] = [
  {
    id: 'channel',
    title: 'Channel',
    width: '3fr',
    cell: ({ channel }) => channel,
    sortKey: ({ channel }) => channel,
  },
  {
    id: 'userId',
    title: 'As user',
    width: '1fr',
    cell: ({ userId }) => userId ?? '',
    sortKey: ({ userId }) => userId,
  },
];

interface SubscriptionsProps {
  readonly appId: string;
  readonly connection: ConnectionDetails;
}

/** What a connection is subscribed to. */
export function Subscriptions({ appId, connection }: SubscriptionsProps) {
  const { subscriptions, channels } = connection;
  return (
    <section class="card" aria-labelledby="subscriptions-title">
      <h2 id="subscriptions-title">Subscriptions</h2>
      {channels > subscriptions.length && (
        <p class="muted">
          {formatCount(subscriptions.length)} of {formatCount(channels)} are listed.
        </p>
      )}
      {subscriptions.length === 0 ? (
        <p class="muted">It is subscribed to nothing.</p>
      ) : (
        <SortedGrid
          label="Subscriptions"
          class="short"
          rows={subscriptions}
          columns={COLUMNS}
          keyOf={({ channel }) => channel}
          initial={{ by: 'channel', isDescending: false }}
          onOpen={({ channel }) => goTo({ view: 'channels', of: { appId, name: channel } })}
        />
      )}
    </section>
  );
}
