import { atOnce, CROWD, type StoreSubject } from './state-store.subject.js';
import { until, type TestGlobals } from './test-globals.js';

/** A window that does not end in a test. */
const HOUR_MS = 3_600_000;
const SHORT_MS = 200;

/** Describes how every StateStore limits what is taken out of buckets. */
export function describeBuckets(subject: StoreSubject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const take = async (amount: number, limit: number, windowMs = HOUR_MS, bucket = 'bucket') =>
    subject.any().take(subject.app, bucket, amount, limit, windowMs);

  describe('limits what is taken out of a bucket in a window of time:', () => {
    it('as much as it allows is given, however many ask at once', async () => {
      const taken = await atOnce(CROWD * 2, () => take(1, 10));
      expect(taken.filter(Boolean).length).toBe(10);
    });

    it('what is more than the rest is refused whole, and takes nothing', async () => {
      expect(await take(10, 20)).toBe(true);
      expect(await take(11, 20)).toBe(false);
      expect(await take(10, 20)).toBe(true);
      expect(await take(1, 20)).toBe(false);
    });

    it('more than it ever allows is never given', async () => {
      expect(await take(11, 10)).toBe(false);
      expect(await take(10, 10)).toBe(true);
    });

    it('the limit may change', async () => {
      expect(await take(3, 3)).toBe(true);
      expect(await take(1, 3)).toBe(false);
      expect(await take(1, 4)).toBe(true);
      expect(await take(1, 2)).toBe(false);
    });

    it('there is more in the next window, however often was asked in this one', async () => {
      await until(async () => !(await take(1, 3, SHORT_MS)), 'the bucket is empty');
      await until(async () => take(3, 3, SHORT_MS), 'the bucket is full again');
    });

    it('every bucket and every application has its own', async () => {
      expect(await take(10, 10)).toBe(true);
      expect(await take(10, 10, HOUR_MS, 'bucket 2')).toBe(true);
      const { otherApp } = subject;
      expect(await subject.any().take(otherApp, 'bucket', 10, 10, HOUR_MS)).toBe(true);
      expect(await take(1, 10)).toBe(false);
    });
  });
}
