import * as fc from 'fast-check';

/** Stands in a message where the right signature shall stand once the socket id is known. */
export const SIGNED = '<signed>';

const nested = (levels: number, open: string, close: string) =>
  open.repeat(levels) + close.repeat(levels);

/** What no field expects. */
export const STRANGE_VALUES: readonly unknown[] = [
  [null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53 + 2, [], {}, [null], [[]], { a: null }],
  ['', ' ', '0', 'null', '{}', '[]', '"', '\\', '\0', '\u2028', '\ud800', '\udfff\ud800', '🎉'],
  ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '<script>', "'; --", '%00', '../..'],
  ['#', '#server-to-user-', '#server-to-user-ann', '#server-to-user-ä', 'a#b', 'a b', 'a/b'],
  ['private-', 'presence-', 'cache-', 'private-encrypted-', 'private-cache-', 'x-private-y'],
  ['hostile', 'private-hostile', 'presence-hostile', 'private-encrypted-hostile', 'cache-hostile'],
  ['private-witness', 'presence-witness'],
  ['x'.repeat(200), 'x'.repeat(201), 'x'.repeat(5_000), 'ü'.repeat(200), 'private-'.repeat(25)],
  [JSON.parse(nested(100, '[', ']')), JSON.parse('{"__proto__":{"event":"pusher:ping"}}')],
  [{ channel: 'hostile' }, { toString: null }, { length: 1e9 }, { get: 1 }, 'app-key:', ':'],
  ['app-key', `app-key:${'0'.repeat(64)}`, `app-key:${'g'.repeat(64)}`, 'other:key', SIGNED],
  ['{"user_id":"ann"}', '{"user_id":1}', '{"user_id":""}', '{"user_id":null}', '{"user_id":[]}'],
  ['{"user_id":"ann","user_info":"\\ud800"}', '{"user_id":"__proto__","user_info":{}}'],
  [JSON.stringify({ user_id: 'x'.repeat(128) }), JSON.stringify({ user_id: 'x'.repeat(129) })],
  [JSON.stringify({ user_id: 'a', user_info: 'x'.repeat(2_047) }), '{"id":"ann"}', '{"id":7}'],
].flat();

const strange = fc.constantFrom(...STRANGE_VALUES);

const subscribe = (data: object) => ({ event: 'pusher:subscribe', data });

/** Messages as clients send them. */
const VALID: readonly Record<string, unknown>[] = [
  { event: 'pusher:ping', data: {} },
  { event: 'pusher:pong', data: '{}' },
  subscribe({ channel: 'hostile' }),
  subscribe({ channel: 'cache-hostile', auth: '', channel_data: null }),
  subscribe({ channel: 'private-hostile', auth: SIGNED }),
  subscribe({ channel: 'private-encrypted-hostile', auth: SIGNED }),
  subscribe({ channel: 'presence-hostile', auth: SIGNED, channel_data: '{"user_id":"eve"}' }),
  { event: 'pusher:unsubscribe', data: { channel: 'hostile' } },
  { event: 'pusher:signin', data: { auth: SIGNED, user_data: '{"id":"eve"}' } },
  { event: 'client-hostile', channel: 'private-hostile', data: { a: 1 } },
  { event: 'client-hostile', channel: 'presence-witness', data: 'text', user_id: 'forged' },
  { event: 'client-hostile', channel: 'witness', data: null },
  { event: 'tick', channel: 'witness', data: '0' },
  { event: 'pusher_internal:member_removed', channel: 'presence-witness', data: '{}' },
];

const EXTRA_KEYS = ['__proto__', 'constructor', 'user_id', 'socket_id', 'auth', 'then', '', '\0'];
const FIELDS = ['event', 'data', 'channel', 'data.channel', 'data.auth', 'data.channel_data'];

/** A valid message with one or two things wrong. */
const mutated = fc
  .tuple(
    fc.constantFrom(...VALID),
    fc.array(
      fc.tuple(
        fc.constantFrom(...FIELDS, 'data.user_data', ...EXTRA_KEYS, ...EXTRA_KEYS.map(inData)),
        fc.option(strange, { nil: undefined }),
      ),
      { maxLength: 2 },
    ),
    fc.boolean(),
  )
  .map(([valid, changes, isTextual]) => {
    const message = structuredClone(valid);
    for (const [path, value] of changes) change(message, path, value);
    // Both forms of `data` are legal.
    if (isTextual && typeof message.data === 'object') message.data = JSON.stringify(message.data);
    return JSON.stringify(message);
  });

function inData(key: string): string {
  return `data.${key}`;
}

/** Sets an own property, whatever its name; undefined takes it away. */
function change(message: Record<string, unknown>, path: string, value: unknown): void {
  const isInside = path.startsWith('data.');
  if (isInside && (typeof message.data !== 'object' || message.data === null)) return;
  const target = isInside ? (message.data as object) : message;
  const property = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(target, isInside ? path.slice(5) : path, property);
}

const text = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .tuple(fc.constantFrom(...VALID.map((valid) => JSON.stringify(valid))), fc.nat(), fc.nat(255))
    // One character of a valid message is another one.
    .map(([valid, at, code]) => {
      const index = at % valid.length;
      return valid.slice(0, index) + String.fromCharCode(code) + valid.slice(index + 1);
    }),
);

/** Written by hand: what only the text of a message can say. */
const CURIOSITIES: readonly string[] = [
  '{"event":"pusher:ping","event":"nonsense"}',
  '{"event":"nonsense","event":"pusher:ping"}',
  '{"event":"pusher:subscribe","data":{"channel":"hostile","channel":"b ad"}}',
  '{"event":"pusher:subscribe","data":{"channel":"b ad","channel":"hostile"}}',
  '{"event":"pusher:ping","__proto__":null}',
  '{"event":"pusher:ping","data":1e999}',
  `{"event":"pusher:ping","data":${'9'.repeat(400)}}`,
  `{"event":"pusher:ping","data":-0.${'0'.repeat(400)}1}`,
  '{"event":"pusher:ping","data":"\\u0000\\ud800"}',
  '\ufeff{"event":"pusher:ping"}',
  '{"event":"pusher:ping"}\0',
  ' \t\r\n{"event":"pusher:ping"}\n ',
  nested(4_999, '[', ']'),
  nested(5_000, '{"a":', '}').replace(':}', ':0}'),
  `{"event":"pusher:ping","data":${nested(4_900, '[', ']')}}`,
  `{"event":"pusher:subscribe","data":${nested(4_900, '[', ']')}}`,
  `{"event":${nested(4_900, '[', ']')}}`,
  'x'.repeat(10_000),
  'x'.repeat(10_001),
  'ü'.repeat(5_000),
  'ü'.repeat(5_001),
  `{"event":"pusher:ping","data":"${'x'.repeat(9_967)}"}`,
  `{"event":"pusher:ping","data":"${'x'.repeat(9_968)}"}`,
];

/** Anything a WebSocket message may hold; {@link SIGNED} is to be filled in. */
export const hostileMessage: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: mutated },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom(...CURIOSITIES) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);
