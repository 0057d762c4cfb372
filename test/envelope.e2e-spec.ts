import { closeAll, PusherClient } from './harness/pusher-client.js';
import { signedRequest, userAuth } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const MALFORMED = { code: 4200, message: 'Invalid message format' };

/** Everything that somebody ought to look at. */
const loud = ({ logs }: SharedServer) =>
  logs.lines.filter(({ level }) => level !== 'debug' && level !== 'verbose');

/** Sends something, and expects the sender alone to be told that it is malformed. */
async function expectMalformed(...messages: (string | object)[]): Promise<void> {
  const server = await sharedServer();
  const client = await PusherClient.connect(server);
  const neighbour = await PusherClient.connect(server);
  for (const room of [client, neighbour]) {
    await room.subscribe('room');
    await room.subscribePrivate('private-room', server);
  }
  const before = loud(server);
  for (const message of messages) {
    client.send(message);
    const { envelope, data } = await client.expectFrame('pusher:error');
    expect(envelope).toEqual({ event: 'pusher:error', data: expect.any(String) });
    expect([message, JSON.parse(data)]).toEqual([message, MALFORMED]);
  }
  await client.roundTrip();
  await neighbour.roundTrip();
  expect([...client.pendingFrames, ...neighbour.pendingFrames]).toEqual([]);
  expect(loud(server)).toEqual(before);
}

const NO_JSON = [
  '',
  ' ',
  'hello',
  '{',
  '}',
  '{"event":"pusher:ping"',
  "{'event':'pusher:ping'}",
  '{event:"pusher:ping"}',
  '{"event":"pusher:ping"}{}',
  '{"event":"pusher:ping",}',
  '\uFEFF{"event":"pusher:ping"}',
  '/**/{"event":"pusher:ping"}',
  '{"event":01}',
  '"\\u12"',
  '\0',
  'NaN',
  'undefined',
  '['.repeat(5_000),
  '{"event":'.repeat(1_000),
];

/** Names that are for the server, for nobody, or only look like those clients may use. */
const NO_EVENTS = [
  ' pusher:ping',
  'pusher:ping ',
  ' client-a',
  'client\u2010a',
  ...(
    'pusher: pusher:nope pusher:PING PUSHER:ping pusher:connection_established pusher:error ' +
    'pusher:signin_success pusher:cache_miss pusher:subscription_error pusher_internal: ' +
    'pusher_internal:subscription_succeeded pusher_internal:member_added pusher_internal:nope ' +
    'message room constructor __proto__ toString * client client- Client-a client:a clients-a ' +
    'client_a'
  ).split(' '),
];

describe('A malformed message is answered with 4200, and nothing else happens', () => {
  it('when it is not JSON', () => expectMalformed(...NO_JSON));

  it('when it is not an object', () =>
    expectMalformed(
      'null',
      'true',
      '0',
      '-1e9',
      '"pusher:ping"',
      '[]',
      '[{"event":"pusher:ping"}]',
    ));

  it('when its event is not a name', () =>
    expectMalformed(
      '{"__proto__":{"event":"pusher:ping"}}',
      {},
      { data: {} },
      { Event: 'pusher:ping' },
      { name: 'pusher:ping' },
      ...[null, '', 7, true, {}, ['pusher:ping']].map((event) => ({ event })),
    ));

  it('when its event is not one that clients may send', () =>
    expectMalformed(
      ...NO_EVENTS.flatMap((event) => [
        { event },
        { event, channel: 'private-room', data: '{}' },
        { event, channel: 'room', data: { channel: 'room' } },
      ]),
    ));

  it('when its name is too long', () =>
    expectMalformed(
      { event: `client-${'x'.repeat(194)}`, channel: 'private-room' },
      { event: `client-${'x'.repeat(8_000)}`, channel: 'private-room' },
      { event: `pusher:${'x'.repeat(8_000)}` },
    ));

  it('when a field has the wrong type', () =>
    expectMalformed(
      ...[undefined, null, 7, true, [], [['channel', 'room']], 'room', '', '7', '[]', '"{}"'].map(
        (data) => ({ event: 'pusher:subscribe', data }),
      ),
      ...[undefined, null, 7, true, {}, [], ['room']].flatMap((channel) => [
        { event: 'pusher:subscribe', data: { channel } },
        { event: 'pusher:subscribe', data: JSON.stringify({ channel }) },
        { event: 'pusher:unsubscribe', data: { channel } },
        { event: 'client-a', channel, data: {} },
      ]),
      ...[7, true, {}, ['a:b']].flatMap((value) => [
        { event: 'pusher:subscribe', data: { channel: 'private-x', auth: value } },
        {
          event: 'pusher:subscribe',
          data: { channel: 'presence-x', auth: 'a:b', channel_data: value },
        },
        { event: 'pusher:signin', data: { auth: value, user_data: '{"id":"1"}' } },
        { event: 'pusher:signin', data: { auth: 'a:b', user_data: value } },
        { event: 'pusher:ping', channel: value },
      ]),
      ...[undefined, null, 'x', {}].map((data) => ({ event: 'pusher:signin', data })),
    ));

  it('when it is a binary frame without JSON', () =>
    expectMalformed(
      Buffer.alloc(0),
      Buffer.from([0, 1, 2, 3]),
      Buffer.from([0xff, 0xfe, 0x7b]),
      Buffer.from('hello'),
      Buffer.from([0x1f, 0x8b, 8, 0]),
    ));

  it('a thousand times in a row, each answered, while others go on', async () => {
    const server = await sharedServer();
    const [client, neighbour] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    await neighbour.subscribe('room');
    for (let i = 0; i < 1_000; i++) client.send(`nonsense ${i}`);
    await signedRequest(server, 'POST', 'events', {
      body: { name: 'news', channels: ['room'], data: '1' },
    });
    await neighbour.expectFrame('news');
    await client.roundTrip();
    const errors = client.framesLike('pusher:error');
    expect(errors).toHaveLength(1_000);
    expect(errors.every(({ json }) => json.code === 4200)).toBe(true);
    expect(neighbour.pendingFrames).toEqual([]);
  });

  it('also when it is nested so deeply that it cannot be passed on', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_MESSAGE_SIZE: '2000000' });
    const client = await PusherClient.connect(server);
    await client.subscribePrivate('private-room', server);
    const before = loud(server);
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    client.send(`{"event":"client-a","channel":"private-room","data":${deep}}`);
    client.send(`{"event":"pusher:subscribe","data":{"channel":${deep}}}`);
    client.send(`{"event":"pusher:subscribe","data":${deep}}`);
    const member = `{"user_id":"1","user_info":${deep}}`;
    client.sendSubscribe('presence-room', client.presenceAuth('presence-room', member, server));
    for (let i = 0; i < 4; i++) {
      const { event, json } = await client.expectFrame(({ event: name }) => name.endsWith('error'));
      // Of the last it may also be said that it is the channel_data that is wrong.
      const isSubscriptionError = i === 3 && event === 'pusher:subscription_error';
      expect(isSubscriptionError ? MALFORMED : json).toEqual(MALFORMED);
    }
    await client.roundTrip();
    expect(loud(server)).toEqual(before);
  });
});

describe('A well-formed message', () => {
  it('may hold its data as an object or as a string', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const write of [(data: object): unknown => data, JSON.stringify]) {
      client.send({ event: 'pusher:subscribe', data: write({ channel: 'room' }) });
      await client.expectFrame('pusher_internal:subscription_succeeded', { channel: 'room' });
      client.send({ event: 'pusher:unsubscribe', data: write({ channel: 'room' }) });
      client.send({
        event: 'pusher:signin',
        data: write(userAuth(server, client.socketId, '{"id":"1"}')),
      });
      await client.expectFrame('pusher:signin_success');
      client.send({ event: 'pusher:ping', data: write({}) });
      await client.expectFrame('pusher:pong');
      expect((await signedRequest(server, 'GET', 'channels')).json).toEqual({ channels: {} });
    }
    expect(client.pendingFrames).toEqual([]);
  });

  it.each([
    ['spaced out', ' \r\n\t{ "event" : "pusher:ping" } \n'],
    ['escaped', '{"\\u0065vent":"pusher\\u003aping"}'],
    [
      'with nulls where it has nothing to say',
      '{"event":"pusher:ping","data":null,"channel":null}',
    ],
    ['with fields nobody knows', '{"event":"pusher:ping","id":7,"__proto__":{"x":1},"data":{}}'],
    ['with the event given twice', '{"event":"nonsense","event":"pusher:ping"}'],
  ])('may be %s', async (_, text) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.send(text);
    await client.expectFrame('pusher:pong');
  });

  it('may come in a binary frame', async () => {
    const server = await sharedServer();
    const [client, neighbour] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    for (const room of [client, neighbour]) await room.subscribePrivate('private-room', server);
    client.send(Buffer.from('{"event":"pusher:ping"}'));
    expect((await client.expectFrame('pusher:pong')).isBinary).toBe(false);
    client.send(Buffer.from('{"event":"client-a","channel":"private-room","data":"ü ✓"}'));
    const forwarded = await neighbour.expectFrame('client-a');
    expect([forwarded.data, forwarded.isBinary]).toEqual(['ü ✓', false]);
  });

  it('may carry any JSON value, plain text or nothing in a client event', async () => {
    const server = await sharedServer({ REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0' });
    const [client, neighbour] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    for (const room of [client, neighbour]) await room.subscribePrivate('private-room', server);
    const name = `client-${'x'.repeat(193)}`;
    for (const data of [
      {},
      [],
      [1, 'a'],
      'plain text',
      '{"a":1}',
      '',
      0,
      -1.5,
      false,
      { a: null },
    ]) {
      client.trigger(name, 'private-room', data);
      const { envelope } = await neighbour.expectFrame(name);
      expect(envelope).toEqual({ event: name, channel: 'private-room', data });
    }
    client.trigger(name, 'private-room');
    await neighbour.expectFrame(name);
  });

  it('is answered in the order it was sent', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const channels = Array.from({ length: 200 }, (_, i) => (i % 7 ? `c${i}` : `bad name ${i}`));
    for (const channel of channels) client.sendSubscribe(channel);
    await client.roundTrip();
    expect(client.pendingFrames.map(({ channel }) => channel)).toEqual(channels);
  });
});
