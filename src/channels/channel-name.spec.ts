import * as fc from 'fast-check';
import {
  channelKindOf,
  isChannelName,
  isUserId,
  SERVER_TO_USER_PREFIX,
  serverToUserIdOf,
  type ChannelKindName,
} from './channel-name.js';

const KINDS: readonly (readonly [prefix: string, kind: ChannelKindName, traits: string])[] = [
  ['', 'public', ''],
  ['cache-', 'cache', 'isCache'],
  ['private-', 'private', 'needsAuth'],
  ['private-cache-', 'private-cache', 'needsAuth isCache'],
  ['private-encrypted-', 'private-encrypted', 'needsAuth isEncrypted'],
  ['private-encrypted-cache-', 'private-encrypted-cache', 'needsAuth isCache isEncrypted'],
  ['presence-', 'presence', 'needsAuth isPresence'],
  ['presence-cache-', 'presence-cache', 'needsAuth isPresence isCache'],
  [SERVER_TO_USER_PREFIX, 'server-to-user', ''],
];

/** The traits of a kind that are true. */
function traitsOf(channel: string): string {
  const traits = Object.entries(channelKindOf(channel)).filter(([, value]) => value === true);
  return traits.map(([trait]) => trait).join(' ');
}

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=@,.;';
const validName = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength });

describe('The kind of a channel', () => {
  it.each(KINDS)('with the prefix %j is %s', (prefix, kind, traits) => {
    expect(channelKindOf(`${prefix}room`).name).toBe(kind);
    expect(traitsOf(`${prefix}room`)).toBe(traits);
  });

  it.each([
    'x-private-y',
    'foo-cache-bar',
    'xpresence-a',
    ' private-a',
    'Private-a',
    'PRESENCE-a',
    '-private-a',
    'a\nprivate-b',
  ])('%j is public: a prefix stands at the beginning, as it is', (channel) => {
    expect(channelKindOf(channel).name).toBe('public');
  });

  it.each(['private', 'presence', 'cache', 'privatea', 'presencea', 'cachea', 'private_a', ''])(
    '%j is public: the dash is part of the prefix',
    (channel) => {
      expect(channelKindOf(channel).name).toBe('public');
    },
  );

  it.each([
    ['private-encrypted', 'private'],
    ['private-encryptedcache-a', 'private'],
    ['private-cache', 'private'],
    ['private-encrypted-cache', 'private-encrypted'],
    ['private-cache-encrypted-a', 'private-cache'],
    ['private-presence-a', 'private'],
    ['presence-cache', 'presence'],
    ['presence-encrypted-a', 'presence'],
    ['presence-private-a', 'presence'],
    ['cache-private-a', 'cache'],
    ['private-', 'private'],
    ['presence-', 'presence'],
    ['#server-to-user-', 'server-to-user'],
    ['#private-a', 'public'],
  ])('%j is %s', (channel, kind) => {
    expect(channelKindOf(channel).name).toBe(kind);
  });

  it('is that of its longest prefix, whatever follows', () => {
    const property = fc.property(fc.constantFrom(...KINDS), fc.string(), ([prefix], rest) => {
      const channel = prefix + rest;
      const known = KINDS.filter(([each]) => channel.startsWith(each));
      const [, longest] = known.sort(([a], [b]) => b.length - a.length)[0]!;
      return channelKindOf(channel).name === longest;
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  it('cannot be changed', () => {
    for (const [prefix] of KINDS) expect(Object.isFrozen(channelKindOf(prefix))).toBe(true);
  });
});

describe('A channel name', () => {
  it('may have 1 to the longest length of the characters allowed', () => {
    const property = fc.property(validName(200), (name) => isChannelName(name, 200));
    expect(() => fc.assert(property)).not.toThrow();
    for (const character of CHARACTERS) expect(isChannelName(character, 200)).toBe(true);
  });

  it('is no longer than that', () => {
    expect(isChannelName('a'.repeat(200), 200)).toBe(true);
    expect(isChannelName('a'.repeat(201), 200)).toBe(false);
    expect(isChannelName('ab', 1)).toBe(false);
  });

  it('has no other character, wherever it stands', () => {
    const other = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 3 })
      .filter((text) => ![...text].every((character) => CHARACTERS.includes(character)));
    const property = fc.property(
      validName(20).filter((name) => !name.startsWith('#')),
      other,
      fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 20 }),
      (before, bad, after) => !isChannelName(before + bad + after, 200),
    );
    expect(() => fc.assert(property)).not.toThrow();
  });

  it.each(['', 'a b', 'a\n', '\na', 'a/b', 'a:b', 'a#b', 'a"b', 'a\\b', 'a\0', 'é', 'a*', 'a%20b'])(
    '%j is none',
    (name) => {
      expect(isChannelName(name, 200)).toBe(false);
    },
  );

  it.each(['#', '#a', '#private-a', '#server-to-user', '#server-to-user-', '#server-to-user-a b'])(
    '%j is none: the # is reserved for the channels of users',
    (name) => {
      expect(isChannelName(name, 200)).toBe(false);
    },
  );

  it('of a user is as long as the id of the user demands', () => {
    expect(isChannelName(`#server-to-user-${'a'.repeat(128)}`, 10)).toBe(true);
    expect(isChannelName(`#server-to-user-${'a'.repeat(129)}`, 1000)).toBe(false);
  });
});

describe('The id of a user', () => {
  it('has 1 to 128 of the characters allowed', () => {
    const property = fc.property(validName(128), (id) => isUserId(id));
    expect(() => fc.assert(property)).not.toThrow();
    expect(isUserId('')).toBe(false);
    expect(isUserId('a'.repeat(129))).toBe(false);
    expect(isUserId('a b')).toBe(false);
    expect(isUserId('1\n')).toBe(false);
  });

  it('is found in the name of its channel', () => {
    const property = fc.property(
      validName(128),
      (id) => serverToUserIdOf(SERVER_TO_USER_PREFIX + id) === id,
    );
    expect(() => fc.assert(property)).not.toThrow();
  });

  it.each(['server-to-user-1', 'a#server-to-user-1', '#server-to-user-', '#SERVER-TO-USER-1', ''])(
    'is not found in %j',
    (channel) => {
      expect(serverToUserIdOf(channel)).toBeUndefined();
    },
  );
});
