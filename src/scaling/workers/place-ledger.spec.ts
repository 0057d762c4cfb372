import { PlaceLedger } from './place-ledger.js';

let nowMs = 0;
const ledger = () => new PlaceLedger(() => nowMs);
const change = (version: number, isOccupied: boolean, place = 'a', appId = 'app') => ({
  appId,
  place,
  isOccupied,
  version,
});

describe('What is told of a place', () => {
  it('is told by turns', () => {
    const told = ledger();
    const answers = [1, 2, 3, 4].map((version) => told.enter(change(version, version % 2 === 1)));
    expect(answers).toEqual([true, true, true, true]);
  });

  it('is left out when a later change was told before, or the same', () => {
    const told = ledger();
    expect(told.enter(change(2, false))).toBe(true);
    expect(told.enter(change(1, true))).toBe(false);
    expect(told.enter(change(2, false))).toBe(false);
    expect(told.enter(change(3, true))).toBe(true);
  });

  it('is left out when the change before it never came', () => {
    const told = ledger();
    expect(told.enter(change(1, true))).toBe(true);
    expect(told.enter(change(3, true))).toBe(false);
    expect(told.enter(change(2, false))).toBe(false);
    expect(told.enter(change(4, false))).toBe(true);
  });

  it('is nothing to another place, or another application', () => {
    const told = ledger();
    expect(told.enter(change(5, true))).toBe(true);
    expect(told.enter(change(1, true, 'b'))).toBe(true);
    expect(told.enter(change(1, true, 'a', 'other'))).toBe(true);
  });

  it('is forgotten when the place has been vacant for long, and only then', () => {
    const told = ledger();
    told.enter(change(1, true, 'stays'));
    told.enter(change(2, false, 'goes'));
    nowMs += 599_999;
    told.sweep();
    expect(told.size).toBe(2);
    nowMs += 1;
    told.sweep();
    expect(told.size).toBe(1);
    expect(told.enter(change(1, true, 'stays'))).toBe(false);
  });
});
