import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { Json } from './harness/pusher-client.js';
import { occupiedChannels, usersIn } from './harness/publish.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const ROOM = 'presence-room';
const ADDED = 'pusher_internal:member_added';
const REMOVED = 'pusher_internal:member_removed';

/** Joins with channel_data to the letter. */
async function join(server: SharedServer, channelData: string) {
  const client = await PusherClient.connect(server);
  const success = await client.subscribePresence(ROOM, channelData, server);
  return Object.assign(client, { success, presence: success.json.presence });
}

const joinAs = (server: SharedServer, user_id: Json) => join(server, JSON.stringify({ user_id }));

describe('A user_id', () => {
  it.each(
    titled(
      0,
      '0',
      1,
      '1',
      '01',
      -7,
      1.5,
      'ann@example.com',
      'ä 💥',
      ' ',
      '"',
      'null',
      'x'.repeat(128),
    ),
  )('%s goes out in the JSON type it came in', async (_, id) => {
    const server = await sharedServer();
    const watcher = await joinAs(server, 'watcher');
    const joiner = await joinAs(server, id);
    expect(joiner.presence).toEqual({
      ids: ['watcher', id],
      hash: { watcher: null, [id]: null },
      count: 2,
    });
    expect((await watcher.expectFrame(ADDED)).json).toEqual({ user_id: id });
    expect(await usersIn(server, ROOM)).toEqual(['watcher', String(id)].sort());
    joiner.unsubscribe(ROOM);
    expect((await watcher.expectFrame(REMOVED)).json).toEqual({ user_id: id });
  });

  it('is compared as a string: 0 is "0", and "01" is not "1"', async () => {
    const server = await sharedServer();
    const watcher = await joinAs(server, 0);
    const same = await joinAs(server, '0');
    expect(same.presence).toEqual({ ids: [0], hash: { 0: null }, count: 1 });
    await joinAs(server, '01');
    await joinAs(server, 1);
    const last = await joinAs(server, '1');
    expect(last.presence).toMatchObject({ ids: [0, '01', 1], count: 3 });
    await watcher.roundTrip();
    expect(watcher.framesLike(ADDED).map(({ json }) => json.user_id)).toEqual(['01', 1]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'])(
    '%s is one like any other',
    async (id) => {
      const server = await sharedServer();
      const first = await joinAs(server, id);
      const other = await joinAs(server, 'other');
      expect(other.presence.ids).toEqual([id, 'other']);
      expect(Object.entries(other.presence.hash)).toEqual([
        [id, null],
        ['other', null],
      ]);
      await first.close();
      expect((await other.expectFrame(REMOVED)).json).toEqual({ user_id: id });
    },
  );

  it('given twice is the last one, as everywhere in JSON', async () => {
    const server = await sharedServer();
    const { presence } = await join(server, '{"user_id":"1","user_id":"2","user_info":1}');
    expect(presence).toEqual({ ids: ['2'], hash: { 2: 1 }, count: 1 });
  });

  it('is taken from channel_data to the letter, white space and all', async () => {
    const server = await sharedServer();
    const { presence } = await join(server, ' { "user_id" :\n "1" , "more": [1] } ');
    expect(presence).toEqual({ ids: ['1'], hash: { 1: null }, count: 1 });
  });
});

describe('channel_data', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'user_id=1'],
    ['JSON cut short', '{"user_id":"1"'],
    ['null', 'null'],
    ['a text', '"1"'],
    ['a number', '1'],
    ['an array', '["1"]'],
    ['no user_id', '{}'],
    ['no user_id of its own', '{"__proto__":{"user_id":"1"}}'],
    ['no user_id but an id', '{"id":"1"}'],
    ['an empty user_id', '{"user_id":""}'],
    ['null as user_id', '{"user_id":null}'],
    ['true as user_id', '{"user_id":true}'],
    ['an object as user_id', '{"user_id":{"toString":"1"}}'],
    ['an array as user_id', '{"user_id":["1"]}'],
    ['a number that is none as user_id', '{"user_id":1e999}'],
    ['a number that two users could share', '{"user_id":9007199254740993}'],
    ['a user_id of 129 characters', JSON.stringify({ user_id: 'x'.repeat(129) })],
    ['a huge user_id', JSON.stringify({ user_id: 'x'.repeat(9000) })],
    ['nesting without an end', '['.repeat(9000)],
  ])('that holds %s is refused, although it is signed', async (_, channelData) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const auth = client.presenceAuth(ROOM, channelData, server);
    const { json } = await client.subscribeRefused(ROOM, auth);
    expect(json).toEqual({ type: 'InvalidChannelData', error: expect.any(String), status: 400 });
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
    expect(await occupiedChannels(server)).toEqual([]);
    await client.subscribePresence(ROOM, { user_id: '1' }, server);
  });

  it('that is missing is refused although the rest is signed', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const error = client.subscribePrivate(ROOM, server);
    await expect(error).rejects.toThrow('InvalidChannelData');
  });

  it('that is not what was signed is an AuthError', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const signed = client.presenceAuth(ROOM, { user_id: '1' }, server);
    const forged = { ...signed, channel_data: '{"user_id":"2"}' };
    expect((await client.subscribeRefused(ROOM, forged)).json).toMatchObject({ status: 401 });
    await client.expectError(4009);
    const missing = await client.subscribeRefused(ROOM, { auth: signed.auth });
    expect(missing.json).toMatchObject({ status: 401 });
  });
});

describe('A signed-in connection', () => {
  it('joins as its user when it sends no channel_data', async () => {
    const server = await sharedServer();
    const watcher = await joinAs(server, 'watcher');
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann', user_info: { name: 'Ann' } }, server);
    const { json } = await client.subscribePrivate(ROOM, server);
    expect(json.presence).toEqual({
      ids: ['watcher', 'ann'],
      hash: { watcher: null, ann: { name: 'Ann' } },
      count: 2,
    });
    const added = await watcher.expectFrame(ADDED);
    expect(added.json).toEqual({ user_id: 'ann', user_info: { name: 'Ann' } });
    await client.close();
    expect((await watcher.expectFrame(REMOVED)).json).toEqual({ user_id: 'ann' });
  });

  it('joins as whom channel_data names, when it sends that', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    const { json } = await client.subscribePresence(ROOM, { user_id: 'nick' }, server);
    expect(json.presence.ids).toEqual(['nick']);
  });

  it('needs an auth all the same', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    expect((await client.subscribeRefused(ROOM)).json).toMatchObject({ type: 'AuthError' });
  });

  it('is held to the size of user_info like everybody', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE: '10' });
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann', user_info: 'x'.repeat(9) }, server);
    await expect(client.subscribePrivate(ROOM, server)).rejects.toThrow('4301');
  });
});
