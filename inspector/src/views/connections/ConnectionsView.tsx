import { signal } from '@preact/signals';
import { EmptyState } from '../../parts/EmptyState.js';
import { SampleCode } from '../../parts/SampleCode.js';
import { goTo } from '../../state/location.js';
import type { ConnectionList, ConnectionRow } from '../../contract.js';
import { SearchedList } from '../SearchedList.js';
import { CONNECTION_COLUMNS } from './connection-columns.js';

const search = signal('');

/** The connections of an application. */
export function ConnectionsView({ appId }: { readonly appId: string }) {
  return (
    <SearchedList<ConnectionList, ConnectionRow>
      appId={appId}
      title="Connections"
      noun="connection"
      search={search}
      placeholder="socket, user, address, client, origin"
      class="wide"
      columns={CONNECTION_COLUMNS}
      initial={{ by: 'ageMs', isDescending: false }}
      rowsOf={({ connections }) => connections}
      keyOf={({ socketId }) => socketId}
      onOpen={({ socketId }) => goTo({ view: 'connections', of: { appId, name: socketId } })}
      emptyOf={(isSearch) => <NoConnections isSearch={isSearch} />}
    />
  );
}

function NoConnections({ isSearch }: { readonly isSearch: boolean }) {
  return (
    <EmptyState title={isSearch ? 'No connection matches' : 'Nobody is connected'}>
      {isSearch ? <p>It may be on a node that does not answer, or gone.</p> : <SampleCode />}
    </EmptyState>
  );
}
