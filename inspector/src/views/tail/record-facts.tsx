import { formatBytes, formatDuration } from '../../format/format.js';
import { hashOf } from '../../state/route.js';
import type { InspectorRecord } from '../../contract.js';
import type { Fact } from '../../parts/Facts.js';

const VIA = { http: 'HTTP API', code: 'code of the server', inspector: 'this inspector' } as const;

function channelLinks({ channels, appId }: InspectorRecord) {
  return channels === undefined || channels.length === 0 ? undefined : (
    <ul class="plain-list">
      {channels.map((name) => (
        <li key={name}>
          {appId === undefined ? (
            name
          ) : (
            <a href={hashOf({ view: 'channels', of: { appId, name } })}>{name}</a>
          )}
        </li>
      ))}
    </ul>
  );
}

function socketLink({ socketId, appId }: InspectorRecord) {
  return socketId === undefined || appId === undefined ? (
    socketId
  ) : (
    <a href={hashOf({ view: 'connections', of: { appId, name: socketId } })}>{socketId}</a>
  );
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}

/** All fields of a record but its time, its payload and its kind. */
export function factsOf(record: InspectorRecord): Fact[] {
  const { bytes, via, by, action } = record;
  return [
    ['Application', record.appId],
    ['Channels', channelLinks(record)],
    ['Event', record.event],
    ['Socket', socketLink(record)],
    ['User', record.userId],
    ['Size', bytes === undefined ? undefined : formatBytes(bytes)],
    ['Came by', via === undefined ? undefined : VIA[via]],
    ['Not to', record.exceptSocketId],
    ['Events in the request', record.batchSize?.toString()],
    ['Code', record.code?.toString()],
    ['Reason', record.reason],
    ['Duration', duration(record.durationMs)],
    ['Address', record.address],
    ['Origin', record.origin],
    ['Client', record.client],
    ['Endpoint', record.url],
    ['Events', record.events?.toString()],
    ['Failed before', record.failures?.toString()],
    ['Tried again in', duration(record.retryInMs)],
    ['Action', action],
    ['By', by],
    ['Trace id', record.traceId],
    ['Record id', record.id.toString()],
  ];
}
