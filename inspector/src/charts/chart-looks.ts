import { formatBytes, formatCount, formatDuration, formatNumber } from '../format/format.js';
import type { ChartName } from '../contract.js';

/** How a chart is shown. */
export interface ChartLook {
  readonly title: string;
  readonly format: (value: number) => string;
  /** Whether a sum over the nodes means something. */
  readonly hasTotal: boolean;
  /** The scale ends at 1, 2, 2.5, 5 or 10 times a power of ten of this, and not below it. */
  readonly unit: number;
}

const perSecond = (value: number): string => `${formatNumber(value)}/s`;

/** All charts, in the order in which they are shown. */
export const CHART_LOOKS: Readonly<Record<ChartName, ChartLook>> = {
  connections: { title: 'Connections', format: formatCount, hasTotal: true, unit: 4 },
  messagesInPerSecond: {
    title: 'Messages in per second',
    format: perSecond,
    hasTotal: true,
    unit: 1,
  },
  messagesOutPerSecond: {
    title: 'Messages out per second',
    format: perSecond,
    hasTotal: true,
    unit: 1,
  },
  latencyP50Ms: { title: 'Latency, median', format: formatDuration, hasTotal: false, unit: 1 },
  latencyP99Ms: {
    title: 'Latency, 99th percentile',
    format: formatDuration,
    hasTotal: false,
    unit: 1,
  },
  eventLoopLagMs: { title: 'Event loop lag', format: formatDuration, hasTotal: false, unit: 1 },
  memoryBytes: { title: 'Memory', format: formatBytes, hasTotal: true, unit: 2 ** 20 },
};

/** The names of all charts. */
export const CHART_NAMES = Object.keys(CHART_LOOKS) as readonly ChartName[];
