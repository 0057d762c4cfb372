import type { InspectorRecord } from '../../contract.js';
import { pickedApp } from '../../state/applications.js';
import { hashOf } from '../../state/route.js';
import { goTo } from '../../state/location.js';
import { refineTail } from '../../records/tail.js';

/** Shows the tail, filtered. */
function filterTail(fields: Parameters<typeof refineTail>[0], appId: string | undefined): void {
  if (pickedApp.value !== '' && appId !== undefined) {
    pickedApp.value = appId;
  }
  refineTail(fields);
  goTo({ view: 'tail' });
}

/** Where to go from a record. */
export function RecordActions({ record }: { readonly record: InspectorRecord }) {
  const { channels, userId, socketId, appId } = record;
  const channel = channels?.[0];
  return (
    <div class="buttons">
      {channel !== undefined && (
        <button type="button" onClick={() => filterTail({ channel }, appId)}>
          Filter by this channel
        </button>
      )}
      {userId !== undefined && (
        <button type="button" onClick={() => filterTail({ userId }, appId)}>
          Filter by this user
        </button>
      )}
      {socketId !== undefined && (
        <button type="button" onClick={() => filterTail({ socketId }, appId)}>
          Filter by this socket
        </button>
      )}
      {channel !== undefined && appId !== undefined && (
        <a class="button" href={hashOf({ view: 'channels', of: { appId, name: channel } })}>
          Open channel
        </a>
      )}
      {socketId !== undefined && appId !== undefined && (
        <a class="button" href={hashOf({ view: 'connections', of: { appId, name: socketId } })}>
          Open connection
        </a>
      )}
    </div>
  );
}
