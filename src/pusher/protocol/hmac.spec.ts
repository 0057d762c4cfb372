import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { hmacSha256 } from './hmac.js';

const byNode = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');

describe('The HMAC of a text', () => {
  it('is that of RFC 4231, test case 2', () => {
    expect(hmacSha256('Jefe', 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it.each([
    ['an empty key', '', 'text'],
    ['an empty text', 'key', ''],
    ['a key of a whole block', 'k'.repeat(64), 'text'],
    ['a key that is longer than a block', 'k'.repeat(65), 'text'],
    ['a key that is longer than a block in bytes alone', 'é'.repeat(33), 'text'],
    ['the longest text that is not left to Node', 'key', '€'.repeat(4096)],
    ['a longer text', 'key', 'a'.repeat(4097)],
    ['half a surrogate pair', '\ud800', '\udc00'],
  ])('with %s is the one that Node makes', (_, key, text) => {
    expect(hmacSha256(key, text)).toBe(byNode(key, text));
  });

  it('is the one that Node makes, whatever came before', () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 });
    const call = fc.tuple(fc.oneof(fc.constantFrom('one', 'other'), text), text);
    const check = ([key, message]: [string, string]) => {
      expect(hmacSha256(key, message)).toBe(byNode(key, message));
    };
    fc.assert(fc.property(call, check), { numRuns: 2000 });
  });
});
