import { ask } from '../../api/api.js';
import { countOf, formatDuration } from '../../format/format.js';
import { SortedGrid } from '../../lists/SortedGrid.js';
import { Notice } from '../../parts/Notice.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { usePoll } from '../../state/polling.js';
import type { NodeList } from '../../contract.js';
import { NODE_COLUMNS } from './node-columns.js';

const INTERVAL_MS = 3000;

function leaseWords({ lease }: NodeList): string {
  const heartbeat = formatDuration(lease.heartbeatSeconds * 1000);
  const dead = formatDuration(lease.leaseSeconds * 1000);
  return `Each gives a sign of life every ${heartbeat}; one that is silent for ${dead} is dead.`;
}

/** The nodes of the cluster. */
export function NodesView() {
  const poll = usePoll('nodes', INTERVAL_MS, (signal) => ask<NodeList>(['nodes'], { signal }));
  const { answer } = poll;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Nodes</h1>
        {answer !== undefined && (
          <span class="muted">
            {countOf(answer.nodes.length, 'node')}. {leaseWords(answer)}
          </span>
        )}
      </div>
      <PollStatus poll={poll} />
      {answer !== undefined && answer.silent.length > 0 && (
        <Notice tone="bad">
          Silent: {answer.silent.join(', ')}. Its lease still holds, but it does not answer.
        </Notice>
      )}
      <SortedGrid
        label="Nodes"
        class="wide short"
        rows={answer?.nodes ?? []}
        columns={NODE_COLUMNS}
        keyOf={({ nodeId }) => nodeId}
        initial={{ by: 'nodeId', isDescending: false }}
      />
    </div>
  );
}
