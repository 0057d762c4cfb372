import type { WatchFilter } from '../contract.js';
import { compileFilter } from './watch-filter.js';

const SUBJECT = {
  kind: 'published',
  appId: 'shop',
  channels: ['news', 'private-orders.7'],
  event: 'App\\Events\\Shipped',
  userId: '12',
  socketId: '1.2',
} as const;

describe('A pattern', () => {
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
    [`${'a*'.repeat(100)}b`, 'a'.repeat(200), false],
  ])('%s takes %s: %s', (event, text, isMatch) =>
    expect(compileFilter({ event })({ kind: 'published', event: text })).toBe(isMatch),
  );
});

describe('A filter', () => {
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
  ])('%j takes an event: %s', (filter, isTaken) =>
    expect(compileFilter(filter)(SUBJECT)).toBe(isTaken),
  );

  it('takes what happens to the server, whatever the application', () => {
    expect(compileFilter({ appId: 'shop' })({ kind: 'redis' })).toBe(true);
    expect(compileFilter({ appId: 'shop' })({ kind: 'refused' })).toBe(false);
    expect(compileFilter({ channel: '*' })({ kind: 'node' })).toBe(false);
  });
});
