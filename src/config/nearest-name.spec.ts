import { editDistance, nearestName } from './nearest-name.js';

describe('The nearest name', () => {
  it('counts letters to add, remove and change', () => {
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('same', 'same')).toBe(0);
  });

  it('is the first of the closest', () => expect(nearestName('b', ['a', 'c', 'bb'])).toBe('a'));
  it('is none when all are too far', () => expect(nearestName('b', ['xyz'], 2)).toBeUndefined());
  it('is none of none', () => expect(nearestName('b', [])).toBeUndefined());
});
