import * as fc from 'fast-check';
import { closePayload, frame, OPCODE, type FrameSpec } from '../harness/raw-socket.js';

/** Bytes after the upgrade, and the code the server must close with. */
export interface BrokenFrames {
  readonly what: string;
  readonly bytes: Buffer;
  readonly code: number;
}

const ping = '{"event":"pusher:ping"}';
const small = fc.uint8Array({ maxLength: 125 });
const dataOpcode = fc.constantFrom(OPCODE.text, OPCODE.binary);
const controlOpcode = fc.constantFrom(OPCODE.close, OPCODE.ping, OPCODE.pong);
const anyOpcode = fc.oneof(dataOpcode, controlOpcode);
const rsv = fc.integer({ min: 1, max: 7 });

const broken = <T>(
  what: string,
  code: number,
  arbitrary: fc.Arbitrary<T>,
  specsOf: (value: T) => FrameSpec[],
): fc.Arbitrary<BrokenFrames> =>
  arbitrary.map((value) => ({ what, code, bytes: Buffer.concat(specsOf(value).map(frame)) }));

/** Texts that are no UTF-8: overlong, surrogates, beyond Unicode, cut off, stray. */
const BAD_UTF8: readonly number[][] = [
  [[0xff], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]],
  [[0xf8, 0x88, 0x80, 0x80, 0x80], [0x80], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc3]],
].flat();
const badUtf8 = fc
  .tuple(fc.string({ maxLength: 20 }), fc.constantFrom(...BAD_UTF8))
  .map(([text, bytes]) => Buffer.concat([Buffer.from(text), Buffer.from(bytes)]));

/** Codes that may not stand in a close frame (RFC 6455, section 7.4). */
const badCloseCode = fc.oneof(
  fc.constantFrom(0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535),
  fc.integer({ min: 0, max: 999 }),
  fc.integer({ min: 1016, max: 2999 }),
  fc.integer({ min: 5000, max: 65_535 }),
);

/** Every way to break the protocol of the WebSocket. */
export const brokenFrames: fc.Arbitrary<BrokenFrames> = fc.oneof(
  broken('not masked', 1002, fc.tuple(anyOpcode, small), ([opcode, payload]) => [
    { opcode, payload, mask: false },
  ]),
  broken('reserved bits', 1002, fc.tuple(anyOpcode, rsv), ([opcode, bits]) => [
    { opcode, rsv: bits, payload: ping },
  ]),
  broken('reserved opcode', 1002, fc.constantFrom(3, 4, 5, 6, 7, 11, 12, 13, 14, 15), (opcode) => [
    { opcode, payload: ping },
  ]),
  broken(
    'control frame above 125 bytes',
    1002,
    fc.tuple(controlOpcode, fc.integer({ min: 126, max: 70_000 })),
    ([opcode, length]) => [{ opcode, payload: Buffer.alloc(length) }],
  ),
  broken(
    'control frame that claims to be longer',
    1002,
    fc.tuple(controlOpcode, fc.integer({ min: 126, max: 2 ** 31 })),
    ([opcode, lengthOverride]) => [{ opcode, lengthOverride }],
  ),
  broken('fragmented control frame', 1002, controlOpcode, (opcode) => [{ opcode, fin: false }]),
  broken('continuation of nothing', 1002, fc.boolean(), (fin) => [
    { opcode: OPCODE.continuation, fin, payload: ping },
  ]),
  broken(
    'message inside a message',
    1002,
    fc.tuple(dataOpcode, dataOpcode, fc.boolean()),
    ([first, second, fin]) => [
      { opcode: first, fin: false, payload: '{"event":' },
      { opcode: OPCODE.ping, payload: 'between' },
      { opcode: second, fin, payload: ping },
    ],
  ),
  broken('text that is no UTF-8', 1007, badUtf8, (payload) => [{ payload }]),
  broken('fragments that are no UTF-8', 1007, badUtf8, (payload) => [
    { fin: false, payload: payload.subarray(0, -1) },
    { opcode: OPCODE.continuation, payload: payload.subarray(-1) },
  ]),
  broken('message above the limit', 1009, fc.integer({ min: 10_001, max: 200_000 }), (length) => [
    { payload: Buffer.alloc(length, 'x') },
  ]),
  broken(
    'message that claims to be above the limit',
    1009,
    fc.bigInt({ min: 10_001n, max: 2n ** 64n - 1n }),
    (lengthOverride) => [{ lengthOverride, lengthBits: 64 as const, payload: 'x' }],
  ),
  broken('fragments above the limit', 1009, fc.integer({ min: 2, max: 50 }), (count) => [
    { fin: false, payload: Buffer.alloc(5_000, 'x') },
    ...Array.from({ length: count }, () => ({
      opcode: OPCODE.continuation,
      fin: false,
      payload: Buffer.alloc(5_001, 'x'),
    })),
  ]),
  broken('close with one byte', 1002, fc.nat(255), (byte) => [
    { opcode: OPCODE.close, payload: Buffer.from([byte]) },
  ]),
  broken('close with a forbidden code', 1002, badCloseCode, (code) => [
    { opcode: OPCODE.close, payload: closePayload(code) },
  ]),
  broken('close with a reason that is no UTF-8', 1007, badUtf8, (reason) => [
    { opcode: OPCODE.close, payload: closePayload(1000, reason) },
  ]),
);
