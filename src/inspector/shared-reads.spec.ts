import { jest } from '@jest/globals';
import { keptMsAfter, SharedReads } from './shared-reads.js';

let reads: string[];
let takesMs: number;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  reads = [];
  takesMs = 0;
});

afterEach(() => jest.useRealTimers());

/** Answers with how often it has read. */
const counting = () =>
  new SharedReads(async (key) => {
    const number = reads.push(key);
    if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
    return number;
  });

describe('What is expensive to read', () => {
  it('is read once for all who ask while it is read, or a while later', async () => {
    takesMs = 100;
    const shared = counting();
    const first = Array.from({ length: 50 }, () => shared.of('a'));
    await jest.advanceTimersByTimeAsync(100);
    expect(new Set(await Promise.all(first))).toEqual(new Set([1]));
    await jest.advanceTimersByTimeAsync(1_400);
    expect(await shared.of('a')).toBe(1);
    await jest.advanceTimersByTimeAsync(100);
    const again = shared.of('a');
    await jest.advanceTimersByTimeAsync(100);
    expect(await again).toBe(2);
    expect(reads).toEqual(['a', 'a']);
  });

  it('is read for each key', async () => {
    const shared = counting();
    expect(await Promise.all(['a', 'b', 'a'].map((key) => shared.of(key)))).toEqual([1, 2, 1]);
  });

  it('is not read, and leaves nothing behind, when nobody asks', async () => {
    const shared = counting();
    for (let i = 0; i < 100; i++) await shared.of(`key ${i}`);
    expect(jest.getTimerCount()).toBe(100);
    await jest.advanceTimersByTimeAsync(1_500);
    expect({ kept: shared['kept'].size, timers: jest.getTimerCount() }).toEqual({
      kept: 0,
      timers: 0,
    });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(reads).toHaveLength(100);
  });

  it('takes a tenth of the time at most, however long it takes', async () => {
    takesMs = 1_000;
    const shared = counting();
    for (let ms = 0; ms < 60_000; ms += 500) {
      void shared.of('a');
      await jest.advanceTimersByTimeAsync(500);
    }
    expect(reads).toHaveLength(6);
  });

  it.each([
    [0, 1_500],
    [100, 1_500],
    [200, 1_800],
    [60_000, 30_000],
  ])('is kept, after a read of %d ms, for %d ms', (took, kept) =>
    expect(keptMsAfter(took)).toBe(kept),
  );

  it.each([
    ['rejects', async () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
  ])('is read again after a read that %s', async (_, fail) => {
    let isBroken = true;
    const shared = new SharedReads<string>((key) => (isBroken ? fail() : Promise.resolve(key)));
    const both = await Promise.allSettled([shared.of('a'), shared.of('a')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await shared.of('a')).toBe('a');
  });
});
