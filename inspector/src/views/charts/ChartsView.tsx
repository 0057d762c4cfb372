import { ask } from '../../api/api.js';
import { chartDataOf } from '../../charts/chart-data.js';
import { CHART_LOOKS, CHART_NAMES } from '../../charts/chart-looks.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { usePoll } from '../../state/polling.js';
import type { ChartList } from '../../contract.js';
import { Chart } from './Chart.js';

const INTERVAL_MS = 5000;

/** The last 15 minutes of all nodes. */
export function ChartsView() {
  const poll = usePoll('charts', INTERVAL_MS, (signal) => ask<ChartList>(['charts'], { signal }));
  const nodes = poll.answer?.nodes;
  const hasPoints = nodes?.some(({ series }) => series.connections.length > 0) ?? false;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Charts</h1>
        <span class="muted">The last 15 minutes, over all applications.</span>
      </div>
      <PollStatus poll={poll} />
      {nodes !== undefined && !hasPoints && (
        <EmptyState title="Nothing is charted yet">
          <p>The first points come within a few seconds of the start of a node.</p>
        </EmptyState>
      )}
      {nodes !== undefined && hasPoints && (
        <div class="charts">
          {CHART_NAMES.map((name) => (
            <Chart
              key={name}
              look={CHART_LOOKS[name]}
              data={chartDataOf(nodes, name, CHART_LOOKS[name].hasTotal)}
            />
          ))}
        </div>
      )}
    </div>
  );
}
