import * as fc from 'fast-check';
import { BusFormError, BusFrameReader } from './bus-frame-reader.js';

/** A frame as it goes over the wire. */
function framed(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Reads a stream that arrives in pieces. */
function readPieces(reader: BusFrameReader, stream: Buffer, cuts: readonly number[]): Buffer[] {
  const frames: Buffer[] = [];
  const ends = [...cuts, stream.length].map((cut) => Math.min(cut, stream.length)).sort(byNumber);
  let at = 0;
  for (const end of ends) {
    if (end > at) reader.read(stream.subarray(at, end), (frame) => frames.push(Buffer.from(frame)));
    at = end;
  }
  return frames;
}

const hex = (bytes: Buffer) => bytes.toString('hex');
const byNumber = (one: number, other: number) => one - other;

describe('A stream of frames', () => {
  const body = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 20 }),
    fc.uint8Array({ minLength: 250, maxLength: 300 }),
  );

  it('is read as it was written, wherever it is cut', () => {
    const property = fc.property(
      fc.array(body, { maxLength: 12 }),
      fc.array(fc.nat({ max: 600 }), { maxLength: 30 }),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(framed));
        const frames = readPieces(new BusFrameReader(300), stream, cuts);
        const expected = bodies.map((each) => Buffer.from(each));
        expect(frames.map(hex)).toEqual(expected.map(hex));
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it('is read byte by byte', () => {
    const stream = Buffer.concat([framed(Buffer.from('one')), framed(Buffer.from('two'))]);
    const everywhere = Array.from(stream, (_, i) => i);
    const frames = readPieces(new BusFrameReader(3), stream, everywhere);
    expect(frames.map(String)).toEqual(['one', 'two']);
  });

  it('may have frames of many pieces', () => {
    const large = Buffer.alloc(1_000_000, 'abc');
    const cuts = Array.from({ length: 1000 }, (_, i) => i * 1000);
    const stream = Buffer.concat([framed(large), framed(Buffer.from('next'))]);
    const frames = readPieces(new BusFrameReader(large.length), stream, cuts);
    expect(frames.map(({ length }) => length)).toEqual([1_000_000, 4]);
    expect(frames[0]!.equals(large)).toBe(true);
  });
});

describe('What is no stream of frames', () => {
  const expectRefusal = (bytes: Buffer, limit = 100) => {
    const reader = new BusFrameReader(limit);
    expect(() => reader.read(bytes, () => undefined)).toThrow(BusFormError);
  };

  it('is refused as soon as a length says so, before anything is kept of it', () => {
    expectRefusal(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expectRefusal(Buffer.from([0, 0, 0, 0]));
    expectRefusal(Buffer.from([0, 0, 0, 101]));
    expectRefusal(Buffer.from([255, 255, 255, 255]));
  });

  it('is found behind a good frame, too, which is handed over', () => {
    const frames: string[] = [];
    const reader = new BusFrameReader(10);
    const bytes = Buffer.concat([framed(Buffer.from('good')), Buffer.from([0, 0, 0, 11])]);
    expect(() => reader.read(bytes, (frame) => frames.push(frame.toString()))).toThrow('11');
    expect(frames).toEqual(['good']);
  });

  it('goes by the limit of the moment', () => {
    const reader = new BusFrameReader(4);
    const frames: number[] = [];
    const bytes = Buffer.concat([framed(Buffer.alloc(4)), framed(Buffer.alloc(50))]);
    reader.read(bytes, (frame) => {
      frames.push(frame.length);
      reader.limitBytes = 50;
    });
    expect(frames).toEqual([4, 50]);
  });
});
