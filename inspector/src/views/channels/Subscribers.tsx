import { useState } from 'preact/hooks';
import { formatBytes, formatCount } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { disconnectSocket } from '../../state/actions.js';
import { hashOf } from '../../state/route.js';
import type { ChannelDetails, SubscriberRow } from '../../contract.js';

const COLUMNS: readonly Column<SubscriberRow>[] = [
  {
    id: 'socketId',
    title: 'Socket',
    width: 'minmax(8rem, 1.5fr)',
    cell: ({ socketId }) => socketId,
    sortKey: ({ socketId }) => socketId,
  },
  {
    id: 'userId',
    title: 'User',
    width: 'minmax(4rem, 1fr)',
    cell: ({ userId }) => userId ?? '',
    sortKey: ({ userId }) => userId,
  },
  {
    id: 'nodeId',
    title: 'Node',
    width: 'minmax(5rem, 1fr)',
    cell: ({ nodeId }) => nodeId,
    sortKey: ({ nodeId }) => nodeId,
    isMinor: true,
  },
  {
    id: 'unsentBytes',
    title: 'Unsent',
    width: '5rem',
    cell: ({ unsentBytes }) => formatBytes(unsentBytes),
    sortKey: ({ unsentBytes }) => unsentBytes,
    isNumber: true,
  },
];

interface SubscribersProps {
  readonly appId: string;
  readonly channel: ChannelDetails;
  readonly whenDone: () => void;
}

/** The connections that are subscribed; a picked one can be opened or disconnected. */
export function Subscribers({ appId, channel, whenDone }: SubscribersProps) {
  const [picked, setPicked] = useState<string | undefined>(undefined);
  const { subscribers, subscriptions } = channel;
  const isThere = subscribers.some(({ socketId }) => socketId === picked);
  return (
    <section class="card" aria-labelledby="subscribers-title">
      <h2 id="subscribers-title">Subscribers</h2>
      {subscriptions > subscribers.length && (
        <p class="muted">
          {formatCount(subscribers.length)} of {formatCount(subscriptions)} are listed.
        </p>
      )}
      {subscribers.length === 0 ? (
        <p class="muted">Nobody is subscribed.</p>
      ) : (
        <SortedGrid
          label="Subscribers"
          class="short"
          rows={subscribers}
          columns={COLUMNS}
          keyOf={({ socketId }) => socketId}
          initial={{ by: 'socketId', isDescending: false }}
          onOpen={({ socketId }) => setPicked(socketId)}
        />
      )}
      {picked !== undefined && isThere && (
        <div class="buttons" role="group" aria-label={`Subscriber ${picked}`}>
          <a
            class="button"
            href={hashOf({ view: 'connections', of: { appId, name: picked } })}
          >{`Open ${picked}`}</a>
          <button
            type="button"
            class="danger"
            onClick={() => disconnectSocket(appId, picked, whenDone)}
          >{`Disconnect ${picked}`}</button>
        </div>
      )}
    </section>
  );
}
