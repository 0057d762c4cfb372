import {
  countOf,
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatNumber,
  formatShare,
  formatTime,
} from './format.js';
import { prettyJson, readJson } from './json.js';

/** With plain spaces, as it is read. */
function plain(text: string): string {
  return text.replaceAll('\u202f', ' ');
}

describe('figures are written for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 000'],
    [1234567, '1 234 567'],
  ])('%d as a count is %s', (value, text) => expect(plain(formatCount(value))).toBe(text));

  it.each([
    [0, '0'],
    [0.456, '0.46'],
    [1.5, '1.5'],
    [12.34, '12.3'],
    [10.04, '10'],
    [1234.5, '1 235'],
  ])('%d as a number is %s', (value, text) => expect(plain(formatNumber(value))).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1 023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [120 * 1024 ** 2, '120 MiB'],
    [3 * 1024 ** 5, '3 072 TiB'],
  ])('%d bytes are %s', (bytes, text) => expect(plain(formatBytes(bytes))).toBe(text));

  it.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [0.1234, '0.12 ms'],
    [12.34, '12.3 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [59_990, '59.9 s'],
    [60_000, '1 min'],
    [184_000, '3 min 4 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms are %s', (ms, text) => expect(plain(formatDuration(ms))).toBe(text));

  it('a share is a percentage', () => expect(formatShare(0.2345)).toBe('23.5 %'));

  it('one is not many', () => {
    expect(countOf(1, 'socket')).toBe('1 socket');
    expect(countOf(0, 'socket')).toBe('0 sockets');
    expect(countOf(2, 'new', 'new')).toBe('2 new');
  });

  it('a time is that of where the reader is', () => {
    const at = new Date(2026, 0, 2, 3, 4, 5, 67).getTime();
    expect(formatTime(at)).toBe('03:04:05.067');
    expect(formatMoment(at)).toBe('2026-01-02 03:04:05.067');
  });
});

describe('JSON is read for people', () => {
  it('is indented, and left alone when it is none', () => {
    expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(prettyJson('<b>no</b>')).toBe('<b>no</b>');
  });

  it.each([
    ' { "a" : [ ] , "b":{ } , "c": [ { "d" : "x,{[:\\"" } , null, true ] } ',
    '"text"',
    '-1.5',
    '[[[]],{}]',
  ])('is indented as JavaScript would: %s', (text) =>
    expect(prettyJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2)),
  );

  it('keeps numbers as they are written', () => {
    expect(prettyJson('[12345678901234567890,1.0]')).toBe('[\n  12345678901234567890,\n  1.0\n]');
  });

  it('is not indented without end', () => {
    const nested = '['.repeat(2000) + ']'.repeat(2000);
    expect(prettyJson(nested).length).toBeLessThan(300_000);
  });

  it.each(['{}', '"text"', 'null', '[1]'])('%s is a value', (text) =>
    expect(readJson(text)).toEqual({ value: JSON.parse(text) }),
  );

  it('says where it stops being JSON', () => {
    expect(readJson('{\n  "a": 1,\n  b\n}')).toEqual({
      error: expect.stringMatching(/^Not JSON: .*line 3/) as string,
    });
    expect(readJson('')).toEqual({ error: expect.stringContaining('Not JSON') as string });
  });
});
