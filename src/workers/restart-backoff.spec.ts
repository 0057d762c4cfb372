import { RestartBackoff } from './restart-backoff.js';

describe('The pause before a worker is started again', () => {
  it('is none at first, then grows up to five seconds and stays there', () => {
    const backoff = new RestartBackoff(() => 1);
    const delays = Array.from({ length: 100 }, () => backoff.nextDelayMs(0));
    expect(delays.slice(0, 9)).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(delays.at(-1)).toBe(5000);
  });

  it('is not the same for all workers, but at least half as long', () => {
    for (const [random, expected] of [
      [0, 50],
      [0.5, 75],
    ] as const) {
      const backoff = new RestartBackoff(() => random);
      expect([backoff.nextDelayMs(0), backoff.nextDelayMs(0)]).toEqual([0, expected]);
    }
  });

  it('is none again after a worker has lived for a while, not for a moment', () => {
    const backoff = new RestartBackoff(() => 1);
    for (let death = 1; death <= 10; death += 1) backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(9_999)).toBe(5000);
    expect(backoff.nextDelayMs(10_000)).toBe(0);
    expect(backoff.nextDelayMs(0)).toBe(100);
  });
});
