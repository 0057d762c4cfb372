import { formatBytes, formatCount, formatDuration, formatShare } from '../../format/format.js';
import type { Column } from '../../lists/column.js';
import type { NodeRow } from '../../contract.js';

type NumberName = {
  [Name in keyof NodeRow]: NodeRow[Name] extends number ? Name : never;
}[keyof NodeRow];

const CLUSTER_WORDS = { alone: 'alone', up: 'sees the others', down: 'cut off' } as const;

function figure(
  id: NumberName,
  title: string,
  format: (value: number) => string,
  isMinor = true,
): Column<NodeRow> {
  return {
    id,
    title,
    width: 'minmax(6rem, 1fr)',
    cell: (row) => format(row[id]),
    sortKey: (row) => row[id],
    isNumber: true,
    isMinor,
  };
}

/** The columns of nodes. */
export const NODE_COLUMNS: readonly Column<NodeRow>[] = [
  {
    id: 'nodeId',
    title: 'Node',
    width: 'minmax(6rem, 2fr)',
    cell: ({ nodeId }) => nodeId,
    sortKey: ({ nodeId }) => nodeId,
  },
  {
    id: 'cluster',
    title: 'Cluster',
    width: 'minmax(9rem, 1fr)',
    cell: ({ cluster }) => (
      <span class={`cluster cluster-${cluster}`}>{CLUSTER_WORDS[cluster]}</span>
    ),
    sortKey: ({ cluster }) => cluster,
    isMinor: true,
  },
  {
    id: 'version',
    title: 'Version',
    width: '5rem',
    cell: ({ version }) => version,
    sortKey: ({ version }) => version,
    isMinor: true,
  },
  figure('uptimeSeconds', 'Up for', (seconds) => formatDuration(seconds * 1000)),
  figure('connections', 'Connections', formatCount, false),
  figure('load', 'Load', formatShare, false),
  figure('memoryBytes', 'Memory', formatBytes, false),
  figure('eventLoopLagMs', 'Loop lag', formatDuration),
  figure('messagesReceived', 'Received', formatCount),
  figure('eventsPublished', 'Published', formatCount),
  figure('slowConsumers', 'Slow', formatCount),
  figure('answeredInMs', 'Answered in', formatDuration),
];
