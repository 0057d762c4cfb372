import { RecentIds } from './recent-ids.js';

/** Which of the ids from 0 on are remembered. */
const remembered = (ids: RecentIds, count: number) =>
  Array.from({ length: count }, (_, i) => i).filter((i) => ids.has(String(i)));

describe('Recent ids', () => {
  it('are those that were given last, never fewer than asked for nor more than twice as many', () => {
    const ids = new RecentIds(10);
    for (let i = 0; i < 1000; i++) {
      ids.add(String(i));
      const known = remembered(ids, i + 2);
      expect(known.at(-1)).toBe(i);
      expect(known).toHaveLength(i + 1 - known[0]!);
      expect(known.length).toBeGreaterThanOrEqual(Math.min(i + 1, 10));
      expect(known.length).toBeLessThanOrEqual(20);
    }
  });

  it('take no room for one that comes again and again', () => {
    const ids = new RecentIds(2);
    ids.add('kept');
    for (let i = 0; i < 100; i++) ids.add('again');
    expect([ids.has('kept'), ids.has('again'), ids.has('never')]).toEqual([true, true, false]);
  });
});
