import { authSignature, closeAll, PusherClient, userAuth } from './harness/pusher-client.js';
import type { Json } from './harness/pusher-client.js';
import { reusedServer, sharedServer } from './harness/shared-server.js';
import { TEST_APPLICATION } from './harness/test-application.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const { appId: app_id, key, secret } = TEST_APPLICATION;
const SUCCESS = 'pusher:signin_success';

describe('Signing in', () => {
  it('is answered with the user_data as it came', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const userData = ' {"id" : "ann", "user_info":{"name":"Ann \\u00e9"}} ';
    const { envelope } = await client.signin(userData, server);
    expect(envelope).toEqual({
      event: SUCCESS,
      data: JSON.stringify({ user_data: userData }),
    });
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
  });

  it('may be asked for with data as a text of JSON', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const data = JSON.stringify(userAuth(server, client.socketId, '{"id":"ann"}'));
    client.send({ event: 'pusher:signin', data });
    await client.expectFrame(SUCCESS);
  });

  it('takes the signature in upper-case hex, and by any key of the application', async () => {
    const keys = [{ key: 'next-key', secret: 'next-secret' }];
    const server = await reusedServer({
      REVERB_APPS: JSON.stringify([{ app_id, key, secret, keys }]),
    });
    const first = await PusherClient.connect(server);
    await first.signin({ id: 'ann' }, { key: 'next-key', secret: 'next-secret' });
    const second = await PusherClient.connect(server);
    const { auth, user_data } = userAuth(server, second.socketId, '{"id":"ann"}');
    const [, signature = ''] = auth.split(':');
    const data = { auth: `${key}:${signature.toUpperCase()}`, user_data };
    second.send({ event: 'pusher:signin', data });
    await second.expectFrame(SUCCESS);
  });

  it('works again with the same id, whatever else changed', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    const again = await client.signin({ id: 'ann', user_info: 1 }, server);
    expect(again.json.user_data).toBe('{"id":"ann","user_info":1}');
    await client.subscribe('#server-to-user-ann');
  });

  it('works for one user on any number of connections', async () => {
    const server = await sharedServer();
    for (let i = 0; i < 5; i++) {
      const client = await PusherClient.connect(server);
      await client.signin({ id: 'ann' }, server);
    }
  });

  it.each(titled('a', '0', 'ann@example.com', '-_=@,.;', '__proto__', 'x'.repeat(128)))(
    'works as %s',
    async (_, id) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.signin({ id }, server);
      await client.subscribe(`#server-to-user-${id}`);
    },
  );

  it.each(
    titled(null, 'bob', 7, {}, [], [7, null, {}, '', 'a b', 'x'.repeat(129)], ['bob', 'bob']),
  )('works with the watchlist %s', async (_, watchlist) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann', watchlist }, server);
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
  });
});

/** The client was told 4009, and then closed with it. */
async function expectClosed(client: PusherClient) {
  const { json } = await client.expectError(4009);
  expect(json).toEqual({ code: 4009, message: expect.any(String) });
  await client.expectClose(4009);
  expect(client.framesLike(SUCCESS)).toEqual([]);
}

describe('A connection is closed with 4009', () => {
  const sign = (id: string, text: string, by = TEST_APPLICATION.secret) =>
    authSignature(key, by, `${id}::user::${text}`);
  const USER = '{"id":"ann"}';

  const wrongAuths: [string, (socketId: string) => string][] = [
    ['an empty auth', () => ''],
    ['a key without signature', () => key],
    ['a wrong signature', () => `${key}:${'0'.repeat(64)}`],
    ['what is no hex', () => `${key}:${'z'.repeat(64)}`],
    ['an unknown key', (id) => sign(id, USER).replace(key, 'no-key')],
    [
      'a signature by another application',
      (id) => authSignature('other-key', 'other', `${id}::user::${USER}`),
    ],
    ['its key with the secret of another application', (id) => sign(id, USER, 'other')],
    ['the signature of another socket', () => sign('1.1', USER)],
    ['the signature of another user', (id) => sign(id, '{"id":"bob"}')],
    ['the signature of a channel', (id) => authSignature(key, secret, `${id}:${USER}`)],
  ];

  it.each(wrongAuths)('for %s', async (_, authOf) => {
    const other = { app_id: 'other', key: 'other-key', secret: 'other' };
    const apps = JSON.stringify([{ app_id, key, secret }, other]);
    const client = await PusherClient.connect(await reusedServer({ REVERB_APPS: apps }));
    const data = { auth: authOf(client.socketId), user_data: USER };
    client.send({ event: 'pusher:signin', data });
    await expectClosed(client);
  });

  it.each(
    titled('', ' ', 7, 0, null, true, {}, ['ann'], 'a b', 'a/b', 'a:b', 'ä', '#', 'x'.repeat(129)),
  )('for the id %s', async (_, id) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.sendSignin({ id }, server);
    await expectClosed(client);
  });

  it.each(
    titled(
      '',
      'ann',
      '{',
      'null',
      '7',
      '"ann"',
      '[]',
      '["id"]',
      '{}',
      '{"user_id":"ann"}',
      '['.repeat(5000),
    ),
  )('for the user_data %s', async (_, userData) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.sendSignin(userData, server);
    await expectClosed(client);
  });

  it('for becoming another user, which ends what it had', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.signin({ id: 'ann' }, server);
    await ann.subscribePrivate('presence-room', server);
    await bob.signin({ id: 'bob' }, server);
    await bob.subscribePrivate('presence-room', server);
    ann.sendSignin({ id: 'bob' }, server);
    await ann.expectError(4009);
    await ann.expectClose(4009);
    const { json } = await bob.expectFrame('pusher_internal:member_removed');
    expect(json).toEqual({ user_id: 'ann' });
    await bob.roundTrip();
  });

  it('and nobody else is, and nothing is told of the secret', async () => {
    const server = await reusedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await bob.signin({ id: 'ann' }, server);
    ann.sendSignin({ id: 'ann' }, { key, secret: 'wrong' });
    const { raw } = await ann.expectError(4009);
    expect(raw).not.toContain(secret);
    await ann.expectClose(4009);
    await bob.roundTrip();
    expect(server.logs.of('error')).toEqual([]);
  });
});

describe('A signin is malformed, and the connection stays open,', () => {
  const good = { auth: `${key}:00`, user_data: '{"id":"ann"}' };
  const cases: Json[] = [
    undefined,
    null,
    7,
    [],
    'text',
    {},
    { auth: good.auth },
    { user_data: good.user_data },
    { ...good, auth: 7 },
    { ...good, auth: null },
    { ...good, user_data: { id: 'ann' } },
    { ...good, user_data: 7 },
    { ...good, user_data: null },
  ];

  it.each(titled(...cases))('with the data %s', async (_, data) => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.send({ event: 'pusher:signin', data });
    expect((await client.expectError(4200)).json.message).toBe('Invalid message format');
    await client.signin({ id: 'ann' }, server);
  });
});
