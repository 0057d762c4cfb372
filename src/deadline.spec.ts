import { DeadlineError, withDeadline } from './deadline.js';

const never = new Promise<never>(() => undefined);

/** Timers of this process that are still to fire. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('A promise with a deadline', () => {
  it('gives what it gives in time', async () => {
    expect(await withDeadline(Promise.resolve('value'), 10_000)).toBe('value');
    expect(await withDeadline(Promise.resolve(undefined), 0)).toBeUndefined();
  });

  it('fails as it fails in time', async () => {
    const failure = new Error('of its own');
    await expect(withDeadline(Promise.reject(failure), 10_000)).rejects.toBe(failure);
  });

  it.each([0, 5, -1])('fails when it is late by a deadline of %i ms', async (deadlineMs) => {
    const late = withDeadline(never, deadlineMs);
    await expect(late).rejects.toThrow(DeadlineError);
    await expect(late).rejects.toThrow(`No answer in ${deadlineMs} ms`);
  });

  it('leaves no timer behind', async () => {
    const before = timers();
    await withDeadline(Promise.resolve(1), 60_000);
    await withDeadline(Promise.reject(new Error('x')), 60_000).catch(() => undefined);
    expect(timers()).toBe(before);
  });

  it('may fail later unheard', async () => {
    let fail!: (reason: Error) => void;
    const slow = new Promise((_, reject) => (fail = reject));
    await expect(withDeadline(slow, 0)).rejects.toThrow(DeadlineError);
    fail(new Error('too late'));
    await expect(slow).rejects.toThrow('too late');
  });
});
