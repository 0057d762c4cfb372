import { ChannelEar, ConnectionEar, NUMBERED, type Stay } from './cluster-ear.js';
import { deliveryFaults, orderFault, questionsAbout } from './cluster-model.js';
import type { Json, ReceivedFrame } from './pusher-client.js';

let nowMs = 0;

function frame(event: string, json: Json = {}, channel?: string): ReceivedFrame {
  const raw = JSON.stringify({ event, channel, json });
  const envelope = { event, channel };
  const own = channel === undefined ? {} : { channel };
  return { ...own, event, json, raw, envelope, isBinary: false, atMs: ++nowMs };
}

const success = (...ids: readonly string[]) => {
  const hash = Object.fromEntries(ids.map((id) => [id, null]));
  const presence = { ids, hash, count: ids.length };
  return frame('pusher_internal:subscription_succeeded', ids.length > 0 ? { presence } : {});
};
const added = (user_id: string) => frame('pusher_internal:member_added', { user_id });
const removed = (user_id: string) => frame('pusher_internal:member_removed', { user_id });
const event = (publisher: string, number: number) => frame(NUMBERED, { publisher, number });

function earIn(channel: string, ...frames: readonly ReceivedFrame[]): ChannelEar {
  const ear = new ChannelEar(channel, 'ann');
  ear.asked(0);
  for (const one of frames) ear.hear(one);
  return ear;
}

describe('An ear takes no offence', () => {
  it('at members who come and go by turns', () => {
    const ear = earIn(
      'presence-x',
      success('ann', 'bob'),
      removed('bob'),
      added('bob'),
      added('cid'),
    );
    expect(ear.roster).toEqual(['ann', 'bob', 'cid']);
  });

  it('at publishers whose events are mixed, each in its order', () => {
    const ear = earIn('news', success(), event('a', 2), event('b', 1), event('a', 5));
    expect(ear.events).toEqual(['a#2', 'b#1', 'a#5']);
  });

  it('at what a cache channel remembers, even if it comes once more', () => {
    const ear = earIn('cache-x', success(), event('a', 2), event('a', 2));
    expect(ear.events).toEqual(['a#2', 'a#2']);
    expect(() => earIn('cache-x', success(), frame('pusher:cache_miss'))).not.toThrow();
  });
});

describe('An ear takes offence', () => {
  it.each([
    ['a member who comes twice', [success('ann'), added('bob'), added('bob')], /twice/],
    ['one who is in the roster', [success('ann', 'bob'), added('bob')], /twice/],
    ['one who leaves without being there', [success('ann'), removed('bob')], /was not there/],
    ['being gone itself', [success('ann'), removed('ann')], /itself/],
    ['a roster without itself', [success('bob')], /without itself/],
    ['a roster that changed unsaid', [success('ann'), success('ann', 'bob')], /without asking/],
    ['an event that comes twice', [success('ann'), event('a', 1), event('a', 1)], /twice/],
    ['an event that comes late', [success('ann'), event('a', 2), event('a', 1)], /after number 2/],
    ['a frame before the success', [event('a', 1)], /without being subscribed/],
    [
      'a miss in a channel that remembers nothing',
      [success('ann'), frame('pusher:cache_miss')],
      /miss/,
    ],
  ])('at %s', (_, frames, reason) => {
    expect(() => earIn('presence-x', ...frames)).toThrow(reason);
  });

  it('at anything that comes after it has left', () => {
    const ear = new ConnectionEar('ann');
    ear.of('news').asked(0);
    ear.hear({ ...success(), channel: 'news' });
    ear.saidFarewell('news', 1);
    expect(ear.isSettled).toBe(false);
    ear.hear({ ...event('a', 1), channel: 'news' });
    ear.hear(frame('pusher:pong'));
    expect(ear.isSettled).toBe(true);
    expect(() => ear.hear({ ...event('a', 2), channel: 'news' })).toThrow(
      /without being subscribed/,
    );
  });

  it('at errors, and at users who are said twice to be online or offline', () => {
    const status = (name: string) =>
      frame('pusher_internal:watchlist_events', { events: [{ name, user_ids: ['bob'] }] });
    const ear = new ConnectionEar('ann');
    ear.hear(status('online'));
    expect(ear.online).toEqual(['bob']);
    expect(() => ear.hear(status('online'))).toThrow(/twice/);
    ear.hear(status('offline'));
    expect(() => ear.hear(status('offline'))).toThrow(/twice/);
    expect(() => ear.hear(frame('pusher:error', { code: 4200 }))).toThrow(/was told/);
  });
});

describe('Deliveries', () => {
  const published = [1, 2, 3].map((i) => ({
    id: `a#${i}`,
    channel: 'news',
    beganMs: i * 100,
    endedMs: i * 100 + 10,
  }));
  const stay = (askedMs: number, goneMs: number, ...ids: readonly number[]): Stay => ({
    askedMs,
    sinceMs: askedMs + 5,
    untilMs: goneMs === Infinity ? Infinity : goneMs - 5,
    goneMs,
    heard: ids.map((i) => ({ id: `a#${i}`, atMs: i * 100 + 20 })),
  });
  const hearing = (...stays: readonly Stay[]) => ({
    stays: [...stays],
    events: stays.flatMap(({ heard }) => heard.map(({ id }) => id)),
  });

  it.each([
    ['all', [hearing(stay(0, Infinity, 1, 2, 3))], []],
    ['one that may still have been on its way', [hearing(stay(0, 120))], []],
    ['one that was, when it came', [hearing(stay(115, 150, 1))], []],
    [
      'one that was published meanwhile, or not',
      [hearing(stay(104, 250, 2)), hearing(stay(104, 250, 1, 2))],
      [],
    ],
    [
      'nothing',
      [hearing(stay(0, Infinity))],
      ['a#1 never came', 'a#2 never came', 'a#3 never came'],
    ],
    ['one not, but a later one', [hearing(stay(0, 250, 2))], ['a#1 never came']],
    ['one twice', [hearing(stay(0, 150, 1, 1))], ['a#1 came 2 times']],
    ['one long after it was gone', [hearing(stay(0, 50, 1))], ['a#1 came to who was not there']],
    [
      'one of before, after others had a later one',
      [hearing(stay(0, Infinity, 1, 2, 3)), hearing(stay(230, Infinity, 1, 3))],
      ['a#1 came to who was not there'],
    ],
  ])('are judged when %s came', (_, hearings, faults) => {
    expect(deliveryFaults(hearings, published)).toEqual(faults);
  });

  it.each([
    [[['a', 'b', 'c'], ['a', 'c'], ['b', 'c'], []], undefined],
    [
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      ['a', 'b'],
    ],
    [
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
      ],
      ['a', 'b', 'c'],
    ],
  ])('have one order, or not: %j', (heard, fault) => {
    expect(orderFault(heard)).toEqual(fault);
  });
});

it('The model knows the answers of every node', () => {
  const seats = [
    { userId: 'ann', channels: ['presence-x', 'news'], isSignedIn: true },
    { userId: 'ann', channels: ['presence-x'], isSignedIn: false },
    { userId: 'bob', channels: [], isSignedIn: false },
  ];
  const answers = questionsAbout(seats, ['presence-x', 'presence-y']).map(({ answer }) => answer);
  expect(answers).toEqual([
    { connections: 3 },
    { channels: { 'presence-x': { subscription_count: 2 }, news: { subscription_count: 1 } } },
    { channels: { 'presence-x': { subscription_count: 2, user_count: 1 } } },
    { users: [{ id: 'ann' }] },
    { users: [] },
  ]);
});
