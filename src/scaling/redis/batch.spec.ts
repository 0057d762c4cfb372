import { jest } from '@jest/globals';
import { Batch } from './batch.js';

let rounds: number;
let batch: Batch;

beforeEach(() => {
  jest.useFakeTimers();
  rounds = 0;
  batch = new Batch(() => rounds++);
});

afterEach(() => jest.useRealTimers());

describe('A batch', () => {
  it('does at the end of the turn what comes after a quiet time, once', () => {
    for (let i = 0; i < 10; i++) batch.request();
    expect(rounds).toBe(0);
    jest.advanceTimersByTime(1);
    expect(rounds).toBe(1);
    jest.advanceTimersByTime(1000);
    expect(rounds).toBe(1);
  });

  it('does ten rounds a second at most', () => {
    for (let i = 0; i < 1000; i++) {
      batch.request();
      jest.advanceTimersByTime(1);
    }
    expect(rounds).toBeGreaterThanOrEqual(9);
    expect(rounds).toBeLessThanOrEqual(11);
  });

  it('does not do what was called off', () => {
    batch.request();
    batch.cancel();
    jest.advanceTimersByTime(1000);
    expect(rounds).toBe(0);
    batch.request();
    jest.advanceTimersByTime(1);
    expect(rounds).toBe(1);
  });
});
