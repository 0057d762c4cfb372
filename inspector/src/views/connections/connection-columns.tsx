import { formatBytes, formatCount, formatDuration } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import type { ConnectionRow } from '../../contract.js';

function duration(id: 'ageMs' | 'idleMs', title: string): Column<ConnectionRow> {
  return {
    id,
    title,
    width: '5.5rem',
    cell: (row) => formatDuration(row[id]),
    sortKey: (row) => row[id],
    isNumber: true,
    isMinor: id === 'idleMs',
  };
}

function bytes(
  id: 'bytesReceived' | 'bytesSent' | 'unsentBytes',
  title: string,
): Column<ConnectionRow> {
  return {
    id,
    title,
    width: '5.5rem',
    cell: (row) => formatBytes(row[id]),
    sortKey: (row) => row[id],
    isNumber: true,
    isMinor: true,
  };
}

function text(
  id: 'nodeId' | 'client' | 'address' | 'origin' | 'userId' | 'socketId',
  title: string,
  width: string,
  isMinor: boolean,
): Column<ConnectionRow> {
  const read = (row: ConnectionRow): string | undefined => row[id];
  return { id, title, width, cell: (row) => read(row) ?? '', sortKey: read, isMinor };
}

/** The columns of connections. */
export const CONNECTION_COLUMNS: readonly Column<ConnectionRow>[] = [
  text('socketId', 'Socket', 'minmax(8.5rem, 1.2fr)', false),
  text('userId', 'User', 'minmax(4rem, 0.7fr)', false),
  text('client', 'Client', 'minmax(6rem, 1fr)', true),
  text('address', 'Address', 'minmax(7rem, 0.9fr)', true),
  text('origin', 'Origin', 'minmax(6rem, 1.2fr)', true),
  text('nodeId', 'Node', 'minmax(5rem, 0.8fr)', true),
  duration('ageMs', 'Age'),
  duration('idleMs', 'Idle'),
  {
    id: 'channels',
    title: 'Channels',
    width: '5.2rem',
    cell: ({ channels }) => formatCount(channels),
    sortKey: ({ channels }) => channels,
    isNumber: true,
  },
  bytes('bytesReceived', 'Received'),
  bytes('bytesSent', 'Sent'),
  bytes('unsentBytes', 'Unsent'),
];
