import { verdictOn, type DeliveryOutcome } from './retry-policy.js';

const WINDOW_MS = 300_000;
const NOW_MS = 1_000_000;
const REFUSED: DeliveryOutcome = { isDelivered: false, isAnswered: true, cause: 'It answered 500' };
const SILENT: DeliveryOutcome = { isDelivered: false, isAnswered: false, cause: 'Silence' };

/** @param ages of the events, in milliseconds */
const batch = (ages: readonly number[], failures = 0) => ({
  appId: 'app',
  endpointId: 'endpoint',
  failures,
  events: ages.map((ageMs) => ({ atMs: 0, queuedMs: NOW_MS - ageMs, event: '{}' })),
});

const verdict = (
  ages: readonly number[],
  outcome: DeliveryOutcome,
  { failures = 0, random = 1, windowMs = WINDOW_MS } = {},
) => verdictOn(batch(ages, failures), outcome, { nowMs: NOW_MS, windowMs, random });

describe('A batch that was delivered', () => {
  it('leaves, and the next one comes at once', () =>
    expect(verdict([900_000, 1], { isDelivered: true })).toEqual({
      taken: 2,
      isFailure: false,
      pauseMs: 0,
    }));
});

describe('A batch that was not', () => {
  it('is tried again after half a second, then ever later, up to a quarter of a minute', () => {
    const pauses = Array.from(
      { length: 8 },
      (_, failures) => verdict([0], SILENT, { failures }).pauseMs,
    );
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(verdict([0], SILENT, { failures: 5000 }).pauseMs).toBe(15_000);
  });

  it('is tried up to twice as early, so that not all come in the same instant', () => {
    expect(verdict([0], SILENT, { random: 0 }).pauseMs).toBe(250);
    expect(verdict([0], SILENT, { random: 0.5 }).pauseMs).toBe(375);
  });

  it('is tried for the last time when its time is over', () => {
    expect(verdict([WINDOW_MS - 3000], SILENT, { failures: 9 }).pauseMs).toBe(3000);
    expect(verdict([WINDOW_MS - 0.5], SILENT, { failures: 9 }).pauseMs).toBe(1);
  });

  it('stays as it is when there was no answer', () =>
    expect(verdict([2, 1, 0], SILENT)).toMatchObject({ taken: 0, isFailure: true, limit: 3 }));

  it('is halved when it was refused, until the event that is refused is alone', () => {
    const limits = [100, 50, 25, 13, 7, 4, 2, 1].map(
      (size) => verdict(Array<number>(size).fill(0), REFUSED).limit,
    );
    expect(limits).toEqual([50, 25, 13, 7, 4, 2, 1, 1]);
  });
});

describe('Events whose time is over', () => {
  it('are given up after a failure, and those behind them are not', () =>
    expect(verdict([WINDOW_MS + 1, WINDOW_MS, WINDOW_MS - 1, 0], REFUSED)).toEqual({
      taken: 2,
      deathCause: 'It answered 500',
      isFailure: true,
      pauseMs: 1000,
    }));

  it('are given up all together', () =>
    expect(verdict([WINDOW_MS, WINDOW_MS], SILENT)).toMatchObject({ taken: 2 }));

  it('were tried once in any case, also when nothing is tried again', () => {
    expect(verdict([0], SILENT, { windowMs: 0 })).toMatchObject({
      taken: 1,
      deathCause: 'Silence',
    });
    expect(verdict([0], { isDelivered: true }, { windowMs: 0 })).toMatchObject({ taken: 1 });
  });
});
