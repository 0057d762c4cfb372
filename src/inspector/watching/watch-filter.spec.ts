import type { WatchFilter } from '../contract.js';
import { compileFilter, compileFollowing, readFilter, type RecordSubject } from './watch-filter.js';

const SUBJECT: RecordSubject = {
  kind: 'published',
  appId: 'app',
  channels: ['orders.1', 'presence-room'],
  event: 'order-paid',
  userId: 'ann',
  socketId: '1.2',
};

const isWanted = (filter: WatchFilter, subject: Partial<RecordSubject> = {}) =>
  compileFilter(filter)({ ...SUBJECT, ...subject });

describe('A filter lets through', () => {
  it.each<[WatchFilter]>([
    [{}],
    [{ kinds: ['connected', 'published'] }],
    [{ appId: 'app' }],
    [{ channel: 'presence-room' }],
    [{ channel: 'orders.*' }],
    [{ event: '*paid' }],
    [{ userId: 'ann' }],
    [{ socketId: '1.2' }],
    [{ appId: 'app', kinds: ['published'], channel: '*', event: 'order-paid', userId: 'ann' }],
  ])('what it asks for: %j', (filter) => expect(isWanted(filter)).toBe(true));

  it.each<[WatchFilter]>([
    [{ kinds: [] }],
    [{ kinds: ['connected'] }],
    [{ appId: 'App' }],
    [{ channel: 'orders' }],
    [{ channel: 'private-*' }],
    [{ event: 'order-paid2' }],
    [{ userId: 'an*' }],
    [{ socketId: '1.*' }],
    [{ appId: 'app', channel: 'orders.*', event: 'gone' }],
  ])('and not another: %j', (filter) => expect(isWanted(filter)).toBe(false));

  it.each<[WatchFilter]>([
    [{ appId: 'app' }],
    [{ channel: '*' }],
    [{ event: '*' }],
    [{ userId: 'ann' }],
    [{ socketId: '1.2' }],
  ])('nothing that lacks what it asks for: %j', (filter) => {
    expect(compileFilter(filter)({ kind: 'connected' })).toBe(false);
  });

  it('what happens to the server, whatever the application', () => {
    const nowhere = { appId: undefined };
    expect(isWanted({ appId: 'app' }, { ...nowhere, kind: 'redis' })).toBe(true);
    expect(isWanted({ appId: 'app' }, { ...nowhere, kind: 'node' })).toBe(true);
    expect(isWanted({ appId: 'app' }, { ...nowhere, kind: 'refused' })).toBe(false);
    expect(isWanted({ appId: 'app' }, { appId: 'other', kind: 'node' })).toBe(false);
    const watchesPublishes: WatchFilter = { appId: 'app', kinds: ['published'] };
    expect(isWanted(watchesPublishes, { ...nowhere, kind: 'redis' })).toBe(false);
  });
});

describe('A star stands for anything', () => {
  it.each([
    ['*', ''],
    ['*', 'a'],
    ['**', ''],
    ['a*', 'a'],
    ['a*', 'a*'],
    ['*a', 'ba'],
    ['a*b', 'ab'],
    ['a*b', 'a-b-b'],
    ['a*b*c', 'abc'],
    ['a*b*c', 'a.b.b.c'],
    ['*b*', 'abc'],
    ['a**c', 'ac'],
    ['*.*.*', '1.2.3.4'],
    ['*aab*', 'aaab'],
    ['a.c', 'a.c'],
  ])('%j fits %j', (pattern, event) => expect(isWanted({ event: pattern }, { event })).toBe(true));

  it.each([
    ['a*a', 'a'],
    ['ab*ba', 'aba'],
    ['a*b', 'abc'],
    ['a*b*c', 'acb'],
    ['*b*b*', 'ab'],
    ['a*bb*b', 'abb'],
    ['a.c', 'abc'],
    ['[a]*', 'a'],
    ['a', 'A'],
    ['a', ''],
  ])('%j does not fit %j', (pattern, event) =>
    expect(isWanted({ event: pattern }, { event })).toBe(false),
  );

  it('also when there are very many, in texts that almost fit', () => {
    const pattern = 'a*'.repeat(125);
    const event = 'a'.repeat(100_000);
    expect(isWanted({ event: pattern }, { event })).toBe(true);
    expect(isWanted({ event: `${pattern.slice(0, -1)}b` }, { event })).toBe(false);
    expect(isWanted({ event: `${'*a'.repeat(120)}*b*` }, { event })).toBe(false);
  });

  it('agrees with a regular expression on whatever is made of few letters', () => {
    const letters = ['', 'a', 'b', '*'];
    const texts = letters.flatMap((a) =>
      letters.flatMap((b) => letters.flatMap((c) => letters.map((d) => a + b + c + d))),
    );
    const events = ['', 'a', 'b', 'ab', 'ba', 'aa', 'aba', 'abb', 'bab', 'aabb', 'abab'];
    for (const pattern of new Set(texts)) {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      const matches = compileFilter({ event: pattern });
      for (const event of events) {
        const found = { pattern, event, fits: matches({ kind: 'published', event }) };
        expect(found).toEqual({ pattern, event, fits: expected.test(event) });
      }
    }
  });
});

describe('A filter that anybody may have written is', () => {
  it.each<[unknown, WatchFilter]>([
    [{}, {}],
    [[], {}],
    [{ appId: '', channel: null, event: undefined, kinds: null }, {}],
    [{ appId: 'a', other: { deep: true } }, { appId: 'a' }],
    [
      { channel: '*', kinds: [] },
      { channel: '*', kinds: [] },
    ],
    [
      { appId: 'a', channel: 'c', event: 'e', userId: 'ü', socketId: '1.2', kinds: ['node'] },
      { appId: 'a', channel: 'c', event: 'e', userId: 'ü', socketId: '1.2', kinds: ['node'] },
    ],
    [{ event: 'x'.repeat(250) }, { event: 'x'.repeat(250) }],
  ])('read: %j', (given, filter) => expect(readFilter(given)).toEqual(filter));

  it.each<[unknown, RegExp]>([
    [undefined, /^filter must be an object$/],
    [null, /must be an object/],
    ['*', /must be an object/],
    [{ channel: 7 }, /^filter\.channel must be a text of at most 250 characters$/],
    [{ event: ['a'] }, /^filter\.event must/],
    [{ userId: { toString: 'x' } }, /^filter\.userId must/],
    [{ socketId: 'x'.repeat(251) }, /^filter\.socketId must/],
    [{ appId: 'x'.repeat(10_000_000) }, /^filter\.appId must/],
    [{ kinds: 'connected' }, /^filter\.kinds must be a list of connected, /],
    [{ kinds: ['connected', 'nothing'] }, /^filter\.kinds must/],
    [{ kinds: ['constructor'] }, /^filter\.kinds must/],
    [{ kinds: [['connected']] }, /^filter\.kinds must/],
    [{ kinds: { length: 1, 0: 'connected' } }, /^filter\.kinds must/],
  ])('refused, in words: %#', (given, fault) => expect(readFilter(given)).toMatch(fault));
});

describe('An event of another node', () => {
  const [app, socketId, userId] = ['a', '1.2', 'ann'];

  it.each<[WatchFilter, boolean, boolean, boolean]>([
    [{}, true, true, true],
    [{ appId: app }, true, false, true],
    [{ kinds: ['node', 'published'] }, true, true, true],
    [{ kinds: ['client-event'] }, true, true, true],
    [{ kinds: ['node'] }, false, false, false],
    [{ kinds: [] }, false, false, false],
    [{ socketId }, false, false, true],
    [{ socketId, kinds: ['published'] }, false, false, false],
    [{ userId, kinds: ['published'] }, false, false, false],
    [{ userId, appId: app }, true, false, true],
    [{ channel: 'rare', event: 'rare' }, true, true, true],
  ])('is what %j may want: %j, of another application %j, of a socket %j', (filter, ...wanted) => {
    const follows = compileFollowing(filter);
    expect([follows(app, undefined), follows('b', undefined), follows(app, socketId)]).toEqual(
      wanted,
    );
  });
});
