import type { InspectorRecord } from '../../contract.js';
import { hashOf } from '../../state/route.js';
import { refineTail } from '../../records/tail.js';

/** Where to go from a record. */
export function RecordActions({ record }: { readonly record: InspectorRecord }) {
  const { channels, userId, socketId, appId } = record;
  const channel = channels?.[0];
  return (
    <div class="buttons">
      {channel !== undefined && (
        <button type="button" onClick={() => refineTail({ channel })}>
          Filter by this channel
        </button>
      )}
      {userId !== undefined && (
        <button type="button" onClick={() => refineTail({ userId })}>
          Filter by this user
        </button>
      )}
      {socketId !== undefined && (
        <button type="button" onClick={() => refineTail({ socketId })}>
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
