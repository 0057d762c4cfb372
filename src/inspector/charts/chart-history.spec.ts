import { CHART_NAMES, ChartHistory, type ChartPoint } from './chart-history.js';

const point = (value: number | null): ChartPoint =>
  Object.fromEntries(CHART_NAMES.map((name) => [name, value])) as ChartPoint;

/** A history to which the numbers from 1 on were added. */
function historyOf(capacity: number, points: number): ChartHistory {
  const history = new ChartHistory(capacity);
  for (let i = 1; i <= points; i++) history.add(point(i));
  return history;
}

describe('The history of the charts', () => {
  it('is empty at first, for every chart', () => {
    expect(historyOf(3, 0).series()).toEqual(
      Object.fromEntries(CHART_NAMES.map((name) => [name, []])),
    );
  });

  it.each([
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
    [4, [2, 3, 4]],
    [5, [3, 4, 5]],
    [6, [4, 5, 6]],
    [7, [5, 6, 7]],
  ])('has the last three of %d points, the oldest first', (points, expected) => {
    const series = historyOf(3, points).series();
    for (const name of CHART_NAMES) expect(series[name]).toEqual(expected);
  });

  it('tells nothing from zero, and charts from each other', () => {
    const history = new ChartHistory(2);
    history.add({ ...point(0), latencyP50Ms: null, connections: 7 });
    const { latencyP50Ms, connections, memoryBytes } = history.series();
    expect([latencyP50Ms, connections, memoryBytes]).toEqual([[null], [7], [0]]);
  });
});
