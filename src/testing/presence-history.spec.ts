import { PresenceHistory } from './presence-history.js';

/** A history of the user "a", told in words: `+1` came at version 1, `-2` went, `=2` was there without a change. */
function historyOf(words: string, before = 0): PresenceHistory {
  const history = new PresenceHistory(before, []);
  for (const word of words.split(' ')) {
    const version = Number(word.slice(1));
    if (word.startsWith('-')) history.add('a', false, { isLast: true, version });
    else history.add('a', true, { isFull: false, isFirst: word.startsWith('+'), version });
  }
  return history;
}

describe('A history of a presence channel', () => {
  it.each(['+1', '+1 =1 =1 -2', '=1 -2 +1', '-4 +3 -2 +1 =3', '+10 -11 +25 =25'])(
    'in which a user comes and goes by turns has no fault: %s',
    (words) => {
      expect(historyOf(words).findFault()).toBeUndefined();
    },
  );

  it.each([
    ['comes twice', '+1 +2'],
    ['goes twice', '+1 -2 -3'],
    ['goes first', '-1'],
    ['shares a version with itself', '+1 -1'],
    ['was there before it came', '=1 +2'],
    ['was there after it went', '+1 -2 =2'],
    ['comes at a version that was before', '+0'],
  ])('in which a user %s has one', (_, words) => {
    expect(historyOf(words).findFault()).toBeDefined();
  });

  it('has one too where two users share a version', () => {
    const history = historyOf('+1');
    history.add('b', true, { isFull: false, isFirst: true, version: 1 });
    expect(history.findFault()).toBeDefined();
  });

  it('has a gap for each version that nobody was told of', () => {
    expect(historyOf('+6 -7 +8', 5).gaps).toBe(0);
    expect(historyOf('+8 -9 +11', 5).gaps).toBe(3);
    expect(new PresenceHistory(5, []).gaps).toBe(0);
  });

  it('knows who was there at each version', () => {
    const history = new PresenceHistory(5, ['z']);
    history.add('b', true, { isFull: false, isFirst: true, version: 7 });
    history.add('a', true, { isFull: false, isFirst: true, version: 6 });
    history.add('z', false, { isLast: true, version: 8 });
    history.add('a', false, { isLast: false, version: 8 });
    expect([5, 6, 7, 8, 9].map((version) => history.userIdsAt(version))).toEqual([
      ['z'],
      ['a', 'z'],
      ['a', 'b', 'z'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });
});
