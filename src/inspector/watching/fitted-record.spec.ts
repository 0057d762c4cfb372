import type { InspectorRecord } from '../contract.js';
import { fitted } from './fitted-record.js';

const LONG = 'x'.repeat(5000);
const SHORT = 'x'.repeat(500);
const RECORD: InspectorRecord = { id: 1, kind: 'node', atMs: 2, code: 3 };

describe('A record', () => {
  it('stays as it is when it fits', () => {
    const { record, textLength } = fitted({ ...RECORD, event: 'abc', channels: ['d', 'ef'] });
    expect(record).toEqual({ ...RECORD, event: 'abc', channels: ['d', 'ef'] });
    expect(textLength).toBe('node'.length + 6);
  });

  it('has no long texts, but for the data of an event', () => {
    const texts = { event: LONG, reason: LONG, address: LONG, origin: LONG, client: LONG };
    const { record, textLength } = fitted({
      ...RECORD,
      ...texts,
      channels: ['c', LONG],
      data: LONG,
    });
    expect(record).toEqual({
      ...RECORD,
      event: SHORT,
      reason: SHORT,
      address: SHORT,
      origin: SHORT,
      client: SHORT,
      channels: ['c', SHORT],
      data: LONG,
    });
    expect(textLength).toBe('node'.length + 6 * 500 + 1 + 5000);
  });

  it('names a hundred channels', () => {
    const channels = Array.from({ length: 150 }, (_, i) => String(i));
    expect(fitted({ ...RECORD, channels }).record.channels).toEqual(channels.slice(0, 100));
  });
});
