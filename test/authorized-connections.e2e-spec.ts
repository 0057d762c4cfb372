import { closeAll, PusherClient } from './harness/pusher-client.js';
import { signedRequest } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

const QUICK = { REVERB_APP_AUTHORIZED_CONNECTIONS: 'true', REVERB_APP_AUTHORIZATION_TIMEOUT: '1' };

type Act = (client: PusherClient, server: SharedServer) => unknown;

const isShut: Record<string, Act> = {
  'and does nothing': () => undefined,
  'and only gives signs of life': (client) => client.roundTrip(),
  'and sends nonsense': (client) => client.send('nonsense'),
  'and joins a public channel': (client) => client.subscribe('room'),
  'and joins a cache channel': (client) => client.subscribe('cache-room'),
  'and is refused by a private channel': (client) => client.subscribeRefused('private-room'),
  'and is refused by a presence channel for a false signature': (client, server) =>
    client.subscribeRefused(
      'presence-room',
      client.presenceAuth('presence-room', { user_id: 1 }, { ...server, secret: 'false' }),
    ),
  'and is refused by a presence channel for a missing id': (client, server) =>
    client.subscribeRefused('presence-room', client.presenceAuth('presence-room', '{}', server)),
};

const staysOpen: Record<string, Act> = {
  'once it signed in': (client, server) => client.signin({ id: 'ann' }, server),
  'once it joined a private channel': (client, server) =>
    client.subscribePrivate('private-room', server),
  'once it joined a presence channel': (client, server) =>
    client.subscribePresence('presence-room', { user_id: 1 }, server),
  'once it joined an encrypted channel': (client, server) =>
    client.subscribePrivate('private-encrypted-room', server),
  'once it joined a private cache channel': (client, server) =>
    client.subscribePrivate('private-cache-room', server),
  'once it joined a presence cache channel': (client, server) =>
    client.subscribePresence('presence-cache-room', { user_id: 1 }, server),
  'also when it left the channel again': async (client, server) => {
    await client.subscribePrivate('private-room', server);
    client.unsubscribe('private-room');
    await client.roundTrip();
  },
  'also when it was refused elsewhere': async (client, server) => {
    await client.subscribeRefused('private-secret');
    await client.subscribePrivate('private-room', server);
  },
};

let server: SharedServer;
const clients = new Map<Act, PusherClient>();

/** All of them have their second at the same time. */
beforeAll(async () => {
  server = await sharedServer(QUICK);
  for (const act of [...Object.values(isShut), ...Object.values(staysOpen)]) {
    const client = await PusherClient.connect(server);
    clients.set(act, client);
    await act(client, server);
  }
  const last = await PusherClient.connect(server);
  await last.expectClose(4009, 5_000);
});

afterAll(closeAll);

describe('Where connections must be authorized, one that is not', () => {
  it.each(Object.entries(isShut))('%s is closed with 4009', async (_, act) => {
    const client = clients.get(act)!;
    const error = await client.expectError(4009, 5_000);
    expect(error.envelope).toEqual({ event: 'pusher:error', data: expect.any(String) });
    expect(Object.keys(error.json)).toEqual(['code', 'message']);
    await client.expectClose(4009);
    // A tenth early at most.
    expect(client.closed!.atMs - client.frames[0]!.atMs).toBeGreaterThan(900);
  });

  it('leaves its channels', async () => {
    const { json } = await signedRequest(server, 'GET', 'channels');
    expect(Object.keys(json.channels)).not.toContain('room');
    expect(Object.keys(json.channels)).toContain('private-room');
  });
});

describe('Where connections must be authorized, one stays open', () => {
  it.each(Object.entries(staysOpen))('%s', async (_, act) => {
    await clients.get(act)!.roundTrip();
  });
});

describe('Where they need not be', () => {
  it('nobody is closed: in another application, and by default', async () => {
    const strict = { authorized_connections: true, authorization_timeout: 1 };
    const apps = await startServer({
      REVERB_APP_AUTHORIZATION_TIMEOUT: '1',
      REVERB_APPS: JSON.stringify([
        { app_id: 'open', key: 'open', secret: 's' },
        { app_id: 'strict', key: 'strict', secret: 's', ...strict },
      ]),
    });
    const open = await PusherClient.connect({ url: apps.url, key: 'open' });
    const closed = await PusherClient.connect({ url: apps.url, key: 'strict' });
    await closed.expectClose(4009, 5_000);
    await open.roundTrip();
  });
});
