import { LatencyHistogram } from './latency-histogram.js';

describe('A histogram of latencies', () => {
  it('counts each duration in the first range it fits, bounds inclusive', () => {
    const histogram = new LatencyHistogram([1, 5, 10]);
    for (const durationMs of [0, 0.5, 1, 1.1, 5, 9.9, 10, 10.1, 1e9]) histogram.observe(durationMs);
    expect([...histogram.counts]).toEqual([3, 2, 2, 2]);
  });

  it('knows their sum', () => {
    const histogram = new LatencyHistogram([1]);
    for (const durationMs of [0.25, 3, 100]) histogram.observe(durationMs);
    expect(histogram.sumMs).toBe(103.25);
  });

  it('has one range for everything without bounds', () => {
    const histogram = new LatencyHistogram([]);
    histogram.observe(1);
    expect([...histogram.counts]).toEqual([1]);
  });
});
