import * as fc from 'fast-check';
import { FixedWindow } from './fixed-window.js';

describe('A window', () => {
  it('gives what the limit allows, and no more', () => {
    const window = new FixedWindow();
    const taken = [1, 2, 3, 4].map(() => window.take(1, 3, 1000, 5000));
    expect(taken).toEqual([true, true, true, false]);
  });

  it('opens with what happens first, and lasts its length', () => {
    const window = new FixedWindow();
    expect(window.take(1, 1, 1000, 1700)).toBe(true);
    expect(window.take(1, 1, 1000, 2699.9)).toBe(false);
    expect(window.take(1, 1, 1000, 2700)).toBe(true);
    expect(window.take(1, 1, 1000, 3699.9)).toBe(false);
  });

  it('may open at the very beginning of time', () => {
    const window = new FixedWindow();
    expect(window.take(1, 1, 1000, 0)).toBe(true);
    expect(window.take(1, 1, 1000, 0)).toBe(false);
  });

  it('refuses whole what is more than is left, and takes nothing for it', () => {
    const window = new FixedWindow();
    expect(window.take(3, 5, 1000, 0)).toBe(true);
    expect(window.take(3, 5, 1000, 0)).toBe(false);
    expect(window.take(2, 5, 1000, 0)).toBe(true);
  });

  it('never gives more than it allows at all', () => {
    const window = new FixedWindow();
    expect(window.take(6, 5, 1000, 0)).toBe(false);
    expect(window.take(5, 5, 1000, 0)).toBe(true);
  });

  it('goes by the limit as it is now', () => {
    const window = new FixedWindow();
    expect(window.take(2, 2, 1000, 0)).toBe(true);
    expect(window.take(1, 3, 1000, 1)).toBe(true);
    expect(window.take(1, 1, 1000, 2)).toBe(false);
  });

  it('gives all of the limit but never more than that, whatever is asked for and when', () => {
    const asks = fc.array(
      fc.record({ afterMs: fc.nat(400), amount: fc.integer({ min: 1, max: 4 }) }),
    );
    const property = fc.property(asks, fc.integer({ min: 0, max: 6 }), (all, limit) => {
      const window = new FixedWindow();
      let nowMs = 0;
      let opensAtMs = -Infinity;
      let used = 0;
      for (const { afterMs, amount } of all) {
        nowMs += afterMs;
        if (nowMs - opensAtMs >= 1000) [opensAtMs, used] = [nowMs, 0];
        const isGiven = window.take(amount, limit, 1000, nowMs);
        if (isGiven) used += amount;
        if (used > limit || (!isGiven && used + amount <= limit)) return false;
      }
      return true;
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});
