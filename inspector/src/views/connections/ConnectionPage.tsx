import { ask } from '../../api/api.js';
import { formatBytes, formatCount, formatDuration } from '../../format/format.js';
import { Facts } from '../../parts/Facts.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { disconnectSocket, disconnectUser } from '../../state/actions.js';
import { usePoll } from '../../state/polling.js';
import type { ConnectionDetails } from '../../contract.js';
import { LivePanel } from '../tail/LivePanel.js';
import { Subscriptions } from './Subscriptions.js';

const INTERVAL_MS = 2000;

interface ConnectionPageProps {
  readonly appId: string;
  readonly socketId: string;
}

/** One connection: what it is subscribed to, and what it does. */
export function ConnectionPage({ appId, socketId }: ConnectionPageProps) {
  const poll = usePoll(`${appId} ${socketId}`, INTERVAL_MS, (signal) =>
    ask<ConnectionDetails>(['apps', appId, 'connections', socketId], { signal }),
  );
  const connection = poll.answer;
  const userId = connection?.userId;
  return (
    <div class="page">
      <div class="page-head">
        <nav class="crumbs" aria-label="Where this is">
          <a href="#/connections">Connections</a>
        </nav>
        <h1 class="long-name">{socketId}</h1>
        <button
          type="button"
          class="danger"
          onClick={() => disconnectSocket(appId, socketId, poll.refresh)}
        >
          Disconnect
        </button>
        {userId !== undefined && (
          <button
            type="button"
            class="danger"
            onClick={() => disconnectUser(appId, userId, poll.refresh)}
          >
            Disconnect user {userId}
          </button>
        )}
      </div>
      <PollStatus poll={poll} />
      {connection !== undefined && (
        <>
          <ConnectionFacts appId={appId} connection={connection} />
          <Subscriptions appId={appId} connection={connection} />
        </>
      )}
      <LivePanel title="What it does" filter={{ appId, socketId }} />
    </div>
  );
}

interface ConnectionFactsProps {
  readonly appId: string;
  readonly connection: ConnectionDetails;
}

function ConnectionFacts({ appId, connection }: ConnectionFactsProps) {
  return (
    <Facts
      facts={[
        ['Application', appId],
        ['User', connection.userId],
        ['Client', connection.client],
        ['Address', connection.address],
        ['Origin', connection.origin],
        ['Node', connection.nodeId],
        ['Age', formatDuration(connection.ageMs)],
        ['Idle', formatDuration(connection.idleMs)],
        ['Received', formatBytes(connection.bytesReceived)],
        ['Sent', formatBytes(connection.bytesSent)],
        ['Unsent', formatBytes(connection.unsentBytes)],
        ['Watchlist', formatCount(connection.watchlist)],
      ]}
    />
  );
}
