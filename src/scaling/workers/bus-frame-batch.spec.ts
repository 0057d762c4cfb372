import * as fc from 'fast-check';
import { BusFrameBatch, readBusFrame } from './bus-frame-batch.js';
import { BusFormError, BusFrameReader } from './bus-frame-reader.js';

/** Something that is said. */
type Said =
  | { readonly kind: 'item'; readonly item: unknown }
  | { readonly kind: 'numbered'; readonly topic: number; readonly message: string }
  | { readonly kind: 'named'; readonly topic: string; readonly message: string };

function say(batch: BusFrameBatch, said: Said): void {
  if (said.kind === 'item') batch.addItem(said.item);
  else if (said.kind === 'named') batch.addNamed(said.topic, Buffer.from(said.message));
  else batch.addNumbered(said.topic, Buffer.from(said.message));
}

/** What is heard at the other end, and the number of frames. */
function hear(chunks: readonly Buffer[]): { heard: Said[]; frames: number } {
  const heard: Said[] = [];
  let frames = 0;
  new BusFrameReader(0xffff_ffff).read(Buffer.concat(chunks), (frame) => {
    frames += 1;
    readBusFrame(frame, {
      onItem: (item) => heard.push({ kind: 'item', item }),
      onNumbered: (topic, message) =>
        heard.push({ kind: 'numbered', topic, message: message.toString() }),
      onNamed: (topic, message) =>
        heard.push({ kind: 'named', topic, message: message.toString() }),
    });
  });
  return { heard, frames };
}

const LARGE = 'é'.repeat(5000);

describe('What is said in a turn', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('', LARGE, 'x'.repeat(8191), 'x'.repeat(8192), 'y'.repeat(70_000)),
  );
  const said = fc.oneof(
    fc.record({ kind: fc.constant('item'), item: fc.oneof(text, fc.nat(), fc.constant(null)) }),
    fc.record({
      kind: fc.constant('numbered'),
      topic: fc.oneof(fc.nat(), fc.constantFrom(2 ** 48 - 1, 2 ** 32)),
      message: text,
    }),
    fc.record({ kind: fc.constant('named'), topic: text, message: text }),
  ) as fc.Arbitrary<Said>;

  it('is heard, whole and in that order, turn after turn', () => {
    const turns = fc.array(fc.array(said, { maxLength: 6 }), { maxLength: 4 });
    const property = fc.property(turns, (all) => {
      const batch = new BusFrameBatch();
      const chunks = all.flatMap((turn) => {
        for (const each of turn) say(batch, each);
        return batch.take().chunks;
      });
      expect(hear(chunks).heard).toEqual(all.flat().map(asJson));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('is one piece of memory, and items without a message in between are one frame', () => {
    const batch = new BusFrameBatch();
    for (let i = 0; i < 5; i++) batch.addItem(i);
    batch.addNumbered(1, Buffer.from('message'));
    for (let i = 0; i < 5; i++) batch.addItem(i);
    const { chunks } = batch.take();
    expect(chunks).toHaveLength(1);
    expect(hear(chunks).frames).toBe(3);
    expect(batch.take()).toEqual({ chunks: [], itemBytes: 0 });
  });

  it('has no frames of items that grow without bound, unless one item does', () => {
    const batch = new BusFrameBatch();
    const items = Array.from({ length: 2_000 }, (_, i) => `${i} ${'x'.repeat(100)}`);
    for (const item of [...items, 'y'.repeat(200_000), 'z']) batch.addItem(item);
    const { chunks, itemBytes } = batch.take();
    expect(hear(chunks).heard).toHaveLength(items.length + 2);
    expect(hear(chunks).frames).toBe(6);
    expect(itemBytes).toBe(chunks.reduce((sum, { length }) => sum + length, 0));
  });

  it('is copied, unless it is large', () => {
    const batch = new BusFrameBatch();
    const [small, large] = [Buffer.from('small'), Buffer.alloc(100_000)];
    batch.addNumbered(1, small);
    batch.addNumbered(2, large);
    const { chunks } = batch.take();
    expect(chunks.includes(large)).toBe(true);
    expect(chunks.some((chunk) => chunk.buffer === small.buffer)).toBe(false);
  });

  it('is counted until it is taken', () => {
    const batch = new BusFrameBatch();
    batch.addNumbered(1, Buffer.alloc(100));
    expect(batch.messageBytes).toBe(111);
    batch.addItem('x'.repeat(20_000));
    batch.addNamed('abc', Buffer.alloc(100_000));
    expect(batch.messageBytes).toBe(111 + 100_012);
    const { chunks, itemBytes } = batch.take();
    const total = chunks.reduce((sum, { length }) => sum + length, 0);
    expect(total - itemBytes).toBe(111 + 100_012);
    expect(batch.messageBytes).toBe(0);
  });
});

describe('A frame of something else', () => {
  const listener = {
    onItem: () => undefined,
    onNumbered: () => undefined,
    onNamed: () => undefined,
  };
  const read = (...bytes: number[]) => readBusFrame(Buffer.from(bytes), listener);

  it('is refused', () => {
    expect(() => read(0)).toThrow(BusFormError);
    expect(() => read(4, 1, 1)).toThrow(BusFormError);
    expect(() => read(2, 0, 0, 0, 0, 0)).toThrow(BusFormError);
    expect(() => read(3, 0, 0, 0)).toThrow(BusFormError);
    expect(() => read(3, 0, 0, 0, 3, 97, 98)).toThrow(BusFormError);
    expect(() => readBusFrame(Buffer.from('\u0001{}'), listener)).toThrow(BusFormError);
    expect(() => readBusFrame(Buffer.from('\u0001[1'), listener)).toThrow(SyntaxError);
  });

  it('never does anything else, whatever the bytes', () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      try {
        read(...bytes);
        return true;
      } catch (error) {
        return error instanceof BusFormError || error instanceof SyntaxError;
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});

/** Only JSON keeps halves of characters; bytes of text do not. */
function asJson(said: Said): Said {
  if (said.kind === 'item') return said;
  const message = Buffer.from(said.message).toString();
  if (said.kind === 'numbered') return { ...said, message };
  return { ...said, topic: Buffer.from(said.topic).toString(), message };
}
