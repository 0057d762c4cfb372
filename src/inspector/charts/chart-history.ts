import type { ChartName } from '../contract.js';

/** One value of each chart; null where there is nothing to say. */
export type ChartPoint = Readonly<Record<ChartName, number | null>>;

/** All of them, in the order in which a page shows them. */
export const CHART_NAMES: readonly ChartName[] = [
  'connections',
  'messagesInPerSecond',
  'messagesOutPerSecond',
  'latencyP50Ms',
  'latencyP99Ms',
  'eventLoopLagMs',
  'memoryBytes',
];

/** The last points of all charts, in memory that is taken once. */
export class ChartHistory {
  private readonly values: Readonly<Record<ChartName, Float64Array>>;
  private size = 0;
  /** Where the next point goes. */
  private next = 0;

  /** @param capacity points; the oldest makes room for a new one */
  constructor(private readonly capacity: number) {
    const entries = CHART_NAMES.map((name) => [name, new Float64Array(capacity)]);
    this.values = Object.fromEntries(entries) as Record<ChartName, Float64Array>;
  }

  add(point: ChartPoint): void {
    for (const name of CHART_NAMES) this.values[name][this.next] = point[name] ?? NaN;
    this.next = (this.next + 1) % this.capacity;
    this.size = Math.min(this.size + 1, this.capacity);
  }

  /** The oldest first. */
  series(): Record<ChartName, (number | null)[]> {
    const entries = CHART_NAMES.map((name) => [name, this.inOrder(this.values[name])]);
    return Object.fromEntries(entries) as Record<ChartName, (number | null)[]>;
  }

  private inOrder(values: Float64Array): (number | null)[] {
    const oldest = (this.next - this.size + this.capacity) % this.capacity;
    return Array.from({ length: this.size }, (_, i) => {
      const value = values[(oldest + i) % this.capacity]!;
      return Number.isNaN(value) ? null : value;
    });
  }
}
