import { useId, useState } from 'preact/hooks';
import {
  lastKnown,
  lineClass,
  pathOf,
  scaleEndOf,
  type ChartData,
} from '../../charts/chart-data.js';
import type { ChartLook } from '../../charts/chart-looks.js';
import { formatClock } from '../../format/format.js';
import { ChartLegend } from './ChartLegend.js';

const BOX = { width: 600, height: 120 };

interface ChartProps {
  readonly look: ChartLook;
  readonly data: ChartData;
}

function readoutOf(look: ChartLook, { lines, atMs }: ChartData, index: number): string {
  const values = lines.map(({ title, values: of }) => {
    const value = of[index] ?? null;
    return `${title} ${value === null ? 'unknown' : look.format(value)}`;
  });
  return `${formatClock(atMs(index))}: ${values.join(', ')}`;
}

/** A chart with a line for each node. The pointer or the arrow keys read out its values. */
export function Chart({ look, data }: ChartProps) {
  const titleId = useId();
  const [picked, setPicked] = useState<number | undefined>(undefined);
  const last = Math.max(0, data.length - 1);
  const index = Math.min(picked ?? last, last);
  const end = scaleEndOf(data.lines, look.unit);
  const pick = (event: PointerEvent & { readonly currentTarget: HTMLElement }): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    setPicked(Math.round(share * last));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      PageUp: index - 12,
      PageDown: index + 12,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      setPicked(Math.min(last, Math.max(0, target)));
    }
  };
  return (
    <section class="card chart" aria-labelledby={titleId}>
      <h2 id={titleId}>{look.title}</h2>
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-labelledby={titleId}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index}
        aria-valuetext={readoutOf(look, data, index)}
        onPointerMove={pick}
        onPointerDown={pick}
        onPointerLeave={() => setPicked(undefined)}
        onKeyDown={onKeyDown}
        onBlur={() => setPicked(undefined)}
      >
        <svg
          viewBox={`0 0 ${BOX.width} ${BOX.height}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {[0.25, 0.5, 0.75].map((share) => (
            <line
              key={share}
              class="grid-line"
              x1={0}
              x2={BOX.width}
              y1={BOX.height * share}
              y2={BOX.height * share}
            />
          ))}
          {data.lines.map((line) => (
            <path key={line.title} class={lineClass(line)} d={pathOf(line.values, end, BOX)} />
          ))}
          {picked !== undefined && (
            <line
              class="cursor"
              x1={last === 0 ? 0 : (index / last) * BOX.width}
              x2={last === 0 ? 0 : (index / last) * BOX.width}
              y1={0}
              y2={BOX.height}
            />
          )}
        </svg>
        <span class="scale-end" aria-hidden="true">
          {look.format(end)}
        </span>
      </div>
      <div class="axis" aria-hidden="true">
        <span>{formatClock(data.atMs(0))}</span>
        <span>{picked === undefined ? '' : formatClock(data.atMs(index))}</span>
        <span>{formatClock(data.atMs(last))}</span>
      </div>
      <ChartLegend
        look={look}
        lines={data.lines}
        valueOf={(line) => (picked === undefined ? lastKnown(line) : (line.values[index] ?? null))}
      />
    </section>
  );
}
