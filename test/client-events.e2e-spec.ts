import { closeAll, PusherClient } from './harness/pusher-client.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const UNSUPPORTED = 'Client events are only supported on private and presence channels.';
const NOT_A_MEMBER = 'The client is not a member of the specified channel.';
const DISABLED = 'The app does not have client messaging enabled.';
const ALL = { REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: 'all' };
const MEMBERS = { REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: 'members' };

/** Two connections in the same channel, whose user ids are `ann` and 7 where it has any. */
async function connectTwo(server: SharedServer, channel: string) {
  const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
  if (channel.startsWith('presence-')) {
    await ann.subscribePresence(channel, { user_id: 'ann' }, server);
    await bob.subscribePresence(channel, { user_id: 7 }, server);
  } else {
    await ann.subscribePrivate(channel, server);
    await bob.subscribePrivate(channel, server);
  }
  await ann.roundTrip();
  ann.discardPending();
  return [ann, bob] as const;
}

/** The client got an error, and the listener nothing of what was sent. */
async function expectRefused(
  sender: PusherClient,
  listener: PusherClient,
  code: number,
  message: string,
) {
  expect((await sender.expectError(code)).json.message).toBe(message);
  await sender.roundTrip();
  await listener.roundTrip();
  expect(listener.pendingFrames).toEqual([]);
}

describe.each(['private-room', 'private-cache-room', 'presence-room', 'presence-cache-room'])(
  'A client event on %s',
  (channel) => {
    it('comes to all other subscribers, and not back', async () => {
      const server = await sharedServer();
      const [ann, bob] = await connectTwo(server, channel);
      bob.discardPending();
      ann.trigger('client-typed', channel, { key: 'a' });
      const frame = await bob.expectFrame(() => true);
      const userId = channel.startsWith('presence-') ? { user_id: 'ann' } : {};
      expect(frame.envelope).toEqual({
        event: 'client-typed',
        channel,
        data: { key: 'a' },
        ...userId,
      });
      await ann.roundTrip();
      expect(ann.pendingFrames).toEqual([]);
    });
  },
);

describe('A client event', () => {
  it('arrives once and in the order it was sent in', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0' });
    const [ann, bob] = await connectTwo(server, 'private-room');
    for (let i = 0; i < 300; i++) ann.trigger('client-count', 'private-room', i);
    await ann.roundTrip();
    await bob.roundTrip();
    const got = bob.framesLike('client-count').map(({ data }) => data);
    expect(got).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it.each(
    titled(
      {},
      [],
      null,
      0,
      -1.5,
      true,
      false,
      '',
      'text',
      '{"json":"in a text"}',
      '"',
      '\u2028 \u0000 💥',
      { deep: { empty: {}, list: [[], {}] } },
      'x'.repeat(9000),
    ),
  )('keeps the JSON type of its data: %s', async (_, data) => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'private-room');
    ann.trigger('client-typed', 'private-room', data);
    const { envelope } = await bob.expectFrame('client-typed');
    expect(envelope).toEqual({ event: 'client-typed', channel: 'private-room', data });
  });

  it('may come without data, and then goes out without', async () => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'private-room');
    ann.trigger('client-typed', 'private-room');
    const { envelope } = await bob.expectFrame('client-typed');
    expect(envelope).toEqual({ event: 'client-typed', channel: 'private-room' });
  });

  it('is rebuilt: what the sender forged is dropped', async () => {
    const server = await sharedServer();
    for (const channel of ['private-room', 'presence-room']) {
      const [ann, bob] = await connectTwo(server, channel);
      ann.send(
        `{"event":"client-typed","channel":"${channel}","data":1,"user_id":"admin","socket_id":"1.1",` +
          '"channels":["private-other"],"name":"x","__proto__":{"user_id":"admin"},"time_ms":1}',
      );
      const { envelope } = await bob.expectFrame('client-typed');
      const userId = channel === 'presence-room' ? { user_id: 'ann' } : {};
      expect(envelope).toEqual({ event: 'client-typed', channel, data: 1, ...userId });
    }
  });

  it('carries the user id as a string, whatever it was signed as', async () => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'presence-room');
    bob.trigger('client-typed', 'presence-room', {});
    expect((await ann.expectFrame('client-typed')).user_id).toBe('7');
  });

  it('carries no user id on a private channel, signed in or not', async () => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'private-room');
    await ann.signin({ id: 'ann' }, server);
    ann.trigger('client-typed', 'private-room', {});
    expect((await bob.expectFrame('client-typed')).envelope).not.toHaveProperty('user_id');
  });

  it('carries the id of who signed in and joined as that', async () => {
    const server = await sharedServer();
    const [, bob] = await connectTwo(server, 'presence-room');
    const cid = await PusherClient.connect(server);
    await cid.signin({ id: 'cid' }, server);
    await cid.subscribePrivate('presence-room', server);
    cid.trigger('client-typed', 'presence-room', {});
    expect((await bob.expectFrame('client-typed')).user_id).toBe('cid');
  });

  it('stays in its application', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    const [ann, bob] = await connectTwo(one!, 'private-room');
    const [cid] = await connectTwo(two!, 'private-room');
    ann.trigger('client-typed', 'private-room', {});
    await bob.expectFrame('client-typed');
    await cid.roundTrip();
    expect(cid.pendingFrames).toEqual([]);
  });

  it.each(
    titled('client-x', `client-${'x'.repeat(193)}`, 'client--', 'client-ä "\\', 'client-pusher:x'),
  )('may be named %s', async (_, event) => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'private-room');
    ann.trigger(event, 'private-room', {});
    await bob.expectFrame(event);
  });

  it.each(
    titled(
      'client-',
      `client-${'x'.repeat(194)}`,
      'client',
      'clientx',
      'Client-x',
      'my-event',
      ' client-x',
    ),
  )('may not be named %s', async (_, event) => {
    const server = await sharedServer();
    const [ann, bob] = await connectTwo(server, 'private-room');
    ann.trigger(event, 'private-room', {});
    await expectRefused(ann, bob, 4200, 'Invalid message format');
  });

  it.each([undefined, null, 7, {}, ['private-room']])(
    'on channel %j is malformed',
    async (channel) => {
      const server = await sharedServer(ALL);
      const [ann, bob] = await connectTwo(server, 'private-room');
      ann.send({ event: 'client-typed', channel, data: {} });
      await expectRefused(ann, bob, 4200, 'Invalid message format');
    },
  );
});

describe.each([{}, MEMBERS])('With client events from members only (%j)', (mode) => {
  it('who is not subscribed is told 4009', async () => {
    const server = await sharedServer(mode);
    for (const channel of ['private-room', 'presence-room']) {
      const [ann, bob] = await connectTwo(server, channel);
      bob.discardPending();
      const stranger = await PusherClient.connect(server);
      stranger.trigger('client-typed', channel, {});
      await expectRefused(stranger, bob, 4009, NOT_A_MEMBER);
      ann.unsubscribe(channel);
      ann.trigger('client-typed', channel, {});
      expect((await ann.expectError(4009)).json.message).toBe(NOT_A_MEMBER);
      expect(ann.isOpen).toBe(true);
    }
  });

  it.each(['news', 'cache-news', 'my-private-room'])('%s takes none', async (channel) => {
    const server = await sharedServer(mode);
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribe(channel);
    await bob.subscribe(channel);
    await bob.roundTrip();
    bob.discardPending();
    ann.trigger('client-typed', channel, {});
    await expectRefused(ann, bob, 4301, UNSUPPORTED);
  });
});

describe('With client events from all', () => {
  it.each(['news', 'cache-news', 'private-room', 'presence-room'])(
    'anybody may send to %s, and is nobody there',
    async (channel) => {
      const server = await sharedServer(ALL);
      const [, bob] = await connectTwo(server, channel);
      bob.discardPending();
      const stranger = await PusherClient.connect(server);
      await stranger.signin({ id: 'eve' }, server);
      stranger.send({ event: 'client-typed', channel, data: 'hi', user_id: 'ann' });
      const { envelope } = await bob.expectFrame('client-typed');
      expect(envelope).toEqual({ event: 'client-typed', channel, data: 'hi' });
    },
  );

  it('a member is still named', async () => {
    const server = await sharedServer(ALL);
    const [ann, bob] = await connectTwo(server, 'presence-room');
    ann.trigger('client-typed', 'presence-room', {});
    expect((await bob.expectFrame('client-typed')).user_id).toBe('ann');
  });

  it.each(titled('', 'a b', '#news', 'x'.repeat(201), 'a","data":"b'))(
    '%s is no channel',
    async (_, channel) => {
      const client = await PusherClient.connect(await sharedServer(ALL));
      client.trigger('client-typed', channel, {});
      await client.expectError(4200);
      await client.roundTrip();
    },
  );
});

describe.each(['members', 'all'])("A user's own channel, with %s,", (mode) => {
  it('takes no client events, not even from that user', async () => {
    const server = await sharedServer({ REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: mode });
    const [ann, tab] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, tab]) {
      await client.signin({ id: 'ann' }, server);
      await client.subscribe('#server-to-user-ann');
    }
    ann.trigger('client-typed', '#server-to-user-ann', {});
    await expectRefused(ann, tab, 4301, UNSUPPORTED);
  });
});

describe('With client events from none', () => {
  it.each(['private-room', 'presence-room', 'news'])('%s takes none', async (channel) => {
    const server = await sharedServer({ REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: 'none' });
    const [ann, bob] = await connectTwo(server, channel);
    bob.discardPending();
    ann.trigger('client-typed', channel, {});
    await expectRefused(ann, bob, 4301, DISABLED);
  });
});
