import { Rotation } from './rotation.js';
import type { StoreContext } from './store-context.js';

const HOUR_MS = 3_600_000;

/** How many are taken at each heartbeat, until all were. */
function roundsOf(total: number, heartbeatMs = 2000, ttlMs = HOUR_MS): number[] {
  const all = Array.from({ length: total }, (_, i) => i);
  const context = { heartbeatMs, ttlMs } as StoreContext;
  const rotation = new Rotation(context, () => all[Symbol.iterator]());
  const taken: number[] = [];
  const sizes: number[] = [];
  while (taken.length < total) {
    const some = rotation.next(total);
    if (some.length > 0) sizes.push(some.length);
    for (const each of some) taken.push(each);
  }
  expect(taken).toEqual(all);
  return sizes;
}

describe('Things that are renewed by turns', () => {
  it('are all renewed in two minutes, if they are not too many', () => {
    for (const total of [1, 60, 1000, 30_000]) {
      expect(roundsOf(total).length).toBeLessThanOrEqual(60);
      expect(Math.max(...roundsOf(total))).toBeLessThanOrEqual(500);
    }
  });

  it('are renewed in a third of the time they last, however many they are', () => {
    for (const [heartbeatMs, ttlMs] of [
      [2000, HOUR_MS],
      [10_000, 60_000],
    ]) {
      const rounds = roundsOf(300_000, heartbeatMs, ttlMs).length;
      expect(rounds * heartbeatMs!).toBeLessThanOrEqual(ttlMs! / 3 + heartbeatMs!);
    }
  });

  it('go round again', () => {
    const context = { heartbeatMs: 60_000, ttlMs: HOUR_MS } as StoreContext;
    const rotation = new Rotation(context, () => ['a', 'b'][Symbol.iterator]());
    const taken = Array.from({ length: 6 }, () => rotation.next(2)).flat();
    expect(taken).toEqual(['a', 'b', 'a', 'b']);
  });

  it('are none when there are none', () => {
    const context = { heartbeatMs: 2000, ttlMs: HOUR_MS } as StoreContext;
    expect(new Rotation(context, () => [][Symbol.iterator]()).next(0)).toEqual([]);
  });
});
