import { lineClass, type ChartLine } from '../../charts/chart-data.js';
import type { ChartLook } from '../../charts/chart-looks.js';

interface ChartLegendProps {
  readonly look: ChartLook;
  readonly lines: readonly ChartLine[];
  readonly valueOf: (line: ChartLine) => number | null;
}

/** Which line is whose, and what it says where the reader points, or at its end. */
export function ChartLegend({ look, lines, valueOf }: ChartLegendProps) {
  return (
    <ul class="legend">
      {lines.map((line) => {
        const value = valueOf(line);
        return (
          <li key={line.title}>
            <svg class="legend-line" viewBox="0 0 24 6" aria-hidden="true">
              <path class={lineClass(line)} d="M0 3H24" />
            </svg>
            <span class="legend-title">{line.title}</span>
            <span class="legend-value">{value === null ? '–' : look.format(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}
