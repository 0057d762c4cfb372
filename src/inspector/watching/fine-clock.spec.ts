import { FineClock } from './fine-clock.js';

const HOUR_MS = 3_600_000;

describe('A fine clock', () => {
  it('tells apart what the clock of the day does not', () => {
    const clock = new FineClock();
    expect(clock.at(10, 1000)).toBe(1000);
    expect(clock.at(10.25, 1000)).toBe(1000.25);
    expect(clock.at(11.5, 1001)).toBe(1001.5);
  });

  it.each([
    ['the process was suspended', 100 + HOUR_MS],
    ['the clock was put forward', 103],
    ['the clock was put back', 100 - HOUR_MS],
  ])('follows when %s', (_, dayMs) => {
    const clock = new FineClock();
    clock.at(0, 100);
    expect(clock.at(0.5, dayMs)).toBe(dayMs);
    expect(clock.at(0.75, dayMs)).toBe(dayMs + 0.25);
  });

  it('follows one that goes faster, and is never far from it', () => {
    const clock = new FineClock();
    for (let steadyMs = 0; steadyMs < HOUR_MS; steadyMs += 250) {
      const dayMs = Math.floor(steadyMs * 1.0005);
      expect(Math.abs(clock.at(steadyMs, dayMs) - dayMs)).toBeLessThanOrEqual(2);
    }
  });
});
