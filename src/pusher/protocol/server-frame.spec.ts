import type { Member } from '../../scaling/state-store.js';
import * as fc from 'fast-check';
import { textOf } from '../../connections/frame.js';
import { PusherError } from './pusher-error.js';
import {
  cacheMiss,
  clientEvent,
  connectionEstablished,
  errorFrame,
  memberAdded,
  memberRemoved,
  PING,
  PONG,
  publishedEvent,
  signinSuccess,
  subscriptionCount,
  subscriptionError,
  subscriptionSucceeded,
  watchlistEvents,
} from './server-frame.js';

interface Envelope {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: unknown;
}

const envelopeOf = (frame: Buffer) => JSON.parse(textOf(frame)) as Envelope;

const rosterData = (members: Iterable<Member>) =>
  envelopeOf(subscriptionSucceeded('presence-a', members)).data as string;

/** The JSON inside the `data` of a frame, which must be a string. */
function dataOf(frame: Buffer): unknown {
  const { data } = envelopeOf(frame);
  if (typeof data !== 'string') throw new Error('data is not a string');
  return JSON.parse(data);
}

const member = (id: string | number, userInfo?: string) => ({ id, userId: String(id), userInfo });

describe('A frame reads as the protocol has it:', () => {
  it('pusher:connection_established', () => {
    expect(textOf(connectionEstablished('123.456', 30))).toBe(
      String.raw`{"event":"pusher:connection_established","data":"{\"socket_id\":\"123.456\",\"activity_timeout\":30}"}`,
    );
  });

  it('pusher:ping and pusher:pong', () => {
    expect(textOf(PING)).toBe('{"event":"pusher:ping","data":"{}"}');
    expect(textOf(PONG)).toBe('{"event":"pusher:pong","data":"{}"}');
  });

  it('pusher:error', () => {
    expect(textOf(errorFrame(new PusherError(4001, 'Application does not exist')))).toBe(
      String.raw`{"event":"pusher:error","data":"{\"code\":4001,\"message\":\"Application does not exist\"}"}`,
    );
  });

  it('pusher_internal:subscription_succeeded, with data even when there is nothing to tell', () => {
    expect(envelopeOf(subscriptionSucceeded('a'))).toEqual({
      event: 'pusher_internal:subscription_succeeded',
      channel: 'a',
      data: '{}',
    });
  });

  it('pusher:subscription_error', () => {
    const refusal = { type: 'AuthError', error: 'no "auth"', status: 401 } as const;
    const frame = subscriptionError('private-a', refusal);
    expect(envelopeOf(frame)).toMatchObject({
      event: 'pusher:subscription_error',
      channel: 'private-a',
    });
    expect(dataOf(frame)).toEqual(refusal);
  });

  it('pusher_internal:member_added, with user_info only if it was given', () => {
    const frame = memberAdded('presence-a', member(1, '{"name":"é","empty":{}}'));
    expect(envelopeOf(frame)).toMatchObject({
      event: 'pusher_internal:member_added',
      channel: 'presence-a',
    });
    expect(dataOf(frame)).toEqual({ user_id: 1, user_info: { name: 'é', empty: {} } });
    expect(dataOf(memberAdded('presence-a', member('1')))).toEqual({ user_id: '1' });
    const withNull = memberAdded('presence-a', member('1', 'null'));
    expect(dataOf(withNull)).toEqual({ user_id: '1', user_info: null });
  });

  it('pusher_internal:member_removed', () => {
    const frame = memberRemoved('presence-a', member('1', '{}'));
    expect(envelopeOf(frame)).toEqual({
      event: 'pusher_internal:member_removed',
      channel: 'presence-a',
      data: '{"user_id":"1"}',
    });
    expect(dataOf(memberRemoved('presence-a', member(1)))).toEqual({ user_id: 1 });
  });

  it('pusher_internal:subscription_count', () => {
    expect(envelopeOf(subscriptionCount('a', 5))).toEqual({
      event: 'pusher_internal:subscription_count',
      channel: 'a',
      data: '{"subscription_count":5}',
    });
  });

  it('pusher:cache_miss', () => {
    const expected = { event: 'pusher:cache_miss', channel: 'cache-a', data: '{}' };
    expect(envelopeOf(cacheMiss('cache-a'))).toEqual(expected);
  });

  it('pusher:signin_success', () => {
    const frame = signinSuccess('{"id":"1"}');
    expect(envelopeOf(frame).event).toBe('pusher:signin_success');
    expect(dataOf(frame)).toEqual({ user_data: '{"id":"1"}' });
  });

  it('pusher_internal:watchlist_events', () => {
    const frame = watchlistEvents('online', ['1', '2']);
    expect(envelopeOf(frame).event).toBe('pusher_internal:watchlist_events');
    expect(dataOf(frame)).toEqual({ events: [{ name: 'online', user_ids: ['1', '2'] }] });
  });

  it('an event of a backend', () => {
    expect(textOf(publishedEvent('e', 'a', '{"a":1}'))).toBe(
      String.raw`{"event":"e","channel":"a","data":"{\"a\":1}"}`,
    );
  });

  it('a client event, with no more than may be passed on', () => {
    expect(textOf(clientEvent('client-a', 'private-a', { a: {} }, undefined))).toBe(
      '{"event":"client-a","channel":"private-a","data":{"a":{}}}',
    );
    expect(textOf(clientEvent('client-a', 'presence-a', undefined, '1'))).toBe(
      '{"event":"client-a","channel":"presence-a","user_id":"1"}',
    );
  });
});

describe('A roster', () => {
  const rosterOf = (members: Iterable<Member>) =>
    JSON.parse(rosterData(members)) as { presence: { ids: unknown; hash: object; count: number } };

  it('has ids as they came in, and an object for their user_info', () => {
    const members = [member(1, '{"name":"x"}'), member('01', '{}'), member('b')];
    expect(rosterOf(members)).toEqual({
      presence: {
        ids: [1, '01', 'b'],
        hash: { 1: { name: 'x' }, '01': {}, b: null },
        count: 3,
      },
    });
  });

  it('of nobody has an object still', () => {
    expect(rosterData([])).toBe('{"presence":{"ids":[],"hash":{},"count":0}}');
  });

  it('keeps {} in user_info, and the names that objects have anyway', () => {
    const data = rosterData([member('__proto__', '{"a":{},"b":[]}')]);
    expect(data).toContain('"__proto__":{"a":{},"b":[]}');
    expect(Object.keys(rosterOf([member('__proto__', '{}')]).presence.hash)).toEqual(['__proto__']);
  });

  it('takes members from anything that can be gone through, once', () => {
    function* members() {
      yield member('1');
      yield member('2');
    }
    expect(rosterOf(members()).presence.count).toBe(2);
  });
});

/** Text of any kind: quotes, control characters, lone surrogates, emoji. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\0', '\n', '\u2028', '\ud800', '\udc00', '</') }),
  fc.json(),
);
const channelName = fc.stringMatching(/^[-a-zA-Z0-9_=@,.;]{1,50}$/);
const id = fc.oneof(
  anyText,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anyMember = fc.record({
  id,
  userId: anyText,
  userInfo: fc.option(fc.json(), { nil: undefined }),
});

/** A frame of any kind, made of anything it may be made of. */
const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(anyText, fc.nat()).map((call) => connectionEstablished(...call)),
  fc.tuple(fc.nat(), anyText).map((call) => errorFrame(new PusherError(...call))),
  channelName.map((name) => subscriptionSucceeded(name)),
  // The client is told the name it asked for, whatever that was.
  fc
    .tuple(anyText, anyText, fc.nat())
    .map(([name, error, status]) =>
      subscriptionError(name, { type: 'InvalidChannel', error, status }),
    ),
  fc.tuple(channelName, anyMember).map((call) => memberAdded(...call)),
  fc.tuple(channelName, anyMember).map((call) => memberRemoved(...call)),
  fc
    .tuple(channelName, fc.array(anyMember))
    .map(([name, members]) => subscriptionSucceeded(name, members)),
  fc.tuple(channelName, fc.nat()).map((call) => subscriptionCount(...call)),
  channelName.map(cacheMiss),
  fc.tuple(anyText, channelName, anyText).map((call) => publishedEvent(...call)),
  anyText.map(signinSuccess),
  fc
    .tuple(fc.constantFrom('online' as const, 'offline' as const), fc.array(anyText))
    .map((call) => watchlistEvents(...call)),
);

describe('Whatever a frame is made of', () => {
  it('becomes JSON, and its data is a string', () => {
    const property = fc.property(anyFrame, (frame) => {
      const { event, data } = envelopeOf(frame);
      return typeof event === 'string' && typeof data === 'string';
    });
    expect(() => fc.assert(property, { numRuns: 1000 })).not.toThrow();
  });

  it('lone surrogates go out as escapes, not as replacement characters', () => {
    const frames = [
      publishedEvent('\ud800', 'a', 'x\udc00'),
      clientEvent('client-\ud800', 'private-a', { '\ud800': ['\udc00'] }, '\ud800'),
      subscriptionError('\ud800', { type: 'InvalidChannel', error: '\udc00', status: 400 }),
      memberAdded('presence-a', member('\ud800', String.raw`{"a":"\udc00"}`)),
    ];
    expect(frames.filter((frame) => textOf(frame).includes('\ufffd'))).toEqual([]);
    expect(envelopeOf(frames[0]!)).toEqual({ event: '\ud800', channel: 'a', data: 'x\udc00' });
  });

  it('the data of a backend arrives as the string it was', () => {
    const property = fc.property(anyText, channelName, anyText, (event, channel, data) => {
      const { event: e, channel: c, data: d } = envelopeOf(publishedEvent(event, channel, data));
      return e === event && c === channel && d === data;
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  it('the data of a client arrives with the JSON type it had', () => {
    const property = fc.property(fc.json(), channelName, (json, channel) => {
      const data: unknown = JSON.parse(json);
      const frame = clientEvent('client-a', channel, data, undefined);
      expect(envelopeOf(frame)).toEqual({ event: 'client-a', channel, data });
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  it('members arrive as who they are, user_info to the letter', () => {
    const property = fc.property(anyMember, (who) => {
      const userInfo = who.userInfo === undefined ? '' : `,"user_info":${who.userInfo}`;
      const { data } = envelopeOf(memberAdded('presence-a', who));
      expect(data).toBe(`{"user_id":${JSON.stringify(who.id)}${userInfo}}`);
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  it('a roster has every member under its id', () => {
    const members = fc.uniqueArray(anyMember, { selector: ({ userId }) => userId });
    const property = fc.property(members, (all) => {
      const { presence } = JSON.parse(rosterData(all)) as {
        presence: { ids: unknown[]; hash: Record<string, unknown>; count: number };
      };
      return (
        presence.count === all.length &&
        presence.ids.length === all.length &&
        all.every(({ userId }) => Object.hasOwn(presence.hash, userId))
      );
    });
    expect(() => fc.assert(property)).not.toThrow();
  });
});
