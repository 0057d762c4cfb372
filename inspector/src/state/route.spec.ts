import { shortcutOf } from '../views/shell/shortcuts.js';
import { hashOf, parseRoute, tokenOf, VIEWS, type Route } from './route.js';

describe('a place has an address', () => {
  it.each<Route>([
    ...VIEWS.map(({ view }) => ({ view })),
    { view: 'channels', of: { appId: 'shop', name: 'private-a/b;c=d,e @%' } },
    { view: 'connections', of: { appId: 'a b', name: '1.2' } },
  ])('%j', (route) => expect(parseRoute(hashOf(route))).toEqual(route));

  it.each(['', '#', '#/', '#/nowhere', '#token=x', '#/%E0%A4%A'])('%s is the tail', (hash) =>
    expect(parseRoute(hash)).toEqual({ view: 'tail' }),
  );
});

describe('a sign-in link', () => {
  it.each([
    ['#token=abc', 'abc'],
    ['#token=a%2Bb', 'a+b'],
    ['#token=', undefined],
    ['#/tail', undefined],
    ['', undefined],
  ])('%s holds %s', (hash, token) => expect(tokenOf(hash)).toBe(token));
});

describe('a key is a shortcut', () => {
  it.each([
    ['/', undefined, { kind: 'search' }],
    ['p', undefined, { kind: 'pause' }],
    ['p', 'g', { kind: 'go', view: 'publish' }],
    ['c', 'g', { kind: 'go', view: 'channels' }],
    ['c', undefined, { kind: 'none' }],
    ['g', 'g', { kind: 'wait' }],
  ])('%s after %s', (key, before, action) => expect(shortcutOf(key, before)).toEqual(action));
});
