import type { TracePart } from '../contract.js';
import { roughLengthOf } from './part-length.js';

const COMMON = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  atMs: 1_790_000_000_000.125,
  tookMs: 0.123456,
};

describe('The rough length of a step', () => {
  it.each<[string, TracePart]>([
    ['taken', { step: 'taken', ...COMMON }],
    ['taken, with an error', { step: 'taken', ...COMMON, error: 'e'.repeat(500) }],
    [
      'sent',
      { step: 'sent', ...COMMON, takenSpanId: 'c'.repeat(16), channel: 'x', error: 'no room' },
    ],
    ['written', { step: 'fanned-out', ...COMMON, channel: 'x'.repeat(200), sockets: 3, slow: 0 }],
    [
      'written, to slow sockets',
      {
        step: 'fanned-out',
        ...COMMON,
        channel: 'x',
        sockets: 100,
        excluded: '1234567890.987654321',
        slow: 50,
        slowSockets: Array.from({ length: 5 }, () => '1234567890.987654321'),
      },
    ],
  ])('is about its length: %s', (_, part) => {
    const exact = JSON.stringify(part).length;
    expect(Math.abs(roughLengthOf(part) - exact)).toBeLessThan(90);
  });
});
