import { jest } from '@jest/globals';
import { UserGraces } from './user-graces.js';

let graces: UserGraces;
let ended: string[];

const begin = (userId: string, lengthMs = 1000, appId = 'app') =>
  graces.begin(appId, userId, lengthMs, () => ended.push(userId));

beforeEach(() => {
  jest.useFakeTimers();
  graces = new UserGraces();
  ended = [];
});

afterEach(() => {
  graces.clear();
  jest.useRealTimers();
});

describe('The grace of a user', () => {
  it('ends after its length, once', () => {
    begin('a');
    jest.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
    jest.advanceTimersByTime(5000);
    expect(ended).toEqual(['a']);
  });

  it('has its own length, whatever the others wait for', () => {
    begin('long', 5000);
    begin('short', 100);
    begin('middle', 1000);
    jest.advanceTimersByTime(100);
    expect(ended).toEqual(['short']);
    jest.advanceTimersByTime(900);
    expect(ended).toEqual(['short', 'middle']);
    begin('long', 10);
    jest.advanceTimersByTime(10);
    expect(ended).toEqual(['short', 'middle', 'long']);
    jest.advanceTimersByTime(5000);
    expect(ended).toHaveLength(3);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be called off, as long as it has not ended', () => {
    begin('a');
    begin('b');
    expect(graces.callOff('app', 'a')).toBe(true);
    expect(graces.callOff('app', 'a')).toBe(false);
    expect(graces.callOff('app', 'never begun')).toBe(false);
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['b']);
    expect(graces.callOff('app', 'b')).toBe(false);
  });

  it('begins anew when it is begun again', () => {
    begin('a');
    jest.advanceTimersByTime(600);
    begin('a');
    jest.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
  });

  it('is over when its end is told, and may be begun again there', () => {
    graces.begin('app', 'a', 1000, () => {
      ended.push(`still in a grace: ${graces.has('app', 'a')}`);
      begin('a');
    });
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['still in a grace: false']);
    jest.advanceTimersByTime(1000);
    expect(ended.at(-1)).toBe('a');
  });

  it('is known with the time it has left, and so are all of an application', () => {
    begin('a', 1000);
    begin('b', 500);
    begin('a', 300, 'another');
    jest.advanceTimersByTime(200);
    const left = ['a', 'b', 'c'].map((userId) => graces.remainingMs('app', userId));
    expect(left).toEqual([800, 300, 0]);
    expect(graces.of('app')).toEqual(['a', 'b']);
    jest.advanceTimersByTime(300);
    expect(graces.of('app')).toEqual(['a']);
    expect([graces.has('app', 'a'), graces.has('another', 'a')]).toEqual([true, false]);
    expect(graces.of('another')).toEqual([]);
  });

  it('belongs to one application', () => {
    begin('a', 1000, 'app');
    begin('a', 1000, 'another');
    graces.callOff('app', 'a');
    expect(graces.has('another', 'a')).toBe(true);
    jest.advanceTimersByTime(1000);
    expect(ended).toEqual(['a']);
  });

  it('is over for all when they are cleared', () => {
    begin('a');
    begin('b');
    graces.clear();
    expect(jest.getTimerCount()).toBe(0);
    expect(graces.of('app')).toEqual([]);
    jest.advanceTimersByTime(5000);
    expect(ended).toEqual([]);
  });
});
