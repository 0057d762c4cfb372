import { ChannelDataError, parseChannelData } from './channel-data.js';

describe('channel_data', () => {
  it.each([
    ['{"user_id":"1"}', { userId: '1', id: '1', userInfo: undefined }],
    ['{"user_id":1}', { userId: '1', id: 1, userInfo: undefined }],
    ['{"user_id":0}', { userId: '0', id: 0, userInfo: undefined }],
    ['{"user_id":"0"}', { userId: '0', id: '0', userInfo: undefined }],
    ['{"user_id":"01"}', { userId: '01', id: '01', userInfo: undefined }],
    ['{"user_id":1.0}', { userId: '1', id: 1, userInfo: undefined }],
    ['{"user_id":-1.5}', { userId: '-1.5', id: -1.5, userInfo: undefined }],
    ['{"user_id":9007199254740991}', { userId: '9007199254740991', id: 9007199254740991 }],
    ['{"user_id":"__proto__"}', { userId: '__proto__', id: '__proto__' }],
    [' {"user_id" : "1"} ', { userId: '1', id: '1' }],
  ])('%s names a user', (text, member) => expect(parseChannelData(text)).toEqual(member));

  it.each([
    ['{}', '{}'],
    ['{"a":{}}', '{"a":{}}'],
    ['[ ]', '[]'],
    ['null', 'null'],
    ['0', '0'],
    ['false', 'false'],
    ['""', '""'],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
    ['{"toJSON":1}', '{"toJSON":1}'],
  ])('keeps user_info %s', (userInfo, kept) => {
    const member = parseChannelData(`{"user_id":"1","user_info":${userInfo}}`);
    expect(member.userInfo).toBe(kept);
  });

  it('takes ids of up to 128 characters', () => {
    const textOf = (length: number) => JSON.stringify({ user_id: 'x'.repeat(length) });
    expect(parseChannelData(textOf(128)).userId).toHaveLength(128);
    expect(() => parseChannelData(textOf(129))).toThrow(ChannelDataError);
  });

  it.each([
    '',
    'x',
    '{',
    'null',
    '1',
    '"1"',
    '[]',
    '["user_id"]',
    '{}',
    '{"user_id":null}',
    '{"user_id":true}',
    '{"user_id":{}}',
    '{"user_id":[]}',
    '{"user_id":""}',
    '{"user_id":1e999}',
    '{"user_id":-1e999}',
    '{"user_id":1e21}',
    '{"user_id":9007199254740992}',
    '{"User_Id":"1"}',
    '{"__proto__":{"user_id":"1"}}',
  ])('%j names nobody', (text) => {
    expect(() => parseChannelData(text)).toThrow(ChannelDataError);
  });

  it('names nobody however deep it is nested', () => {
    expect(() => parseChannelData('['.repeat(100_000))).toThrow(ChannelDataError);
  });
});
