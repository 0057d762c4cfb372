import type { ChartName, NodeCharts } from '../contract.js';

/** One line of a chart. */
export interface ChartLine {
  readonly title: string;
  readonly values: readonly (number | null)[];
  /** The place of its node among all, so that it looks alike in every chart; -1 for the total. */
  readonly place: number;
}

/** The lines of a chart; all have one length, and their ends are of about the same time. */
export interface ChartData {
  readonly lines: readonly ChartLine[];
  readonly length: number;
  /** When a point was taken. */
  readonly atMs: (index: number) => number;
}

/** Lines of all nodes, and their total where there are several; shorter ones begin later. */
export function chartDataOf(
  nodes: readonly NodeCharts[],
  name: ChartName,
  hasTotal: boolean,
): ChartData {
  const length = Math.max(0, ...nodes.map(({ series }) => series[name].length));
  const lines: ChartLine[] = nodes.map(({ nodeId, series }, place) => ({
    title: nodeId,
    values: [...Array.from({ length: length - series[name].length }, () => null), ...series[name]],
    place,
  }));
  const endMs = Math.max(0, ...nodes.map((node) => node.endMs));
  const intervalMs = nodes[0]?.intervalMs ?? 0;
  return {
    lines: hasTotal && lines.length > 1 ? [totalOf(lines, length), ...lines] : lines,
    length,
    atMs: (index) => endMs - (length - 1 - index) * intervalMs,
  };
}

function totalOf(lines: readonly ChartLine[], length: number): ChartLine {
  const values = Array.from({ length }, (_, index) => {
    const known = lines.map((line) => line.values[index] ?? null).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
  return { title: 'total', values, place: -1 };
}

/** The end of a scale that begins at 0 and holds all values: 1, 2, 2.5 or 5 times a power of ten of a unit. */
export function scaleEndOf(lines: readonly ChartLine[], unit: number): number {
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const largest = Math.max(1, Math.max(0, ...values) / unit);
  const power = 10 ** Math.floor(Math.log10(largest));
  const factor = [1, 2, 2.5, 5].find((candidate) => candidate * power >= largest) ?? 10;
  return factor * power * unit;
}

/** The path of a line in a box, with a gap wherever there is nothing to say, and a dot for what stands alone. */
export function pathOf(
  values: readonly (number | null)[],
  scaleEnd: number,
  box: { readonly width: number; readonly height: number },
): string {
  const step = values.length > 1 ? box.width / (values.length - 1) : 0;
  const isKnown = (index: number): boolean => (values[index] ?? null) !== null;
  return values
    .map((value, index) => {
      if (value === null) {
        return '';
      }
      const command = isKnown(index - 1) ? 'L' : 'M';
      const y = box.height - (value / scaleEnd) * box.height;
      // What stands alone is a line of no length, which its round ends make a dot.
      const dot = isKnown(index - 1) || isKnown(index + 1) ? '' : 'h0';
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}${dot}`;
    })
    .join('');
}

/** The last value of a line that is known. */
export function lastKnown({ values }: ChartLine): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** How a line is drawn: a colour and dashes for each of eight places. */
export function lineClass({ place }: ChartLine): string {
  return place < 0 ? 'line line-total' : `line line-${place % 8}`;
}
