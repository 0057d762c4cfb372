import { matches } from './matches.js';

describe('What is expected of data', () => {
  it.each<[unknown, unknown, boolean]>([
    [1, 1, true],
    [1, 2, false],
    ['1', 1, false],
    [null, null, true],
    [null, undefined, false],
    [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: undefined }, { b: 1 }, false],
    [{ a: 1 }, null, false],
    [null, { a: 1 }, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [[], {}, false],
    [{}, [], false],
    [{ a: 1 }, 'text', false],
  ])('%j and what came, %j: %p', (expected, actual, isRight) => {
    expect(matches(expected, actual)).toBe(isRight);
  });

  it('may be said with matchers of the test runner, at any depth', () => {
    const came = { id: 7, at: '2020', lines: [{ sku: 'a', count: 2 }] };
    const anyLine = expect.objectContaining({ sku: 'a' });
    expect(matches({ id: 7, at: expect.any(String), lines: [anyLine] }, came)).toBe(true);
    expect(matches({ id: 7, at: expect.any(Number), lines: [anyLine] }, came)).toBe(false);
    expect(matches(expect.objectContaining({ id: 8 }), came)).toBe(false);
  });

  it('may be a question', () => {
    expect(matches((value: unknown) => value === 1, 1)).toBe(true);
    expect(matches({ a: (value: number) => value > 1 }, { a: 1 })).toBe(false);
  });
});
