import { countOf, formatDuration } from '../../format/format.js';
import type { KeptRecord } from '../../records/record-store.js';
import type { Trace } from '../../trace/trace-store.js';
import { waterfallOf, type Waterfall } from '../../trace/waterfall.js';
import { WaterfallRow } from './WaterfallRow.js';

function summaryOf({ sockets, nodes, excluded, slow, totalMs }: Waterfall): string {
  const facts = [
    `${countOf(sockets, 'socket')} on ${countOf(nodes.length, 'node')}`,
    `${formatDuration(totalMs)} in all`,
    excluded.length === 0 ? '' : `${excluded.join(', ')} excluded`,
    slow === 0 ? '' : `${countOf(slow, 'slow socket')}`,
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

interface TracePanelProps {
  readonly kept: KeptRecord;
  readonly trace: Trace;
}

/** The way of one event, as far as it is known. */
export function TracePanel({ kept, trace }: TracePanelProps) {
  const waterfall = waterfallOf(kept.record, kept.nodeId, trace);
  const { bars, nodes, totalMs, omitted } = waterfall;
  const isWaiting = trace.parts.length === 0;
  return (
    <section class="trace" aria-labelledby="trace-title">
      <h3 id="trace-title">Trace</h3>
      {isWaiting ? (
        <p class="muted">No part of its way is known yet.</p>
      ) : (
        <>
          <p>{summaryOf(waterfall)}</p>
          <ol class="waterfall">
            {bars.map((bar, index) => (
              <WaterfallRow key={index} bar={bar} totalMs={totalMs} />
            ))}
          </ol>
        </>
      )}
      {omitted > 0 && <p class="muted">{countOf(omitted, 'further part')} left out.</p>}
      {trace.mayLackParts && (
        <p class="muted">
          So many events were on their way at that time that the server left out parts of traces:
          this one may be incomplete.
        </p>
      )}
      {nodes.length > 1 && (
        <p class="muted">
          Clocks of several nodes are compared here and may differ; the widths are exact, the places
          of other nodes are not.
        </p>
      )}
    </section>
  );
}
