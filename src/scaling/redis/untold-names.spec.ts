import { UntoldNames } from './untold-names.js';

describe('While nobody can be told', () => {
  it('who comes and goes need not be known', () => {
    const untold = new UntoldNames();
    untold.holds('app', 'brief', false);
    expect(untold.releases('app', 'brief')).toBe(true);
    expect(untold.releases('app', 'brief')).toBe(false);
  });

  it('who was there before and is missed is known, unless it comes back', () => {
    const untold = new UntoldNames();
    for (const name of ['a', 'b']) untold.misses('app', name);
    untold.holds('app', 'b', false);
    expect([...untold.missed('app')]).toEqual(['a']);
    expect([...untold.missed('other')]).toEqual([]);
    expect(untold.releases('app', 'b')).toBe(false);
  });

  it('who was in its grace had been there before', () => {
    const untold = new UntoldNames();
    untold.holds('app', 'a', true);
    expect(untold.releases('app', 'a')).toBe(false);
  });

  it('nothing is left of it afterwards', () => {
    const untold = new UntoldNames();
    untold.holds('app', 'a', false);
    untold.misses('app', 'b');
    untold.clear();
    expect([untold.releases('app', 'a'), [...untold.missed('app')]]).toEqual([false, []]);
  });
});
