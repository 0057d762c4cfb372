import type { InspectorRecord, WatchFilter } from '../contract.js';
import { filterMatcher, patternOf, searchMatcher } from './matching.js';

const RECORD: InspectorRecord = {
  id: 1,
  kind: 'published',
  atMs: 0,
  appId: 'shop',
  channels: ['news', 'private-orders.7'],
  event: 'App\\Events\\Shipped',
  userId: '12',
  socketId: '1.2',
  data: '{"text":"Hello (world)"}',
};

describe('a pattern', () => {
  it.each([
    ['news', 'news', true],
    ['news', 'newsletter', false],
    ['private-*', 'private-x', true],
    ['private-*', 'presence-x', false],
    ['*.7', 'private-orders.7', true],
    ['*.7', 'private-ordersx7', false],
    ['a*c*e', 'abcde', true],
    ['a+(b', 'a+(b', true],
    ['*', '', true],
  ])('%s takes %s: %s', (pattern, text, isMatch) =>
    expect(patternOf(pattern).test(text)).toBe(isMatch),
  );
});

describe('a record passes a filter', () => {
  it.each<[WatchFilter, boolean]>([
    [{}, true],
    [{ appId: 'shop' }, true],
    [{ appId: 'blog' }, false],
    [{ kinds: ['published', 'webhook'] }, true],
    [{ kinds: ['webhook'] }, false],
    [{ channel: 'private-*' }, true],
    [{ channel: 'presence-*' }, false],
    [{ event: '*Shipped' }, true],
    [{ event: 'Shipped' }, false],
    [{ userId: '12', socketId: '1.2' }, true],
    [{ userId: '12', socketId: '1.3' }, false],
  ])('%j: %s', (filter, passes) => expect(filterMatcher(filter)(RECORD)).toBe(passes));

  it('not one of something it has not', () => {
    const bare: InspectorRecord = { id: 1, kind: 'redis', atMs: 0 };
    expect(filterMatcher({ channel: '*' })(bare)).toBe(false);
    expect(filterMatcher({ userId: '1' })(bare)).toBe(false);
  });
});

describe('a search finds all of its words, anywhere', () => {
  it.each([
    ['', true],
    ['  ', true],
    ['ORDERS hello', true],
    ['orders absent', false],
    ['(world)', true],
    ['Events\\Ship', true],
    ['published', true],
    ['.*', false],
  ])('%s: %s', (text, isFound) => expect(searchMatcher(text)(RECORD)).toBe(isFound));
});
