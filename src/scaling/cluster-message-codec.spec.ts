import * as fc from 'fast-check';
import {
  decodeClusterMessage,
  encodeClusterMessage,
  type Envelope,
} from './cluster-message-codec.js';
import type { ClusterMessage, FrameMessage } from './cluster-message.js';

const MAX_SEQUENCE = 2 ** 48 - 1;

const text = fc.string({ unit: 'binary', maxLength: 40 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const member = fc
  .tuple(
    fc.oneof(text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.option(fc.json(), { nil: undefined }),
  )
  .map(([id, userInfo]) => ({ userId: String(id), id: Object.is(id, -0) ? 0 : id, userInfo }));

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((id) => id.some((byte) => byte !== 0))
    .map((id) => Buffer.from(id).toString('hex'));
const traceparent = fc
  .tuple(hex(16), hex(8), fc.constantFrom('00', '01', 'ff'))
  .map(([trace, span, flags]) => `00-${trace}-${span}-${flags}`);

const frame: fc.Arbitrary<FrameMessage> = fc.record({
  type: fc.constant('frame'),
  appId: text,
  channel: text,
  frame: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  exceptSocketId: fc.option(text, { nil: undefined }),
  traceparent: fc.option(traceparent, { nil: undefined }),
});

/** Anything that JSON can say, as it is after JSON has said it. */
const jsonValue = fc.json().map((json) => JSON.parse(json) as unknown);

/** One arbitrary for every kind, so that a new kind is not forgotten here. */
const messages: { [T in ClusterMessage['type']]: fc.Arbitrary<ClusterMessage & { type: T }> } = {
  frame,
  members: fc.record({
    type: fc.constant('members'),
    appId: text,
    channel: text,
    version: count,
    left: fc.array(text, { maxLength: 5 }),
    joined: fc.array(member, { maxLength: 5 }),
  }),
  terminate: fc.record({ type: fc.constant('terminate'), appId: text, userId: text }),
  'user-status': fc.record({
    type: fc.constant('user-status'),
    appId: text,
    userId: text,
    isOnline: fc.boolean(),
  }),
  ask: fc.record({
    type: fc.constant('ask'),
    questionId: text,
    askedBy: text,
    subject: text,
    content: jsonValue,
  }),
  answer: fc.record({
    type: fc.constant('answer'),
    questionId: text,
    nodeId: text,
    content: jsonValue,
  }),
  restart: fc.record({ type: fc.constant('restart') }),
};

const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    origin: fc
      .uint8Array({ minLength: 8, maxLength: 8 })
      .map((id) => Buffer.from(id).toString('hex')),
    sequence: fc.integer({ min: 1, max: MAX_SEQUENCE }),
    previous: fc.integer({ min: 0, max: MAX_SEQUENCE }),
    message: fc.oneof(...Object.values<fc.Arbitrary<ClusterMessage>>(messages)),
  })
  .map((each) => ({ ...each, previous: each.previous % each.sequence }));

/** For comparison: bytes as text. */
const plain = (value: Envelope | undefined) =>
  value?.message.type === 'frame'
    ? { ...value, message: { ...value.message, frame: value.message.frame.toString('base64') } }
    : value;

const expectNothing = (bytes: Buffer) => expect(decodeClusterMessage(bytes)).toBeUndefined();

const ORIGIN = '0123456789abcdef';
const wrap = (message: ClusterMessage): Envelope => ({
  origin: ORIGIN,
  sequence: 258,
  previous: 7,
  message,
});

const FRAME = wrap({
  type: 'frame',
  appId: 'app',
  channel: 'é',
  frame: Buffer.from('{"a":1}'),
  exceptSocketId: '1.2',
});
/** What version 1 is, for ever: nodes that are running write and read it. */
const FRAME_BYTES =
  'f552' +
  '01' +
  '01' +
  '01' +
  ORIGIN +
  '000000000102' +
  '000000000007' +
  '0003' +
  '0002' +
  '0003' +
  '00000007' +
  '617070' +
  'c3a9' +
  '312e32' +
  '7b2261223a317d';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACED = wrap({ ...(FRAME.message as FrameMessage), traceparent: TRACEPARENT });
/** What version 2 is, for ever: what version 1 reads, and the trace behind it. */
const TRACED_BYTES =
  FRAME_BYTES.replace(/^f5520101/, 'f5520201') +
  '0af7651916cd43dd8448eb211c80319c' +
  'b7ad6b7169203331' +
  '01';

const TERMINATE = wrap({ type: 'terminate', appId: 'app', userId: '1' });
const TERMINATE_BYTES =
  'f552' +
  '01' +
  '01' +
  '03' +
  ORIGIN +
  '000000000102' +
  '000000000007' +
  '0000001c' +
  Buffer.from('{"appId":"app","userId":"1"}').toString('hex');

describe('The bytes of a cluster message', () => {
  it('are read as what was written, whatever it was', () => {
    fc.assert(
      fc.property(envelope, (written) => {
        expect(plain(decodeClusterMessage(encodeClusterMessage(written)))).toEqual(plain(written));
      }),
      { numRuns: 1000 },
    );
  });

  it('are those of version 1', () => {
    expect(encodeClusterMessage(FRAME).toString('hex')).toBe(FRAME_BYTES);
    expect(encodeClusterMessage(TERMINATE).toString('hex')).toBe(TERMINATE_BYTES);
    expect(plain(decodeClusterMessage(Buffer.from(FRAME_BYTES, 'hex')))).toEqual(plain(FRAME));
    expect(decodeClusterMessage(Buffer.from(TERMINATE_BYTES, 'hex'))).toEqual(TERMINATE);
  });

  it('are those of version 2 when they belong to a trace', () => {
    expect(encodeClusterMessage(TRACED).toString('hex')).toBe(TRACED_BYTES);
    expect(plain(decodeClusterMessage(Buffer.from(TRACED_BYTES, 'hex')))).toEqual(plain(TRACED));
  });

  it.each([
    '',
    'garbage',
    TRACEPARENT.toUpperCase(),
    TRACEPARENT.replace(/^00/, '01'),
    `${TRACEPARENT}-more`,
    `${TRACEPARENT}\n`,
  ])('are those of version 1 when the trace is none: %j', (wrong) => {
    const message = { ...(FRAME.message as FrameMessage), traceparent: wrong };
    expect(encodeClusterMessage(wrap(message)).toString('hex')).toBe(FRAME_BYTES);
  });

  it('have no trace when it is nothing but zeros', () => {
    const zeros = TRACED_BYTES.slice(0, -50) + '00'.repeat(25);
    expect(plain(decodeClusterMessage(Buffer.from(zeros, 'hex')))).toEqual(plain(FRAME));
  });

  it('hold a frame as it is, which is read without being copied', () => {
    const bytes = encodeClusterMessage(FRAME);
    const { frame: read } = decodeClusterMessage(bytes)!.message as FrameMessage;
    expect(read.buffer).toBe(bytes.buffer);
    expect(read.toString()).toBe('{"a":1}');
  });

  it('tell an empty except-socket from none', () => {
    for (const exceptSocketId of ['', undefined]) {
      const bytes = encodeClusterMessage(
        wrap({ ...(FRAME.message as FrameMessage), exceptSocketId }),
      );
      const { message } = decodeClusterMessage(bytes)!;
      expect((message as FrameMessage).exceptSocketId).toBe(exceptSocketId);
    }
  });

  it('cannot hold a name beyond measure or a node that is none', () => {
    const appId = 'a'.repeat(65_535);
    const message = { ...(FRAME.message as FrameMessage), appId };
    expect(() => encodeClusterMessage(wrap(message))).toThrow(RangeError);
    expect(() => encodeClusterMessage({ ...FRAME, origin: 'somebody' })).toThrow(RangeError);
  });
});

describe('What anybody else published', () => {
  it('is no message, and does no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectNothing(Buffer.from(bytes))),
    );
    for (const garbage of ['', '{}', '{"event":"a"}', 'PING', '\u00f5R\u0001']) {
      expectNothing(Buffer.from(garbage));
    }
  });

  it('is no message when it only begins like one', () => {
    fc.assert(
      fc.property(envelope, fc.uint8Array({ maxLength: 100 }), (written, rest) => {
        const start = encodeClusterMessage(written).subarray(0, 25);
        expect(() => decodeClusterMessage(Buffer.concat([start, rest]))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('is no message when it was cut short, or goes on', () => {
    fc.assert(
      fc.property(envelope, fc.double({ min: 0, max: 0.999, noNaN: true }), (written, part) => {
        const bytes = encodeClusterMessage(written);
        expectNothing(bytes.subarray(0, Math.floor(bytes.length * part)));
        expectNothing(Buffer.concat([bytes, Buffer.from([0])]));
      }),
    );
  });

  it('does no harm with bits turned around', () => {
    fc.assert(
      fc.property(envelope, fc.nat(), fc.nat({ max: 7 }), (written, at, bit) => {
        const bytes = encodeClusterMessage(written);
        bytes[at % bytes.length]! ^= 1 << bit;
        const type = decodeClusterMessage(bytes)?.message.type ?? 'restart';
        expect(Object.keys(messages)).toContain(type);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['members', '{"appId":"a","channel":"c","version":-1,"left":[],"joined":[]}'],
    ['members', '{"appId":"a","channel":"c","version":1.5,"left":[],"joined":[]}'],
    ['members', '{"appId":"a","channel":"c","version":1,"left":[1],"joined":[]}'],
    ['members', '{"appId":"a","channel":"c","version":1,"left":{},"joined":[]}'],
    ['members', '{"appId":"a","channel":"c","version":1,"left":[]}'],
    ['members', '{"appId":"a","channel":"c","version":1,"left":[],"joined":[null]}'],
    [
      'members',
      '{"appId":"a","channel":"c","version":1,"left":[],"joined":[{"id":1,"userId":"2"}]}',
    ],
    [
      'members',
      '{"appId":"a","channel":"c","version":1,"left":[],"joined":[{"id":1,"userId":"1","userInfo":"}"}]}',
    ],
    ['terminate', '{"appId":"a"}'],
    ['terminate', '{"appId":"a","userId":1}'],
    ['terminate', '["a","1"]'],
    ['terminate', 'null'],
    ['terminate', '{'],
    ['user-status', '{"appId":"a","userId":"1","isOnline":1}'],
    ['ask', '{"questionId":"a"}'],
    ['ask', '{"questionId":"a","askedBy":"b","subject":"c"}'],
    ['ask', '{"questionId":"a","askedBy":"b","content":null}'],
    ['ask', '{"questionId":"a","askedBy":"b","subject":1,"content":null}'],
    ['ask', '{"questionId":1,"askedBy":"b","subject":"c","content":null}'],
    ['ask', '{"questionId":"a","askedBy":{},"subject":"c","content":null}'],
    ['answer', '{"questionId":"a","nodeId":"b"}'],
    ['answer', '{"questionId":"a","content":null}'],
    ['answer', '{"questionId":"a","nodeId":1,"content":null}'],
    ['answer', '{"questionId":null,"nodeId":"b","content":null}'],
    ['restart', '1'],
  ] as const)('is no message of the kind %s with the fields %s', (type, json) => {
    expectNothing(withJson(type, json));
  });
});

describe('A message of another version', () => {
  /** Says to be of a version, and of the oldest one that can read it. */
  const ofVersion = (bytes: string | Buffer, version: number, readableBy: number) => {
    const changed = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : Buffer.from(bytes);
    changed[2] = version;
    changed[3] = readableBy;
    return changed;
  };

  it('is understood as far as it goes when it says that it can be', () => {
    const more = '00ff00ff';
    const none = '00'.repeat(25);
    for (const readableBy of [1, 2]) {
      const read = (bytes: string) => decodeClusterMessage(ofVersion(bytes, 3, readableBy));
      expect(plain(read(FRAME_BYTES + none + more))).toEqual(plain(FRAME));
      expect(plain(read(TRACED_BYTES + more))).toEqual(plain(TRACED));
      expect(read(TERMINATE_BYTES + more)).toEqual(TERMINATE);
    }
  });

  it('is none when version 2 has anything but a trace behind it', () => {
    for (const more of ['', '00', '00'.repeat(24), '00'.repeat(26)]) {
      expectNothing(ofVersion(FRAME_BYTES + more, 2, 1));
    }
  });

  it('may have fields that nobody knows here', () => {
    const bytes = withJson(
      'terminate',
      '{"reason":"late","appId":"app","__proto__":1,"userId":"1"}',
    );
    expect(decodeClusterMessage(ofVersion(bytes, 3, 1))).toEqual(TERMINATE);
  });

  it('is dropped when it can be read by later ones only', () => {
    expectNothing(ofVersion(FRAME_BYTES, 3, 3));
    expectNothing(ofVersion(TERMINATE_BYTES, 255, 255));
  });

  it('is dropped when its kind is unknown here', () => {
    const bytes = ofVersion(TERMINATE_BYTES, 2, 1);
    bytes[4] = 200;
    expectNothing(bytes);
  });

  it('is dropped when there never was such a version', () => {
    expectNothing(ofVersion(FRAME_BYTES, 0, 0));
    expectNothing(ofVersion(FRAME_BYTES, 1, 0));
  });
});

/** A message of a kind with such fields, whole in every other respect. */
function withJson(type: Exclude<ClusterMessage['type'], 'frame'>, json: string): Buffer {
  const kinds = { members: 2, terminate: 3, 'user-status': 4, ask: 5, answer: 6, restart: 7 };
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(json));
  const header = Buffer.from(TERMINATE_BYTES, 'hex').subarray(0, 25);
  header[4] = kinds[type];
  return Buffer.concat([header, length, Buffer.from(json)]);
}
