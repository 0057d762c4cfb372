import { pauseMsAfter } from './poll-pause.js';

describe('The page waits until it asks again', () => {
  it.each([
    [0, 2_000, 2_000],
    [600, 2_000, 2_000],
    [700, 2_000, 2_100],
    [10_000, 1_000, 30_000],
  ])('after an answer that took %d ms, of what is asked every %d ms: %d ms', (took, every, pause) =>
    expect(pauseMsAfter(took, every)).toBe(pause),
  );
});
