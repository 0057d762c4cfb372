import { api, expectRefusal, startServerFor } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const GOOD = { name: 'e', channel: 'c', data: 'd' };
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...GOOD, data: String(i) }));
const send = (server: ApiTarget, batch: unknown, headers = {}) =>
  api(server, 'POST', 'batch_events', { body: { batch }, headers });

describe('a batch delivers every one of its events', () => {
  it('in their order within a channel, and is answered {}', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const channel of ['a', 'b']) await client.subscribe(channel);
    const batch = [
      { name: 'one', channel: 'b', data: '1' },
      { name: 'two', channel: 'a', data: { n: 2 } },
      { name: 'one', channel: 'b', data: '' },
    ];
    await send(server, batch)
      .expect(200, {})
      .expect('Content-Type', /^application\/json/);
    await client.roundTrip();
    const framesOf = (channel: string) =>
      client.framesLike(
        ({ event, ...frame }) => /^(one|two)$/.test(event) && frame.channel === channel,
      );
    expect(framesOf('a').map(({ envelope }) => envelope)).toEqual([
      { event: 'two', channel: 'a', data: '{"n":2}' },
    ]);
    expect(framesOf('b').map(({ envelope }) => envelope)).toEqual([
      { event: 'one', channel: 'b', data: '1' },
      { event: 'one', channel: 'b', data: '' },
    ]);
  });

  it('as often as it is in there, unlike a channel named twice by one event', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await send(server, [GOOD, GOOD]).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(2);
  });

  it('each but to its own socket_id', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    for (const client of [ann, bob]) await client.subscribe('c');
    await send(server, [
      { ...GOOD, data: 'not ann', socket_id: ann.socketId },
      { ...GOOD, data: 'not bob', socket_id: bob.socketId },
      { ...GOOD, data: 'both', socket_id: null },
    ]).expect(200, {});
    for (const client of [ann, bob]) await client.roundTrip();
    expect(ann.framesLike('e').map(({ data }) => data)).toEqual(['not bob', 'both']);
    expect(bob.framesLike('e').map(({ data }) => data)).toEqual(['not ann', 'both']);
  });

  it('up to ten of them', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await send(server, many(10)).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e').map(({ data }) => data)).toEqual([...'0123456789']);
  });

  it('up to as many as the application lets it', async () => {
    const server = await startServerFor({ max_batch_size: 2 });
    await send(server, many(2)).expect(200, {});
    expectRefusal(await send(server, many(3)), 400, /^batch: Batch too large.* 2 /);
  });

  it('full of full events, which the default request size lets through', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    const data = '"'.repeat(10_000 - 5);
    await send(
      server,
      Array.from({ length: 9 }, () => ({ ...GOOD, data })),
    ).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(9);
  });

  it('with the infos asked for by position, {} where none was', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await client.subscribePresence('presence-c', { user_id: 1 }, server);
    await send(server, [
      { ...GOOD, info: 'subscription_count' },
      GOOD,
      { ...GOOD, channel: 'presence-c', info: 'user_count,subscription_count' },
      { ...GOOD, info: 'user_count' },
      { ...GOOD, channel: 'empty', info: 'subscription_count,nonsense' },
    ]).expect(200, {
      batch: [
        { subscription_count: 1 },
        {},
        { user_count: 1, subscription_count: 1 },
        {},
        { subscription_count: 0 },
      ],
    });
    await send(server, [
      { ...GOOD, info: '' },
      { ...GOOD, info: null },
    ]).expect(200, {});
  });
});

describe('one bad item refuses the whole batch, and nothing is delivered', () => {
  const bad: readonly [string, unknown, number, RegExp][] = [
    ['null', null, 400, /^batch\[1\] must be/],
    ['a string', 'x', 400, /^batch\[1\] must be/],
    ['a list', [GOOD], 400, /^batch\[1\] must be/],
    ['no fields', {}, 400, /^batch\[1\]\./],
    ['no name', { ...GOOD, name: undefined }, 400, /^batch\[1\]\.name/],
    ['an empty name', { ...GOOD, name: '' }, 400, /^batch\[1\]\.name/],
    ['a name of 201 characters', { ...GOOD, name: 'x'.repeat(201) }, 400, /^batch\[1\]\.name/],
    ['no data', { ...GOOD, data: undefined }, 400, /^batch\[1\]\.data/],
    ['no channel', { ...GOOD, channel: undefined }, 400, /^batch\[1\]\.channel/],
    ['channels instead', { name: 'e', data: 'd', channels: ['c'] }, 400, /^batch\[1\]\.channel/],
    ['an empty channel', { ...GOOD, channel: '' }, 400, /^batch\[1\]\.channel/],
    ['a bad channel', { ...GOOD, channel: 'b ad' }, 400, /^batch\[1\]\.channel "b ad"/],
    ['a long channel', { ...GOOD, channel: 'c'.repeat(201) }, 400, /^batch\[1\]\.channel/],
    ['a bad socket_id', { ...GOOD, socket_id: 'x' }, 400, /^batch\[1\]\.socket_id/],
    ['a bad info', { ...GOOD, info: 1 }, 400, /^batch\[1\]\.info/],
    ['data too large', { ...GOOD, data: 'x'.repeat(10_001) }, 413, /^batch\[1\].*of this event/],
  ];

  it.each(bad)('%s', async (_, item, status, sentence) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    expectRefusal(await send(server, [GOOD, item, GOOD]), status, sentence);
    await send(server, [{ ...GOOD, name: 'after' }]).expect(200, {});
    await client.expectFrame('after');
    expect(client.framesLike('e')).toEqual([]);
  });

  const bodies: readonly [string, unknown, RegExp][] = [
    ['no batch', {}, /^batch/],
    ['an empty batch', { batch: [] }, /^batch/],
    ['batch null', { batch: null }, /^batch/],
    ['batch a string', { batch: 'x' }, /^batch/],
    ['batch an object', { batch: { length: 1, 0: GOOD } }, /^batch/],
    ['eleven items', { batch: many(11) }, /Batch too large/],
    ['eleven items that are nothing', { batch: Array.from({ length: 11 }) }, /Batch too large/],
    ['the items alone', [GOOD], /JSON object/],
    ['a single event', GOOD, /^batch/],
    ['nothing', '', /JSON/],
    ['no JSON', 'batch', /JSON/],
    ['a bad idempotency_key', { batch: [GOOD], idempotency_key: 1 }, /^idempotency_key/],
  ];

  it.each(bodies)('and so does a body with %s', async (_, body, sentence) => {
    const server = await startServer();
    expectRefusal(await api(server, 'POST', 'batch_events', { body }), 400, sentence);
    expect(server.logs.of('error')).toEqual([]);
  });
});
