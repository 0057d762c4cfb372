import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { PresenceMember } from './harness/pusher-client.js';
import { occupiedChannels, publish, usersIn } from './harness/publish.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const ROOM = 'presence-room';
const ADDED = 'pusher_internal:member_added';
const REMOVED = 'pusher_internal:member_removed';

/** Joins with a connection of its own, and keeps the roster it was given in `presence`. */
async function join(server: SharedServer, member: PresenceMember | string, channel = ROOM) {
  const client = await PusherClient.connect(server);
  const success = await client.subscribePresence(channel, member, server);
  return Object.assign(client, { success, presence: success.json.presence });
}

/** Connections of users that joined one after the other. */
async function joinAll(server: SharedServer, ...ids: (string | number)[]) {
  const clients = [];
  for (const user_id of ids) clients.push(await join(server, { user_id }));
  return clients;
}

describe('Who joins a presence channel', () => {
  it('is given everybody in it, itself among them', async () => {
    const server = await sharedServer();
    await join(server, { user_id: 'ann', user_info: { name: 'Ann' } });
    await join(server, { user_id: 'bob', user_info: 'Bob' });
    const { presence, success } = await join(server, { user_id: 'cid', user_info: [1] });
    expect(presence).toEqual({
      ids: ['ann', 'bob', 'cid'],
      hash: { ann: { name: 'Ann' }, bob: 'Bob', cid: [1] },
      count: 3,
    });
    expect(typeof success.data).toBe('string');
    expect(await usersIn(server, ROOM)).toEqual(['ann', 'bob', 'cid']);
  });

  it('is announced to the others, but not to itself', async () => {
    const server = await sharedServer();
    const ann = await join(server, { user_id: 'ann' });
    const bob = await join(server, { user_id: 'bob', user_info: { name: 'Bob' } });
    const added = await ann.expectFrame(() => true);
    expect(added.envelope).toEqual({ event: ADDED, channel: ROOM, data: expect.any(String) });
    expect(added.json).toEqual({ user_id: 'bob', user_info: { name: 'Bob' } });
    await bob.roundTrip();
    expect(bob.pendingFrames).toEqual([]);
  });

  it('is announced when it leaves, closes or breaks off', async () => {
    const server = await sharedServer();
    const [ann, bob, cid, dee] = await joinAll(server, 'ann', 'bob', 'cid', 'dee');
    for (const id of ['bob', 'cid', 'dee'])
      await ann!.expectFrame(ADDED).then(({ json }) => expect(json).toEqual({ user_id: id }));
    bob!.unsubscribe(ROOM);
    const removed = await ann!.expectFrame(() => true);
    expect(removed.envelope).toEqual({ event: REMOVED, channel: ROOM, data: '{"user_id":"bob"}' });
    await cid!.close();
    expect((await ann!.expectFrame(REMOVED)).json).toEqual({ user_id: 'cid' });
    await dee!.terminate();
    expect((await ann!.expectFrame(REMOVED)).json).toEqual({ user_id: 'dee' });
    await bob!.roundTrip();
    expect(bob!.framesLike(REMOVED)).toEqual([]);
    expect(await usersIn(server, ROOM)).toEqual(['ann']);
  });

  it('and asks again is given the roster again, and changes nothing', async () => {
    const server = await sharedServer();
    const [ann, bob] = await joinAll(server, 'ann', 'bob');
    await ann!.expectFrame(ADDED);
    const again = await bob!.subscribePresence(ROOM, { user_id: 'eve', user_info: 1 }, server);
    expect(again.json.presence).toEqual({
      ids: ['ann', 'bob'],
      hash: { ann: null, bob: null },
      count: 2,
    });
    await ann!.roundTrip();
    expect(ann!.pendingFrames).toEqual([]);
    bob!.unsubscribe(ROOM);
    expect((await ann!.expectFrame(REMOVED)).json).toEqual({ user_id: 'bob' });
    expect(await usersIn(server, ROOM)).toEqual(['ann']);
  });

  it('takes part in the events of the channel', async () => {
    const server = await sharedServer();
    const [ann, bob] = await joinAll(server, 'ann', 'bob');
    await publish(server, ROOM, 'lights-out');
    await ann!.expectFrame('lights-out');
    await bob!.expectFrame('lights-out');
  });

  it('is in that channel alone, and in that application alone', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    const ann = await join(one!, { user_id: 'ann' });
    await join(one!, { user_id: 'bob' }, 'presence-other');
    const { presence } = await join(two!, { user_id: 'cid' });
    expect(presence.ids).toEqual(['cid']);
    await ann.roundTrip();
    expect(ann.pendingFrames).toEqual([]);
    expect(await usersIn(one!, ROOM)).toEqual(['ann']);
  });
});

describe('A user with several connections', () => {
  it('joins once and leaves once', async () => {
    const server = await sharedServer();
    const [ann, tab1, tab2, tab3] = await joinAll(server, 'ann', 'bob', 'bob', 'bob');
    expect(tab3!.presence).toMatchObject({ ids: ['ann', 'bob'], count: 2 });
    tab1!.unsubscribe(ROOM);
    await tab1!.roundTrip();
    await tab2!.close();
    await ann!.roundTrip();
    expect(ann!.framesLike(ADDED)).toHaveLength(1);
    expect(ann!.framesLike(REMOVED)).toEqual([]);
    expect(await usersIn(server, ROOM)).toEqual(['ann', 'bob']);
    await tab3!.terminate();
    expect((await ann!.expectFrame(REMOVED)).json).toEqual({ user_id: 'bob' });
    expect(ann!.framesLike(REMOVED)).toHaveLength(1);
  });

  it('never hears of itself from its other connections', async () => {
    const server = await sharedServer();
    const [tab1, tab2] = await joinAll(server, 'bob', 'bob');
    await tab2!.close();
    await tab1!.roundTrip();
    expect(tab1!.pendingFrames).toEqual([]);
  });

  it('is announced anew when it comes back after the last one left', async () => {
    const server = await sharedServer();
    const [ann, bob] = await joinAll(server, 'ann', 'bob');
    for (let i = 0; i < 10; i++) {
      bob!.unsubscribe(ROOM);
      await bob!.subscribePresence(ROOM, { user_id: 'bob' }, server);
    }
    await ann!.roundTrip();
    const seen = ann!.frames.filter(({ channel }) => channel === ROOM).slice(1);
    expect(seen.map(({ event }) => event)).toEqual([
      ADDED,
      ...Array.from({ length: 10 }, () => [REMOVED, ADDED]).flat(),
    ]);
  });
});

describe('user_info', () => {
  it('that is missing is null in the roster, and harms nobody who comes later', async () => {
    const server = await sharedServer();
    const ann = await join(server, { user_id: 'ann' });
    expect(ann.presence).toEqual({ ids: ['ann'], hash: { ann: null }, count: 1 });
    const bob = await join(server, { user_id: 'bob', user_info: {} });
    expect(bob.presence).toEqual({ ids: ['ann', 'bob'], hash: { ann: null, bob: {} }, count: 2 });
    await join(server, { user_id: 'cid' });
    const [first, second] = [await bob.expectFrame(ADDED), await ann.expectFrame(ADDED)];
    expect(first.data).toBe('{"user_id":"cid"}');
    expect(second.data).toBe('{"user_id":"bob","user_info":{}}');
  });

  it.each([
    [{ prefs: {}, list: [], deep: { a: {} } }],
    [{}],
    [[]],
    [null],
    [0],
    [false],
    [''],
    ['text with "quotes", \\ and \u2028'],
    [{ name: 'Zoë 💥' }],
    [{ toString: 1, constructor: 2, user_id: 'eve' }],
  ])('%j goes out as it came', async (user_info) => {
    const server = await sharedServer();
    const ann = await join(server, { user_id: 'ann', user_info });
    expect(ann.presence.hash).toEqual({ ann: user_info });
    await join(server, { user_id: 'bob', user_info });
    expect((await ann.expectFrame(ADDED)).json).toEqual({ user_id: 'bob', user_info });
  });

  const ofSize = (bytes: number) => ({ user_id: 'ann', user_info: 'x'.repeat(bytes - 2) });

  it.each([
    ['2 KB unless configured', {}, 2048],
    ['what is configured', { REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE: '20' }, 20],
  ])('may have %s', async (_, variables, limit) => {
    const server = await sharedServer(variables as Record<string, string>);
    const client = await PusherClient.connect(server);
    const tooMuch = client.presenceAuth(ROOM, ofSize(limit + 1), server);
    const { json } = await client.subscribeRefused(ROOM, tooMuch);
    expect(json).toEqual({ type: expect.any(String), error: expect.any(String), status: 4301 });
    expect(await occupiedChannels(server)).toEqual([]);
    await client.subscribePresence(ROOM, ofSize(limit), server);
    expect(client.framesLike('pusher:error')).toEqual([]);
  });

  it('is measured in bytes, not characters', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE: '12' });
    const client = await PusherClient.connect(server);
    const refused = client.presenceAuth(ROOM, { user_id: '1', user_info: 'ééééé!' }, server);
    expect((await client.subscribeRefused(ROOM, refused)).json.status).toBe(4301);
    await client.subscribePresence(ROOM, { user_id: '1', user_info: 'ééééé' }, server);
  });
});

describe('The member limit', () => {
  const LIMITED = { REVERB_APP_MAX_PRESENCE_MEMBERS: '2' };

  it('keeps further users out, and leaves them connected', async () => {
    const server = await sharedServer(LIMITED);
    const [ann] = await joinAll(server, 'ann', 'bob');
    await ann!.expectFrame(ADDED);
    const cid = await PusherClient.connect(server);
    const auth = cid.presenceAuth(ROOM, { user_id: 'cid' }, server);
    const { json } = await cid.subscribeRefused(ROOM, auth);
    expect(json).toEqual({ type: 'LimitReached', error: expect.any(String), status: 4004 });
    await ann!.roundTrip();
    expect(ann!.pendingFrames).toEqual([]);
    await publish(server, ROOM, 'event');
    await cid.roundTrip();
    expect(cid.framesLike('event')).toEqual([]);
    expect(await usersIn(server, ROOM)).toEqual(['ann', 'bob']);
  });

  it('lets further connections of a member in', async () => {
    const server = await sharedServer(LIMITED);
    const clients = await joinAll(server, 'ann', 'bob', 'bob', 'ann', 'bob');
    expect(clients.at(-1)!.presence.count).toBe(2);
  });

  it('gives the seat of who left to the next', async () => {
    const server = await sharedServer(LIMITED);
    const [, bob, otherTab] = await joinAll(server, 'ann', 'bob', 'bob');
    const cid = await PusherClient.connect(server);
    const auth = cid.presenceAuth(ROOM, { user_id: 'cid' }, server);
    await bob!.close();
    await cid.subscribeRefused(ROOM, auth);
    otherTab!.unsubscribe(ROOM);
    await otherTab!.roundTrip();
    await cid.subscribe(ROOM, auth);
  });

  it('is one of each channel', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_PRESENCE_MEMBERS: '1' });
    await join(server, { user_id: 'ann' }, 'presence-1');
    await join(server, { user_id: 'bob' }, 'presence-2');
    await join(server, { user_id: 'bob' }, 'presence-cache-2');
  });
});
