import { closeAll, PusherClient } from './harness/pusher-client.js';
import { eventually } from './harness/eventually.js';
import { occupiedChannels, publish } from './harness/publish.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const SUCCEEDED = 'pusher_internal:subscription_succeeded';

describe('A subscription', () => {
  it('is answered with a success frame whose data is the text of an empty object', async () => {
    const client = await PusherClient.connect(await sharedServer());
    const success = await client.subscribe('news');
    expect(success.envelope).toEqual({ event: SUCCEEDED, channel: 'news', data: '{}' });
  });

  it('may be asked for with data as a text of JSON', async () => {
    const client = await PusherClient.connect(await sharedServer());
    client.send({ event: 'pusher:subscribe', data: '{"channel":"news"}' });
    await client.expectFrame(SUCCEEDED, { channel: 'news' });
  });

  it('of a public channel does not care about an auth that means nothing there', async () => {
    const client = await PusherClient.connect(await sharedServer());
    await client.subscribe('news', { auth: 'x', channel_data: 'y' });
    await client.subscribe('weather', { auth: null, channel_data: null });
  });

  it('brings the events of its channel only', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await publish(server, 'weather', 'rain');
    await publish(server, 'news', 'headline');
    expect(await client.expectFrame(() => true)).toMatchObject({ event: 'headline' });
  });

  it('asked for again succeeds again and changes nothing', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    await client.subscribe('news');
    await publish(server, 'news', 'headline');
    await client.roundTrip();
    expect(client.framesLike('headline')).toHaveLength(1);
    client.unsubscribe('news');
    await client.roundTrip();
    expect(await occupiedChannels(server)).toEqual([]);
  });

  it('ends without an answer, and no event comes after that', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    client.unsubscribe('news');
    await client.roundTrip();
    await publish(server, 'news', 'headline');
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
  });

  it('can be ended and begun many times in one go', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (let i = 0; i < 100; i++) {
      client.sendSubscribe('news');
      client.unsubscribe('news');
    }
    client.sendSubscribe('news');
    await client.roundTrip();
    expect(client.framesLike(SUCCEEDED)).toHaveLength(101);
    await publish(server, 'news', 'headline');
    await client.roundTrip();
    expect(client.framesLike('headline')).toHaveLength(1);
  });

  it('is of one application: channels of the same name do not mix', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const server = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...server, ...rest, appId: app_id }));
    const first = await PusherClient.connect(one!);
    const second = await PusherClient.connect(two!);
    await first.subscribe('news');
    await second.subscribe('news');
    await publish(one!, 'news', 'for-one');
    await publish(two!, 'news', 'for-two');
    expect(await first.expectFrame(() => true)).toMatchObject({ event: 'for-one' });
    expect(await second.expectFrame(() => true)).toMatchObject({ event: 'for-two' });
  });
});

describe('Unsubscribing', () => {
  it.each(titled('never-joined', '', '#', 'a b', 'private-x', 'x'.repeat(5000), '__proto__'))(
    'from %s, unknown here, is ignored',
    async (_, channel) => {
      const client = await PusherClient.connect(await sharedServer());
      client.unsubscribe(channel);
      await client.roundTrip();
      expect(client.pendingFrames).toEqual([]);
    },
  );

  it.each([undefined, null, 7, {}, []])('from %j is malformed', async (channel) => {
    const client = await PusherClient.connect(await sharedServer());
    client.send({ event: 'pusher:unsubscribe', data: { channel } });
    await client.expectError(4200);
    await client.roundTrip();
  });
});

describe('A channel name', () => {
  it.each(titled('a', 'A-z_0=9@,.;', 'x'.repeat(200), '__proto__', 'constructor', '-', '0'))(
    'may be %s',
    async (_, channel) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.subscribe(channel);
      expect(await occupiedChannels(server)).toEqual([channel]);
      await publish(server, channel, 'event');
      await client.expectFrame('event', { channel });
    },
  );

  it.each(
    titled(
      '',
      ' ',
      'a b',
      'a\n',
      'a\u0000',
      'ä',
      '频道',
      '💥',
      'a/b',
      'a:b',
      'a#b',
      '#',
      '#mine',
      '#server-to-user',
      '#server-to-user-',
      '#server-to-user-a b',
      `#server-to-user-${'x'.repeat(129)}`,
      '"],"x":["',
      'x'.repeat(201),
      `private-${'x'.repeat(193)}`,
      'x'.repeat(9000),
    ),
  )('may not be %s', async (_, channel) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const error = await client.subscribeRefused(channel);
    expect(error).toMatchObject({ channel, data: expect.any(String) });
    expect(error.json).toEqual({
      type: 'InvalidChannel',
      error: expect.any(String),
      status: 400,
    });
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
    expect(await occupiedChannels(server)).toEqual([]);
  });

  it('has as many characters as the application allows', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_CHANNEL_NAME_LENGTH: '10' });
    const client = await PusherClient.connect(server);
    await client.subscribe('x'.repeat(10));
    expect((await client.subscribeRefused('x'.repeat(11))).json).toMatchObject({ status: 400 });
  });

  it.each([undefined, null, 7, true, {}, ['news']])(
    'that is %j makes a malformed message',
    async (channel) => {
      const client = await PusherClient.connect(await sharedServer());
      client.sendSubscribe(channel);
      await client.expectError(4200);
      await client.subscribe('news');
    },
  );

  it.each([undefined, null, 7, [], 'news', '', '[]', 'null', '{"channel":'])(
    'is not found in data %j, which is malformed',
    async (data) => {
      const client = await PusherClient.connect(await sharedServer());
      client.send({ event: 'pusher:subscribe', data });
      await client.expectError(4200);
      await client.subscribe('news');
    },
  );

  it.each([
    ['auth', 7],
    ['auth', {}],
    ['channel_data', 7],
    ['channel_data', { user_id: '1' }],
  ])('beside %s %j makes a malformed message', async (field, value) => {
    const client = await PusherClient.connect(await sharedServer());
    client.sendSubscribe('presence-room', { [field]: value });
    await client.expectError(4200);
    await client.subscribe('news');
  });
});

describe('The kind of a channel', () => {
  it.each([
    'x-private-y',
    'foo-cache-bar',
    'my-presence-room',
    'private',
    'presence',
    'cache',
    'privateer',
    'Private-x',
    'PRESENCE-x',
    'encrypted-private-x',
    'not-private-encrypted-x',
    '-private-x',
  ])('of %s is public: the prefix is anchored and ends in a dash', async (channel) => {
    const client = await PusherClient.connect(await sharedServer());
    await client.subscribe(channel);
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
  });

  it.each([
    'private-x',
    'private-',
    'private-encrypted-x',
    'private-encryptedx',
    'private-cache-x',
    'private-cachex',
    'private-encrypted-cache-x',
    'presence-x',
    'presence-cache-x',
    'presence-',
  ])('of %s needs an auth', async (channel) => {
    const client = await PusherClient.connect(await sharedServer());
    expect((await client.subscribeRefused(channel)).json).toMatchObject({ status: 401 });
    await client.expectError(4009);
  });
});

describe('The subscription limit', () => {
  const LIMITED = { REVERB_APP_MAX_SUBSCRIPTIONS: '2' };

  it('refuses one more, and the connection goes on', async () => {
    const server = await sharedServer(LIMITED);
    const client = await PusherClient.connect(server);
    await client.subscribe('one');
    await client.subscribe('two');
    const { json } = await client.subscribeRefused('three');
    expect(json).toEqual({ type: 'LimitReached', error: expect.any(String), status: 4100 });
    expect(await occupiedChannels(server)).toEqual(['one', 'two']);
    await client.subscribe('two');
    client.unsubscribe('one');
    await client.subscribe('three');
  });

  it('is one of each connection', async () => {
    const server = await sharedServer(LIMITED);
    for (let i = 0; i < 3; i++) {
      const client = await PusherClient.connect(server);
      await client.subscribe('one');
      await client.subscribe('two');
    }
  });

  it('is not there unless configured', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (let i = 0; i < 300; i++) client.sendSubscribe(`channel-${i}`);
    await client.roundTrip();
    expect(client.framesLike(SUCCEEDED)).toHaveLength(300);
    expect(await occupiedChannels(server)).toHaveLength(300);
  });
});

describe('No empty channel is left behind', () => {
  it('by any refusal', async () => {
    const server = await startServer({ REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE: '10' });
    const client = await PusherClient.connect(server);
    const member = { user_id: '1', user_info: 'x'.repeat(20) };
    await client.subscribeRefused('private-x');
    await client.subscribeRefused('private-x', 'app-key:00');
    await client.subscribeRefused('presence-x', client.presenceAuth('presence-x', '', server));
    await client.subscribeRefused('presence-x', client.presenceAuth('presence-x', member, server));
    await client.subscribeRefused('#server-to-user-1');
    await client.subscribeRefused('a b');
    expect(await occupiedChannels(server)).toEqual([]);
  });

  it('when the last subscriber leaves, closes or breaks off', async () => {
    const server = await sharedServer();
    const clients = [];
    for (const channel of ['left', 'closed', 'dropped']) {
      const client = await PusherClient.connect(server);
      await client.subscribe(channel);
      clients.push(client);
    }
    expect(await occupiedChannels(server)).toEqual(['closed', 'dropped', 'left']);
    clients[0]!.unsubscribe('left');
    await clients[0]!.roundTrip();
    await clients[1]!.close();
    await clients[2]!.terminate();
    await eventually(async () => expect(await occupiedChannels(server)).toEqual([]));
  });
});
