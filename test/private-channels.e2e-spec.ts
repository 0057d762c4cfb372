import { authSignature, channelAuth, closeAll, PusherClient } from './harness/pusher-client.js';
import { occupiedChannels, publish } from './harness/publish.js';
import { reusedServer } from './harness/shared-server.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const CHANNEL = 'private-room';

/** A client, and the `auth` a backend would give it. */
async function connect(variables: Record<string, string> = {}) {
  const server = await reusedServer(variables);
  const client = await PusherClient.connect(server);
  return { server, client, auth: channelAuth(server, client.socketId, CHANNEL).auth };
}

describe('A private channel', () => {
  it('lets in who brings a signature of the socket id and the channel', async () => {
    const { server, client, auth } = await connect();
    const success = await client.subscribe(CHANNEL, auth);
    expect(success.envelope).toMatchObject({ channel: CHANNEL, data: '{}' });
    await publish(server, CHANNEL, 'secret', 'text');
    expect((await client.expectFrame('secret')).data).toBe('text');
  });

  it('takes the signature in upper-case hex', async () => {
    const { server, client, auth } = await connect();
    const [, signature = ''] = auth.split(':');
    await client.subscribe(CHANNEL, `${server.key}:${signature.toUpperCase()}`);
  });

  it('takes channel_data that was signed along', async () => {
    const { server, client } = await connect();
    await client.subscribe(CHANNEL, channelAuth(server, client.socketId, CHANNEL, 'any text'));
  });

  it('lets in again, with another success', async () => {
    const { client, auth } = await connect();
    await client.subscribe(CHANNEL, auth);
    await client.subscribe(CHANNEL, auth);
  });

  it('takes every key of the application, each with its own secret', async () => {
    const keys = [{ key: 'next-key', secret: 'next-secret' }];
    const { appId: app_id, key, secret } = TEST_APPLICATION;
    const { server, client } = await connect({
      REVERB_APPS: JSON.stringify([{ app_id, key, secret, keys }]),
    });
    await client.subscribePrivate('private-1', { key: 'next-key', secret: 'next-secret' });
    await client.subscribePrivate('private-2', server);
    const mixed = { key: 'next-key', secret: server.secret };
    await client.subscribeRefused(CHANNEL, channelAuth(mixed, client.socketId, CHANNEL));
  });
});

describe('A private channel refuses', () => {
  const { appId: app_id, key, secret } = TEST_APPLICATION;
  const OTHER = { key: 'other-key', secret: 'other-secret' };
  const APPS = JSON.stringify([
    { app_id, key, secret },
    { app_id: 'other', ...OTHER },
  ]);

  const cases: [string, (auth: string, socketId: string) => string | undefined | null][] = [
    ['no auth', () => undefined],
    ['a null auth', () => null],
    ['an empty auth', () => ''],
    ['a colon', () => ':'],
    ['a key without signature', () => 'app-key'],
    ['a key and nothing behind the colon', () => 'app-key:'],
    ['a signature without key', (auth) => auth.slice(auth.indexOf(':'))],
    ['a wrong signature', () => `app-key:${'0'.repeat(64)}`],
    ['a signature cut short', (auth) => auth.slice(0, -1)],
    ['a signature with more behind it', (auth) => `${auth}0`],
    ['a signature with a line break', (auth) => `${auth}\n`],
    ['what is no hex', () => `app-key:${'z'.repeat(64)}`],
    ['hex of other characters', () => `app-key:${'é'.repeat(64)}`],
    ['a very long auth', () => `app-key:${'0'.repeat(9000)}`],
    ['an unknown key', (auth) => auth.replace('app-key', 'no-key')],
    ['a key of Object', (auth) => auth.replace('app-key', '__proto__')],
    ['a signature by another application', (_, id) => channelAuth(OTHER, id, CHANNEL).auth],
    [
      'its key with the secret of another application',
      (_, id) => channelAuth({ ...OTHER, key: 'app-key' }, id, CHANNEL).auth,
    ],
    ['the signature of another socket', () => channelAuth(TEST_APPLICATION, '1.1', CHANNEL).auth],
    [
      'the signature of another channel',
      (_, id) => channelAuth(TEST_APPLICATION, id, 'private-other').auth,
    ],
    [
      'the signature of a signin',
      (_, id) => authSignature('app-key', TEST_APPLICATION.secret, `${id}::user::{}`),
    ],
    [
      'a signature that covers channel_data which was not sent',
      (_, id) => channelAuth(TEST_APPLICATION, id, CHANNEL, '{}').auth,
    ],
  ];

  it.each(cases)('%s: two frames, and the socket stays open', async (_, spoil) => {
    const { server, client, auth } = await connect({ REVERB_APPS: APPS });
    client.sendSubscribe(CHANNEL, { auth: spoil(auth, client.socketId) });
    await client.roundTrip();
    const [refusal, error, ...more] = client.pendingFrames;
    expect(refusal?.envelope).toEqual({
      event: 'pusher:subscription_error',
      channel: CHANNEL,
      data: expect.any(String),
    });
    expect(refusal?.json).toEqual({ type: 'AuthError', error: expect.any(String), status: 401 });
    expect(error?.envelope).toEqual({ event: 'pusher:error', data: expect.any(String) });
    expect(error?.json).toEqual({ code: 4009, message: 'Connection is unauthorized' });
    expect(more).toEqual([]);
    expect(await occupiedChannels(server)).toEqual([]);

    client.discardPending();
    await publish(server, CHANNEL, 'secret');
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
    await client.subscribe(CHANNEL, auth);
  });

  it('channel_data that was changed after signing', async () => {
    const { server, client } = await connect();
    const signed = channelAuth(server, client.socketId, CHANNEL, '{"a":1}');
    await client.subscribeRefused(CHANNEL, { ...signed, channel_data: '{"a": 1}' });
    await client.expectError(4009);
  });

  it('without a word of the secret', async () => {
    const { server, client } = await connect();
    const { raw } = await client.subscribeRefused(CHANNEL, 'app-key:00');
    expect(raw).not.toContain(server.secret);
    expect(server.logs.lines.filter(({ text }) => text.includes(server.secret))).toEqual([]);
  });

  it('and keeps a subscription that stands already', async () => {
    const { server, client, auth } = await connect();
    await client.subscribe(CHANNEL, auth);
    await client.subscribeRefused(CHANNEL, 'app-key:00');
    await publish(server, CHANNEL, 'secret');
    await client.expectFrame('secret');
  });
});
