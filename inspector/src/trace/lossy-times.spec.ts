import { LossyTimes } from './lossy-times.js';

describe('what is lost', () => {
  it('concerns what came shortly before and after', () => {
    const times = new LossyTimes();
    expect(times.isNear(10_000)).toBe(false);
    times.note(10_000);
    const near = [7_999, 8_000, 10_000, 12_000, 12_001].map((atMs) => times.isNear(atMs));
    expect(near).toEqual([false, true, true, true, false]);
  });

  it('is known as long as it goes on, and of each time', () => {
    const times = new LossyTimes();
    for (let nowMs = 10_000; nowMs <= 20_000; nowMs += 200) {
      times.note(nowMs);
    }
    times.note(60_000);
    const near = [7_000, 15_000, 22_000, 40_000, 60_000].map((atMs) => times.isNear(atMs));
    expect(near).toEqual([false, true, true, false, true]);
  });

  it('is never forgotten, however often it happens', () => {
    const times = new LossyTimes();
    for (let index = 0; index < 1000; index++) {
      times.note(index * 10_000);
    }
    expect(Array.from({ length: 1000 }, (_, index) => times.isNear(index * 10_000))).not.toContain(
      false,
    );
    expect([5_000, 999 * 10_000 - 5_000].map((atMs) => times.isNear(atMs))).toEqual([true, false]);
  });
});
