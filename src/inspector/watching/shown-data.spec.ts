import { shownData } from './shown-data.js';

describe('What a record says of data', () => {
  it('is its size in bytes, and nothing else, unless payloads may be shown', () => {
    expect(shownData('für', false)).toEqual({ bytes: 4 });
    expect(shownData('', false)).toEqual({ bytes: 0 });
    expect(shownData({ secret: 1 }, false)).toEqual({});
  });

  it('is the data itself where they may', () => {
    expect(shownData('für', true)).toEqual({ bytes: 4, data: 'für' });
    expect(shownData({ a: 'ü' }, true)).toEqual({ bytes: 10, data: '{"a":"ü"}' });
    expect(shownData(null, true)).toEqual({ bytes: 4, data: 'null' });
    expect(shownData(undefined, true)).toEqual({});
  });

  it('is cut to 4096 characters, with the size of all of it', () => {
    const exact = 'ü'.repeat(4096);
    expect(shownData(exact, true)).toEqual({ bytes: 8192, data: exact });
    expect(shownData(`${exact}x`, true)).toEqual({ bytes: 8193, data: exact });
  });

  it('is nothing for what is nested so deeply that it cannot be written', () => {
    const deep: unknown = JSON.parse('['.repeat(8000) + ']'.repeat(8000));
    let deeper = deep;
    for (let i = 0; i < 200_000; i++) deeper = [deeper];
    expect(shownData(deeper, true)).toEqual({});
  });
});
