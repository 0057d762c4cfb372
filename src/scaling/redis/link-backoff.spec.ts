import { LinkBackoff } from './link-backoff.js';

describe('The pause between two attempts', () => {
  it('grows up to two seconds, and stays there', () => {
    const backoff = new LinkBackoff(() => 1);
    const delays = Array.from({ length: 100 }, () => backoff.nextDelayMs(0));
    expect(delays.slice(0, 8)).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    expect(delays.at(-1)).toBe(2000);
  });

  it('is not the same for all nodes, but at least half as long', () => {
    expect(new LinkBackoff(() => 0).nextDelayMs(0)).toBe(25);
    expect(new LinkBackoff(() => 0.5).nextDelayMs(0)).toBe(37.5);
  });

  it('is short again after the link has been up for a while, not for a moment', () => {
    const backoff = new LinkBackoff(() => 1);
    for (let attempt = 1; attempt <= 10; attempt += 1) backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(4_999)).toBe(2000);
    expect(backoff.nextDelayMs(5_000)).toBe(50);
    expect(backoff.nextDelayMs(0)).toBe(100);
  });
});
