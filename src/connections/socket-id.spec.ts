import * as fc from 'fast-check';
import { isSocketId, SocketIdGenerator } from './socket-id.js';

describe('A socket id', () => {
  it('is two numbers, and never the same twice', () => {
    const generator = new SocketIdGenerator();
    const ids = Array.from({ length: 5000 }, () => generator.next());
    expect(ids.every(isSocketId)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is not the same in another process or server either', () => {
    const one = new SocketIdGenerator();
    const other = new SocketIdGenerator();
    const ids = Array.from({ length: 500 }, () => [one.next(), other.next()]).flat();
    expect(new Set(ids).size).toBe(1000);
  });

  it('uses all of its 2 times 48 bits', () => {
    const generator = new SocketIdGenerator();
    const seen = [0n, 0n];
    for (let i = 0; i < 1000; i++) {
      generator
        .next()
        .split('.')
        .forEach((number, half) => (seen[half]! |= BigInt(number)));
    }
    expect(seen).toEqual([2n ** 48n - 1n, 2n ** 48n - 1n]);
  });
});

describe('The form of a socket id', () => {
  it.each(['1.1', '123.456', '0.0', `${'1'.repeat(31)}.${'1'.repeat(32)}`])(
    'is that of %j',
    (id) => {
      expect(isSocketId(id)).toBe(true);
    },
  );

  it.each([
    '',
    '.',
    '1',
    '1.',
    '.1',
    '1.1.1',
    '-1.1',
    '1,1',
    ' 1.1',
    '1.1 ',
    '1.1\n',
    'a1.1',
    '1e5.1',
    '٣.٤',
    `${'1'.repeat(32)}.${'1'.repeat(32)}`,
  ])('is not that of %j', (id) => {
    expect(isSocketId(id)).toBe(false);
  });

  it('is never that of two numbers with something else in them', () => {
    const property = fc.property(fc.nat(), fc.nat(), fc.string({ minLength: 1 }), (a, b, junk) => {
      return /^\d*$/.test(junk) || !isSocketId(`${a}.${b}${junk}`);
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});
