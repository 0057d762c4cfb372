import { sorted, sortingAfter } from './sorting.js';
import { rowAfterKey, scrollTopFor, windowOf } from './window.js';

const VIEW = { height: 300, rowHeight: 30 };

describe('of a long list only what is seen is drawn', () => {
  it.each([
    [0, 0, 17],
    [30_000, 994, 1017],
    [299_700, 9984, 10_000],
    [-50, 0, 17],
  ])('scrolled by %d: from %d to %d', (scrollTop, start, end) =>
    expect(windowOf(10_000, { ...VIEW, scrollTop })).toEqual({ start, end }),
  );

  it('and something is, when the list has become shorter', () => {
    expect(windowOf(20, { ...VIEW, scrollTop: 90_000 })).toEqual({ start: 9, end: 20 });
    expect(windowOf(0, { ...VIEW, scrollTop: 90_000 })).toEqual({ start: 0, end: 0 });
  });

  it.each([
    [0, 600, 0],
    [25, 600, 600],
    [30, 600, 630],
    [19, 600, 570],
  ])('row %d is brought into sight from %d', (index, scrollTop, wanted) =>
    expect(scrollTopFor(index, { ...VIEW, scrollTop })).toBe(wanted),
  );
});

describe('keys move in a list', () => {
  it.each([
    ['ArrowDown', -1, 0],
    ['ArrowDown', 99, 99],
    ['ArrowUp', 0, 0],
    ['PageDown', 5, 15],
    ['PageUp', 5, 0],
    ['Home', 50, 0],
    ['End', 50, 99],
    ['a', 50, undefined],
  ])('%s from %d to %s', (key, from, to) => expect(rowAfterKey(key, from, 100, 10)).toBe(to));

  it('but not in an empty one', () => expect(rowAfterKey('End', -1, 0, 10)).toBeUndefined());
});

describe('rows are sorted', () => {
  it('by numbers and by names, with numbers in names as numbers', () => {
    expect(sorted([3, 1, 2], (row) => row, true)).toEqual([3, 2, 1]);
    expect(sorted(['x.10', 'x.9'], (row) => row, false)).toEqual(['x.9', 'x.10']);
  });

  it('the unknown last either way, and the same as they were', () => {
    const rows = [
      { at: undefined, id: 1 },
      { at: 2, id: 2 },
      { at: 2, id: 3 },
      { at: 5, id: 4 },
    ];
    const ids = (isDescending: boolean): number[] =>
      sorted(rows, ({ at }) => at, isDescending).map(({ id }) => id);
    expect(ids(false)).toEqual([2, 3, 4, 1]);
    expect(ids(true)).toEqual([4, 2, 3, 1]);
  });

  it('the other way round at the second click', () => {
    const first = sortingAfter({ by: 'name', isDescending: false }, 'rate', true);
    expect(first).toEqual({ by: 'rate', isDescending: true });
    expect(sortingAfter(first, 'rate', true)).toEqual({ by: 'rate', isDescending: false });
  });
});
