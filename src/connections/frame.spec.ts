import * as fc from 'fast-check';
import { PING_FRAME, pongFrame, textFrame, textOf } from './frame.js';

/** Reads a frame as RFC 6455 has it, knowing nothing of who wrote it. */
function read(frame: Buffer) {
  const short = frame.readUInt8(1);
  const [start, length] =
    short < 126
      ? [2, short]
      : short === 126
        ? [4, frame.readUInt16BE(2)]
        : [10, Number(frame.readBigUInt64BE(2))];
  return { first: frame.readUInt8(0), length, payload: frame.subarray(start), header: start };
}

describe('A text frame', () => {
  it.each([
    [0, 2],
    [1, 2],
    [125, 2],
    [126, 4],
    [127, 4],
    [65_535, 4],
    [65_536, 10],
    [1_000_000, 10],
  ])('of %i bytes has a header of %i, the shortest there is', (length, header) => {
    const frame = textFrame('x'.repeat(length));
    expect(read(frame)).toMatchObject({ first: 0x81, length, header });
    expect(frame).toHaveLength(header + length);
    expect(textOf(frame)).toHaveLength(length);
  });

  it('is final, unmasked text', () => {
    expect([...textFrame('ab')]).toEqual([0x81, 2, 0x61, 0x62]);
  });

  it('counts bytes, not characters', () => {
    expect(read(textFrame('é'.repeat(63)))).toMatchObject({ length: 126, header: 4 });
    expect(read(textFrame('\ud83d\ude00'))).toMatchObject({ length: 4 });
  });

  it('holds UTF-8 even of what is none', () => {
    const { payload, length } = read(textFrame('a\ud800b'));
    expect(payload).toHaveLength(length);
    expect(payload.toString()).toBe('a\ufffdb');
  });

  it('is as long as it says and gives its text back, whatever it is', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme', minLength: 20, maxLength: 300 }),
      fc.nat({ max: 70_000 }).map((length) => 'é'.repeat(length)),
    );
    const property = fc.property(texts, (text) => {
      const frame = textFrame(text);
      const { payload, length } = read(frame);
      const expected = Buffer.from(text);
      return (
        payload.length === length && payload.equals(expected) && textOf(frame) === `${expected}`
      );
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});

describe('A PONG', () => {
  it('has the payload of the PING, up to the 125 bytes it may have', () => {
    for (let length = 0; length <= 125; length++) {
      const payload = Buffer.alloc(length, length);
      const pong = read(pongFrame(payload));
      expect(pong).toMatchObject({ first: 0x8a, length });
      expect(pong.payload.equals(payload)).toBe(true);
    }
  });

  it('is a copy: the payload may be used for something else', () => {
    const payload = Buffer.from('abc');
    const pong = pongFrame(payload);
    payload.fill(0);
    expect(pong.toString('latin1', 2)).toBe('abc');
  });
});

describe('A PING', () => {
  it('is empty', () => {
    expect([...PING_FRAME]).toEqual([0x89, 0]);
  });
});
