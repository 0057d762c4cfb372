import { attributeNamesOf, describeChannel, hasAttribute } from './channel-info.js';

describe('attributeNamesOf', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' , ,', []],
    ['user_count', ['user_count']],
    [' user_count , cache ', ['user_count', 'cache']],
    ['a,b,a', ['a', 'b', 'a']],
  ])('reads %j', (info, names) => expect(attributeNamesOf(info)).toEqual(names));
});

describe('hasAttribute', () => {
  it('user_count is of presence channels', () => {
    for (const channel of ['presence-c', 'presence-cache-c']) {
      expect(hasAttribute(channel, 'user_count')).toBe(true);
    }
    for (const channel of ['c', 'private-c', 'cache-c', 'x-presence-c', '#server-to-user-1']) {
      expect(hasAttribute(channel, 'user_count')).toBe(false);
    }
  });

  it('cache is of cache channels', () => {
    for (const channel of ['cache-c', 'private-cache-c', 'presence-cache-c']) {
      expect(hasAttribute(channel, 'cache')).toBe(true);
    }
    for (const channel of ['c', 'private-c', 'x-cache-c', 'private-encrypted-c']) {
      expect(hasAttribute(channel, 'cache')).toBe(false);
    }
  });

  it('subscription_count is of every channel, and nothing else is of any', () => {
    for (const channel of ['c', 'private-c', 'presence-c', 'cache-c', '#server-to-user-1']) {
      expect(hasAttribute(channel, 'subscription_count')).toBe(true);
      for (const name of ['', 'nonsense', 'USER_COUNT', 'toString', '__proto__', 'length']) {
        expect(hasAttribute(channel, name)).toBe(false);
      }
    }
  });
});

describe('describeChannel', () => {
  const state = { channel: 'presence-c', subscriptions: 3, users: 2 };
  const cached = { event: 'e', data: 'd', ttlSeconds: 9 };

  it('has what was asked for, and nothing else', () => {
    expect(describeChannel(state, [], cached)).toEqual({});
    expect(describeChannel(state, ['user_count'], cached)).toEqual({ user_count: 2 });
    expect(describeChannel(state, ['subscription_count', 'cache'], cached)).toEqual({
      subscription_count: 3,
      cache: { data: 'd', ttl: 9 },
    });
  });

  it('says null of an empty cache', () => {
    expect(describeChannel(state, ['cache'], undefined)).toEqual({ cache: null });
  });
});
