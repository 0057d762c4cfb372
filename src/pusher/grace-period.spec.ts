import { jest } from '@jest/globals';
import { GracePeriod } from './grace-period.js';

let grace: GracePeriod;
let ended: string[];

const begin = (key: string) => grace.begin(key, () => ended.push(key));

beforeEach(() => {
  jest.useFakeTimers();
  grace = new GracePeriod(1000);
  ended = [];
});

afterEach(() => {
  grace.clear();
  jest.useRealTimers();
});

describe('A grace period', () => {
  it('ends after its length, once', () => {
    begin('a');
    jest.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
    jest.advanceTimersByTime(5000);
    expect(ended).toEqual(['a']);
  });

  it('ends in the order it was begun in, with one timer', () => {
    for (const key of ['a', 'b', 'c']) {
      begin(key);
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(100);
    }
    jest.advanceTimersByTime(700);
    expect(ended).toEqual(['a']);
    jest.advanceTimersByTime(100);
    expect(ended).toEqual(['a', 'b']);
    jest.advanceTimersByTime(100);
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be called off, as long as it has not ended', () => {
    begin('a');
    begin('b');
    expect(grace.callOff('a')).toBe(true);
    expect(grace.callOff('a')).toBe(false);
    expect(grace.callOff('never begun')).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['b']);
    expect(grace.callOff('b')).toBe(false);
  });

  it('begins anew when it is begun again', () => {
    begin('a');
    jest.advanceTimersByTime(600);
    begin('b');
    begin('a');
    jest.advanceTimersByTime(400);
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(600);
    expect(ended).toEqual(['b', 'a']);
  });

  it('can be begun again by its own end', () => {
    grace.begin('a', () => {
      ended.push('first');
      begin('a');
    });
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['first']);
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['first', 'a']);
  });

  it('of no length ends in the next turn', () => {
    grace = new GracePeriod(0);
    begin('a');
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
  });

  it('is over for all when it is cleared', () => {
    begin('a');
    begin('b');
    grace.clear();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(5000);
    expect(ended).toEqual([]);
  });
});
