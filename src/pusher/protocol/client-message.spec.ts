import * as fc from 'fast-check';
import { parseClientMessage } from './client-message.js';
import { PusherError, PusherErrorCode } from './pusher-error.js';

const MAX_EVENT_NAME_LENGTH = 200;

const parse = (message: unknown) =>
  parseClientMessage(JSON.stringify(message), MAX_EVENT_NAME_LENGTH);

/** What a text is refused with, undefined when it is not. */
function refusalOf(text: string): unknown {
  try {
    parseClientMessage(text, MAX_EVENT_NAME_LENGTH);
    return undefined;
  } catch (error) {
    return error;
  }
}

const INVALID = new PusherError(PusherErrorCode.INVALID_MESSAGE, 'Invalid message format');

describe('A message of a client', () => {
  it.each(['pusher:ping', 'pusher:pong'])('may be a %s, whatever its data', (event) => {
    for (const data of [undefined, null, '{}', {}, 'x', 5]) {
      expect(parse({ event, data })).toEqual({ event });
    }
  });

  it('may subscribe to a public channel', () => {
    const data = { channel: 'a' };
    const expected = {
      event: 'pusher:subscribe',
      channel: 'a',
      auth: undefined,
      channelData: undefined,
    };
    expect(parse({ event: 'pusher:subscribe', data })).toEqual(expected);
  });

  it('may subscribe with a signature and channel_data, which stay to the letter', () => {
    const data = { channel: 'presence-a', auth: 'key:1', channel_data: ' { "user_id" : 1 } ' };
    expect(parse({ event: 'pusher:subscribe', data })).toEqual({
      event: 'pusher:subscribe',
      channel: 'presence-a',
      auth: 'key:1',
      channelData: ' { "user_id" : 1 } ',
    });
  });

  it('may have null for what is absent', () => {
    const data = { channel: 'a', auth: null, channel_data: null };
    expect(parse({ event: 'pusher:subscribe', channel: null, data })).toMatchObject({
      auth: undefined,
      channelData: undefined,
    });
  });

  it('may unsubscribe', () => {
    const message = { event: 'pusher:unsubscribe', data: { channel: 'a' } };
    expect(parse(message)).toEqual({ event: 'pusher:unsubscribe', channel: 'a' });
  });

  it('may sign in', () => {
    const data = { auth: 'key:1', user_data: '{"id":"1"}' };
    const expected = { event: 'pusher:signin', auth: 'key:1', userData: '{"id":"1"}' };
    expect(parse({ event: 'pusher:signin', data })).toEqual(expected);
  });

  it.each(['pusher:subscribe', 'pusher:unsubscribe', 'pusher:signin'])(
    'reads the data of %s alike, whether an object or a string that holds one',
    (event) => {
      const data = { channel: 'a', auth: 'key:1', user_data: '{}', channel_data: '{}' };
      expect(parse({ event, data: JSON.stringify(data) })).toEqual(parse({ event, data }));
    },
  );

  it('passes on only what is known', () => {
    const data = { channel: 'a', user_id: 'forged' };
    const message = { event: 'pusher:subscribe', data, user_id: 'forged', socket_id: '1.1' };
    expect(Object.keys(parse(message)).sort()).toEqual(['auth', 'channel', 'channelData', 'event']);
  });

  it('does not judge channel names: that is for who answers', () => {
    const message = { event: 'pusher:subscribe', data: { channel: '' } };
    expect(parse(message)).toMatchObject({ channel: '' });
  });
});

describe('A client event', () => {
  it.each([['text'], [''], [5], [0], [false], [null], [[1, [2]]], [{ a: {} }], ['{"a":1}']])(
    'may have the data %j, which keeps its type',
    (data) => {
      const message = { event: 'client-a', channel: 'private-a', data };
      expect(parse(message)).toEqual({ event: 'client-a', channel: 'private-a', data });
    },
  );

  it('may have no data and no channel', () => {
    const expected = { event: 'client-a', channel: undefined, data: undefined };
    expect(parse({ event: 'client-a' })).toEqual(expected);
    expect(parse({ event: 'client-a', channel: null })).toEqual(expected);
  });

  it('has a name as long as it may be, and no longer', () => {
    const name = (length: number) => 'client-'.padEnd(length, 'x');
    expect(parse({ event: name(8) })).toMatchObject({ event: 'client-x' });
    expect(parse({ event: name(200) })).toMatchObject({ event: name(200) });
    expect(refusalOf(JSON.stringify({ event: name(201) }))).toEqual(INVALID);
    expect(refusalOf(JSON.stringify({ event: name(7) }))).toEqual(INVALID);
  });
});

const WITH_DATA = (data: unknown) => [
  { event: 'pusher:subscribe', data },
  { event: 'pusher:unsubscribe', data },
  { event: 'pusher:signin', data },
];

const MALFORMED: readonly unknown[] = [
  // Not an object.
  null,
  5,
  'pusher:ping',
  [],
  [{ event: 'pusher:ping' }],
  // No event, or none that a client may send.
  {},
  { event: null },
  { event: '' },
  { event: 5 },
  { event: ['pusher:ping'] },
  { event: { toString: 'pusher:ping' } },
  { event: 'pusher:' },
  { event: 'pusher:unknown' },
  { event: 'pusher:error' },
  { event: 'pusher:ping ' },
  { event: 'Pusher:ping' },
  { event: 'pusher:connection_established' },
  { event: 'pusher_internal:subscription_succeeded', channel: 'a' },
  { event: 'pusher_internal:member_added', channel: 'presence-a', data: '{}' },
  { event: 'my-event', channel: 'private-a' },
  { event: 'Client-a', channel: 'private-a' },
  { event: ' client-a', channel: 'private-a' },
  { event: 'client-', channel: 'private-a' },
  { event: 'client', channel: 'private-a' },
  { event: '__proto__' },
  { event: 'constructor' },
  // A channel of the wrong type.
  { event: 'pusher:ping', channel: 5 },
  { event: 'client-a', channel: 5 },
  { event: 'client-a', channel: ['private-a'] },
  { event: 'client-a', channel: {} },
  // Data of the wrong type, or with something of the wrong type in it.
  ...[undefined, null, 5, true, [], 'x', '', '5', 'null', '[]', '"{}"', '{', {}].flatMap(WITH_DATA),
  ...[5, null, undefined, {}, ['a']].flatMap((channel) =>
    WITH_DATA({ channel, user_data: channel }),
  ),
  { event: 'pusher:subscribe', data: { channel: 'a', auth: 5 } },
  { event: 'pusher:subscribe', data: { channel: 'a', auth: {} } },
  { event: 'pusher:subscribe', data: { channel: 'a', channel_data: { user_id: '1' } } },
  { event: 'pusher:subscribe', channel: 'a', data: {} },
  { event: 'pusher:signin', data: { auth: 'key:1' } },
  { event: 'pusher:signin', data: { user_data: '{}' } },
  { event: 'pusher:signin', data: { auth: 'key:1', user_data: { id: '1' } } },
];

describe('A malformed message', () => {
  it.each(MALFORMED.map((message) => JSON.stringify(message)))('%s is refused', (text) => {
    expect(refusalOf(text)).toEqual(INVALID);
  });

  it.each([
    '',
    ' ',
    '{',
    '{"event":"pusher:ping"',
    '{"event":"pusher:ping"}}',
    "{'event':'pusher:ping'}",
    '{event:"pusher:ping"}',
    '{"event":"pusher:ping",}',
    'undefined',
    'NaN',
    '\ufeff{"event":"pusher:ping"}',
    '\0',
    '<html>',
  ])('%j is refused: it is not JSON', (text) => {
    expect(refusalOf(text)).toEqual(INVALID);
  });

  it('cannot smuggle anything in through prototypes', () => {
    expect(refusalOf('{"__proto__":{"event":"pusher:ping"}}')).toEqual(INVALID);
    const text = '{"event":"pusher:subscribe","data":{"__proto__":{"channel":"a"}}}';
    expect(refusalOf(text)).toEqual(INVALID);
    expect(({} as Record<string, unknown>).event).toBeUndefined();
  });

  it.each(['[', '{"a":'])('nested deeply with %j is refused, and harms nobody', (opening) => {
    expect(refusalOf(opening.repeat(100_000))).toEqual(INVALID);
    const text = `{"event":"pusher:subscribe","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(refusalOf(text)).toEqual(INVALID);
  });
});

describe('Whatever comes', () => {
  const events = fc.constantFrom(
    'pusher:ping',
    'pusher:subscribe',
    'pusher:unsubscribe',
    'pusher:signin',
    'client-a',
    'other',
  );
  const names = fc.constantFrom('channel', 'auth', 'channel_data', 'user_data', '__proto__', 'x');
  const values = fc.oneof(fc.string(), fc.jsonValue(), fc.constantFrom('a', '{}', null));
  const objects = fc.dictionary(names, values);
  const data = fc.oneof(
    objects,
    objects.map((each) => JSON.stringify(each)),
    fc.jsonValue(),
  );
  const almostValid = fc
    .record(
      { event: fc.oneof(events, fc.jsonValue()), data, channel: values },
      { requiredKeys: [] },
    )
    .map((message) => JSON.stringify(message));
  const torn = fc
    .tuple(almostValid, fc.nat(), fc.string({ unit: 'binary', maxLength: 2 }))
    .map(([text, at, junk]) => text.slice(0, at % (text.length + 1)) + junk);

  it('is understood or refused with 4200, nothing else', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almostValid, torn);
    const property = fc.property(texts, (text) => {
      const refusal = refusalOf(text);
      return (
        refusal === undefined ||
        (refusal instanceof PusherError &&
          refusal.code === 4200 &&
          refusal.message === 'Invalid message format')
      );
    });
    expect(() => fc.assert(property, { numRuns: 2000 })).not.toThrow();
  });

  it('what is understood has the types it promises', () => {
    const isText = (value: unknown) => typeof value === 'string';
    const isOptionalText = (value: unknown) => value === undefined || isText(value);
    const property = fc.property(fc.oneof(almostValid, torn), (text) => {
      if (refusalOf(text) !== undefined) return true;
      const message = parseClientMessage(text, MAX_EVENT_NAME_LENGTH);
      switch (message.event) {
        case 'pusher:subscribe':
          return (
            isText(message.channel) &&
            isOptionalText(message.auth) &&
            isOptionalText(message.channelData)
          );
        case 'pusher:unsubscribe':
          return isText(message.channel);
        case 'pusher:signin':
          return isText(message.auth) && isText(message.userData);
        case 'pusher:ping':
        case 'pusher:pong':
          return true;
        default:
          return message.event.startsWith('client-') && isOptionalText(message.channel);
      }
    });
    expect(() => fc.assert(property, { numRuns: 2000 })).not.toThrow();
  });
});
