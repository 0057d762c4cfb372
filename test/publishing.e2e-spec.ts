import {
  api,
  expectRefusal,
  publishTo,
  startServerFor,
  startTwoApplications,
} from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { sharedServer } from './harness/shared-server.js';

afterEach(closeAll);

/** A server, and a client that is subscribed to some channels. */
async function withSubscriber(...channels: string[]) {
  const server = await sharedServer();
  const client = await PusherClient.connect(server);
  for (const channel of channels) await client.subscribe(channel);
  return { server, client };
}

describe('a published event reaches the subscribers of its channels', () => {
  it('as event, channel and data, and the publisher is answered {}', async () => {
    const { server, client } = await withSubscriber('c');
    await publishTo(server, 'c')
      .expect(200, {})
      .expect('Content-Type', /^application\/json/);
    const { envelope } = await client.expectFrame('e');
    expect(envelope).toEqual({ event: 'e', channel: 'c', data: 'd' });
  });

  it.each([
    ['empty', ''],
    ['plain', 'hello'],
    ['JSON', '{ "a" : 1 }'],
    ['JSON in JSON', JSON.stringify(JSON.stringify({ a: '"\\' }))],
    ['beyond ASCII', 'ä€𝄞\u2028\u0000\n\t"\\/</script>'],
    ['a lone surrogate', '\ud800'],
  ])('with data that is a string and %s, untouched', async (_, data) => {
    const { server, client } = await withSubscriber('c');
    await publishTo(server, 'c', { data }).expect(200, {});
    expect((await client.expectFrame('e')).data).toBe(data);
  });

  it.each([[{ a: { b: [] } }], [[1, '2']], [42], [0], [-1.5], [true], [false], [null], [{}]])(
    'with data %j encoded once',
    async (data) => {
      const { server, client } = await withSubscriber('c');
      await publishTo(server, 'c', { data }).expect(200, {});
      expect((await client.expectFrame('e')).data).toBe(JSON.stringify(data));
    },
  );

  it('in one channel, or several', async () => {
    const { server, client } = await withSubscriber('a', 'b', 'c');
    const body = { name: 'e', data: 'd', channels: ['a', 'c'] };
    await api(server, 'POST', 'events', { body }).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e').map(({ channel }) => channel)).toEqual(['a', 'c']);
  });

  it('in channels alone when channel is given too, and in channel when channels is null', async () => {
    const { server, client } = await withSubscriber('a', 'b');
    await publishTo(server, 'a', { channels: ['b'] }).expect(200, {});
    await publishTo(server, 'a', { channels: null }).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e').map(({ channel }) => channel)).toEqual(['b', 'a']);
  });

  it('once where a channel is named twice', async () => {
    const { server, client } = await withSubscriber('a', 'b');
    const body = { name: 'e', data: 'd', channels: ['a', 'b', 'a', 'a'] };
    await api(server, 'POST', 'events', { body }).expect(200, {});
    await client.roundTrip();
    expect(client.framesLike('e').map(({ channel }) => channel)).toEqual(['a', 'b']);
  });

  it('in 100 channels at once', async () => {
    const { server, client } = await withSubscriber('c0', 'c99');
    const channels = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const body = { name: 'e', data: 'd', channels };
    await api(server, 'POST', 'events', { body }).expect(200, {});
    await client.expectFrame('e', { channel: 'c0' });
    await client.expectFrame('e', { channel: 'c99' });
  });

  it('in the order it was published', async () => {
    const { server, client } = await withSubscriber('c');
    for (let i = 0; i < 30; i++) await publishTo(server, 'c', { data: String(i) }).expect(200);
    await client.roundTrip();
    const data = client.framesLike('e').map((frame) => Number(frame.data));
    expect(data).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('but not the connection named by socket_id, null naming none', async () => {
    const { server, client } = await withSubscriber('c');
    const other = await PusherClient.connect(server);
    await other.subscribe('c');
    await publishTo(server, 'c', { socket_id: client.socketId, data: '1' }).expect(200, {});
    await publishTo(server, 'c', { socket_id: '1.1', data: '2' }).expect(200, {});
    await publishTo(server, 'c', { socket_id: null, data: '3' }).expect(200, {});
    for (const data of ['1', '2', '3']) expect((await other.expectFrame('e')).data).toBe(data);
    await client.roundTrip();
    expect(client.framesLike('e').map(({ data }) => data)).toEqual(['2', '3']);
  });

  it('of every kind of channel, whatever the name of the event', async () => {
    const { server, client } = await withSubscriber('cache-c', 'x-private-y');
    await client.subscribePrivate('private-c', server);
    await client.subscribePrivate('private-encrypted-c', server);
    await client.subscribePresence('presence-c', { user_id: 1 }, server);
    await client.signin({ id: 'ann' }, server);
    await client.subscribe('#server-to-user-ann');
    client.discardPending();
    const channels = [
      'cache-c',
      'x-private-y',
      'private-c',
      'private-encrypted-c',
      'presence-c',
      '#server-to-user-ann',
    ];
    for (const name of ['client-e', 'pusher:e', 'é 😀', 'x'.repeat(200)]) {
      await api(server, 'POST', 'events', { body: { name, data: 'd', channels } }).expect(200, {});
      for (const channel of channels) await client.expectFrame(name, { channel });
    }
  });

  it('in channels whose names are as long or as odd as names may be', async () => {
    const channels = ['c'.repeat(200), '__proto__', 'constructor', 'a-Z0_=@,.;9', '-'];
    const { server, client } = await withSubscriber(...channels);
    const body = { name: 'e', data: 'd', channels };
    await api(server, 'POST', 'events', { body }).expect(200, {});
    for (const channel of channels) await client.expectFrame('e', { channel });
  });

  it('and nobody else', async () => {
    const { server, other } = await startTwoApplications();
    const [ours, theirs] = [await PusherClient.connect(server), await PusherClient.connect(other)];
    const elsewhere = await PusherClient.connect(server);
    await ours.subscribe('c');
    await theirs.subscribe('c');
    await elsewhere.subscribe('C');
    await publishTo(server, 'c').expect(200, {});
    await ours.expectFrame('e');
    await theirs.roundTrip();
    await elsewhere.roundTrip();
    expect([...theirs.framesLike('e'), ...elsewhere.framesLike('e')]).toEqual([]);
  });

  it('which may be nobody at all, and makes no channel', async () => {
    const server = await sharedServer();
    await publishTo(server, 'nobody-is-here').expect(200, {});
    await api(server, 'GET', 'channels').expect(200, { channels: {} });
  });

  it('whatever else stands in the body', async () => {
    const { server, client } = await withSubscriber('c');
    const more = { user_id: '1', event: 'x', time_ms: 1, tags: {}, toString: 1, valueOf: null };
    await publishTo(server, 'c', more).expect(200, {});
    expect((await client.expectFrame('e')).envelope).toEqual({
      event: 'e',
      channel: 'c',
      data: 'd',
    });
  });
});

describe('data may be as large as the application lets it', () => {
  it('10000 bytes, and not one more', async () => {
    const { server, client } = await withSubscriber('c');
    await publishTo(server, 'c', { data: 'x'.repeat(10_000) }).expect(200, {});
    expect((await client.expectFrame('e')).data).toHaveLength(10_000);
    const large = await publishTo(server, 'c', { data: 'x'.repeat(10_001) });
    expectRefusal(large, 413, 'content of this event exceeds the allowed maximum (10000 bytes)');
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(1);
  });

  it('counted in bytes, and as it is encoded', async () => {
    const server = await startServerFor({ max_event_size: 10 });
    await publishTo(server, 'c', { data: 'é'.repeat(5) }).expect(200, {});
    await publishTo(server, 'c', { data: [1, 45, 789] }).expect(200, {});
    for (const data of [`${'é'.repeat(5)}x`, '€€€€', [12, 45, 789]]) {
      expectRefusal(await publishTo(server, 'c', { data }), 413, 'content of this event');
    }
  });
});
