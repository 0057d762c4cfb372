import { signal } from '@preact/signals';
import { ask } from '../../api/api.js';
import { countOf, formatCount } from '../../format/format.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { SampleCode } from '../../parts/SampleCode.js';
import { SearchField } from '../../parts/SearchField.js';
import { useDebounced } from '../../parts/use-debounced.js';
import { goTo } from '../../state/location.js';
import { usePoll } from '../../state/polling.js';
import type { ConnectionList } from '../../contract.js';
import { CONNECTION_COLUMNS } from './connection-columns.js';

const INTERVAL_MS = 2000;

const search = signal('');

/** The connections of an application. */
export function ConnectionsView({ appId }: { readonly appId: string }) {
  const asked = useDebounced(search.value.trim());
  const poll = usePoll(
    `${appId} ${asked}`,
    INTERVAL_MS,
    (abort) =>
      ask<ConnectionList>(['apps', appId, 'connections'], {
        query: asked === '' ? {} : { search: asked },
        signal: abort,
      }),
    true,
  );
  const { answer } = poll;
  return (
    <>
      <div class="page-head">
        <h1>Connections</h1>
        <SearchField
          label="Search"
          value={search.value}
          placeholder="socket, user, address, client, origin"
          onChange={(value) => (search.value = value)}
        />
        {answer !== undefined && <span class="muted">{totalWords(answer)}</span>}
      </div>
      <PollStatus poll={poll} />
      {answer !== undefined && answer.connections.length === 0 ? (
        <NoConnections isSearch={asked !== ''} />
      ) : (
        <SortedGrid
          label="Connections"
          class="wide"
          rows={answer?.connections ?? []}
          columns={CONNECTION_COLUMNS}
          keyOf={({ socketId }) => socketId}
          initial={{ by: 'ageMs', isDescending: false }}
          onOpen={({ socketId }) => goTo({ view: 'connections', of: { appId, name: socketId } })}
        />
      )}
    </>
  );
}

function totalWords({ total, connections }: ConnectionList): string {
  const words = countOf(total, 'connection');
  return total > connections.length
    ? `${words}, of which ${formatCount(connections.length)} are listed`
    : words;
}

function NoConnections({ isSearch }: { readonly isSearch: boolean }) {
  return (
    <EmptyState title={isSearch ? 'No connection matches' : 'Nobody is connected'}>
      {isSearch ? <p>It may be on a node that does not answer, or gone.</p> : <SampleCode />}
    </EmptyState>
  );
}
