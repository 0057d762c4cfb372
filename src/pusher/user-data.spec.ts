import { parseUserData } from './user-data.js';

const NOBODY = { userInfo: undefined, watchlist: [] };

describe('user_data', () => {
  it.each(['a', '0', '-_=@,.;', 'ann@example.com', '__proto__'])('may have the id %s', (id) =>
    expect(parseUserData(JSON.stringify({ id }))).toEqual({ id, ...NOBODY }),
  );

  it.each([
    '',
    'ann',
    '{',
    'null',
    '7',
    '"ann"',
    '[]',
    '["id"]',
    '{}',
    '{"id":""}',
    '{"id":7}',
    '{"id":null}',
    '{"id":["ann"]}',
    '{"id":{"toString":"ann"}}',
    '{"id":"a b"}',
    '{"id":"a:b"}',
    '{"id":"ann\\n"}',
    '{"id":"\\u00e4"}',
    '{"user_id":"ann"}',
    '{"__proto__":{"id":"ann"}}',
  ])('is not %j', (text) => expect(parseUserData(text)).toBeUndefined());

  it('has an id of up to 128 characters', () => {
    const textOf = (length: number) => JSON.stringify({ id: 'x'.repeat(length) });
    expect(parseUserData(textOf(128))?.id).toHaveLength(128);
    expect(parseUserData(textOf(129))).toBeUndefined();
  });

  it('is nothing however deep it is nested', () => {
    expect(parseUserData('['.repeat(100_000))).toBeUndefined();
  });

  it.each(['{}', '{"name":"Ann"}', '[]', 'null', '0', 'false', '""'])(
    'keeps user_info %s',
    (userInfo) =>
      expect(parseUserData(`{"id":"ann","user_info":${userInfo}}`)?.userInfo).toBe(userInfo),
  );

  it.each([
    ['["bob","cid"]', ['bob', 'cid']],
    ['["bob","bob"]', ['bob']],
    ['["bob",7,null,{},[],"","a b"]', ['bob']],
    [JSON.stringify(['x'.repeat(129)]), []],
    ['[]', []],
    ['null', []],
    ['"bob"', []],
    ['{"length":1,"0":"bob"}', []],
  ])('reads the watchlist %s', (watchlist, expected) =>
    expect(parseUserData(`{"id":"ann","watchlist":${watchlist}}`)?.watchlist).toEqual(expected),
  );
});
