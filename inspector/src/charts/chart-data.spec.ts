import type { NodeCharts } from '../contract.js';
import {
  chartDataOf,
  lastKnown,
  lineClass,
  pathOf,
  scaleEndOf,
  type ChartLine,
} from './chart-data.js';
import { CHART_NAMES } from './chart-looks.js';

function node(nodeId: string, values: readonly (number | null)[]): NodeCharts {
  const series = Object.fromEntries(
    CHART_NAMES.map((name) => [name, values]),
  ) as NodeCharts['series'];
  return { nodeId, endMs: 100_000, intervalMs: 5000, series };
}

function line(...values: readonly (number | null)[]): ChartLine {
  return { title: 'a', values, place: 0 };
}

describe('a chart has a line for each node', () => {
  it('that ends where the others end', () => {
    const data = chartDataOf([node('a', [1, 2, 3]), node('b', [5])], 'connections', false);
    expect(data.lines.map(({ title, values }) => [title, values])).toEqual([
      ['a', [1, 2, 3]],
      ['b', [null, null, 5]],
    ]);
    expect([data.length, data.atMs(0), data.atMs(2)]).toEqual([3, 90_000, 100_000]);
  });

  it('and their total, of what is known', () => {
    const nodes = [node('a', [1, null, null]), node('b', [2, 3, null])];
    const [total, first] = chartDataOf(nodes, 'connections', true).lines;
    expect(total).toEqual({ title: 'total', values: [3, 3, null], place: -1 });
    expect(first?.title).toBe('a');
  });

  it('but no total of one', () => {
    expect(chartDataOf([node('a', [1])], 'connections', true).lines).toHaveLength(1);
    expect(chartDataOf([], 'connections', true)).toMatchObject({ lines: [], length: 0 });
  });
});

describe('a line is drawn', () => {
  it.each([
    [[0, null], 1, 1],
    [[3], 4, 4],
    [[370], 4, 400],
    [[2.1], 1, 2.5],
    [[900], 1, 1000],
    [[120 * 2 ** 20], 2 ** 20, 200 * 2 ** 20],
  ])('%j in units of %d on a scale to %d', (values, unit, end) =>
    expect(scaleEndOf([line(...values)], unit)).toBe(end),
  );

  it('with gaps where nothing is known', () => {
    const box = { width: 100, height: 10 };
    expect(pathOf([0, 5, null, 10, null], 10, box)).toBe('M0.0 10.0L25.0 5.0M75.0 0.0h0');
    expect(pathOf([5], 10, box)).toBe('M0.0 5.0h0');
    expect(pathOf([], 10, box)).toBe('');
  });

  it('and says its last value', () => {
    expect(lastKnown(line(1, 2, null))).toBe(2);
    expect(lastKnown(line(null))).toBeNull();
  });

  it('alike in every chart', () => {
    expect(lineClass({ ...line(), place: 9 })).toBe('line line-1');
    expect(lineClass({ ...line(), place: -1 })).toBe('line line-total');
  });
});
