import type { InspectorRecord } from './contract.js';
import { shortText, withShortTexts } from './short-text.js';

const LONG = 'x'.repeat(5000);
const SHORT = `${'x'.repeat(1000)}…`;

describe('A text that clients choose', () => {
  it.each([
    ['', ''],
    ['x'.repeat(1000), 'x'.repeat(1000)],
    ['x'.repeat(1001), SHORT],
    [LONG, SHORT],
  ])('is shown up to a thousand characters: %#', (text, shown) => {
    expect(shortText(text)).toBe(shown);
  });

  it('is short in a record, wherever it stands, and nothing else is changed', () => {
    const record: InspectorRecord = { id: 1, kind: 'refused', atMs: 2, code: 3, data: LONG };
    expect(withShortTexts(record)).toEqual(record);
    const texts = { event: LONG, reason: LONG, address: LONG, origin: LONG, client: LONG };
    expect(withShortTexts({ ...record, ...texts, channels: ['c', LONG] })).toEqual({
      ...record,
      event: SHORT,
      reason: SHORT,
      address: SHORT,
      origin: SHORT,
      client: SHORT,
      channels: ['c', SHORT],
    });
    expect(Object.keys(withShortTexts(record))).toEqual(Object.keys(record));
  });
});
