import { percentileOf } from './percentile.js';

const BOUNDS_MS = [1, 2, 4];

describe('A percentile of a histogram', () => {
  it.each([
    [[0, 0, 0, 0], 0.5, null],
    [[10, 0, 0, 0], 0.5, 0.5],
    [[10, 0, 0, 0], 1, 1],
    [[5, 5, 0, 0], 0.5, 1],
    [[5, 5, 0, 0], 0.75, 1.5],
    [[0, 0, 4, 0], 0.5, 3],
    [[98, 0, 2, 0], 0.99, 3],
    [[0, 10, 0, 0], 0, 1],
  ])('%j at %d is %d', (counts, share, expected) => {
    expect(percentileOf(BOUNDS_MS, counts, share)).toBe(expected);
  });

  it('is the highest bound for what lies above all of them', () => {
    expect(percentileOf(BOUNDS_MS, [0, 0, 0, 3], 0.99)).toBe(4);
    expect(percentileOf(BOUNDS_MS, new Float64Array([1, 0, 0, 99]), 0.5)).toBe(4);
  });

  it('rises with the share', () => {
    const counts = [7, 0, 13, 5];
    const values = Array.from({ length: 101 }, (_, i) => percentileOf(BOUNDS_MS, counts, i / 100)!);
    expect(values).toEqual([...values].sort((one, other) => one - other));
    expect(values.every(Number.isFinite)).toBe(true);
  });
});
