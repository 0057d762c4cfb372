import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { Json } from './harness/pusher-client.js';
import { publish, usersIn } from './harness/publish.js';
import { signedRequest } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';
import { titled } from './harness/titled.js';

afterEach(closeAll);

const ROOM = 'presence-room';
const PATHS = {
  'below the application': (id: string) => `users/${id}/terminate_connections`,
  'of the Python SDK': (id: string) => `/users/${id}/terminate_connections`,
};

async function signIn(server: SharedServer, id: string) {
  const client = await PusherClient.connect(server);
  await client.signin({ id }, server);
  return client;
}

async function join(server: SharedServer, user_id: Json) {
  const client = await PusherClient.connect(server);
  await client.subscribePresence(ROOM, { user_id }, server);
  return client;
}

async function terminate(server: SharedServer, id: string, path = PATHS['below the application']) {
  const answer = await signedRequest(server, 'POST', path(encodeURIComponent(id)));
  expect(answer).toMatchObject({ status: 200, json: {} });
}

/** The client was told so, and then closed. */
async function expectTerminated(client: PusherClient) {
  const { json } = await client.expectError(4009);
  expect(json).toEqual({ code: 4009, message: 'You got disconnected by the app.' });
  await client.expectClose(4009);
}

describe.each(Object.entries(PATHS))('Terminating a user by the path %s', (_, path) => {
  it('closes every connection that signed in as it, and no other', async () => {
    const server = await sharedServer();
    const tabs = [];
    for (let i = 0; i < 3; i++) tabs.push(await signIn(server, 'ann'));
    const others = [await signIn(server, 'bob'), await PusherClient.connect(server)];
    await terminate(server, 'ann', path);
    for (const tab of tabs) await expectTerminated(tab);
    for (const other of others) await other.roundTrip();
  });

  it('closes every connection that is this member of a presence channel', async () => {
    const server = await sharedServer();
    const tabs = [await join(server, 'ann'), await join(server, 'ann')];
    const bob = await join(server, 'bob');
    await terminate(server, 'ann', path);
    for (const tab of tabs) await expectTerminated(tab);
    const { json } = await bob.expectFrame('pusher_internal:member_removed');
    expect(json).toEqual({ user_id: 'ann' });
    await bob.roundTrip();
    expect(await usersIn(server, ROOM)).toEqual(['bob']);
  });

  it('leaves the user of the same id in another application alone', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    const gone = [await signIn(one!, 'ann'), await join(one!, 'ann')];
    const untouched = [await signIn(two!, 'ann'), await join(two!, 'ann')];
    await terminate(one!, 'ann', path);
    for (const client of gone) await expectTerminated(client);
    for (const client of untouched) await client.roundTrip();
  });

  it('of whom nobody knows is fine', async () => {
    await terminate(await sharedServer(), 'nobody', path);
  });

  it('takes a body as well', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann');
    const { status } = await signedRequest(server, 'POST', path('ann'), { body: {} });
    expect(status).toBe(200);
    await expectTerminated(ann);
  });

  it('needs a signature', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann');
    for (const tamper of [{ secret: 'wrong' }, { key: 'no-key' }]) {
      const { status } = await signedRequest(server, 'POST', path('ann'), { tamper });
      expect(status).toBe(401);
    }
    await ann.roundTrip();
  });
});

describe('A terminated user', () => {
  it.each(titled(7, '7', 0, '01', 'ann@example.com', 'ä 💥', 'a b', '__proto__', 'x'.repeat(128)))(
    'may be the member %s',
    async (_, id) => {
      const server = await sharedServer();
      const client = await join(server, id);
      const others = [await join(server, 'other'), await join(server, '1')];
      await terminate(server, String(id));
      await expectTerminated(client);
      for (const other of others) await other.roundTrip();
    },
  );

  it('is found by either of its ids', async () => {
    const server = await sharedServer();
    const both = async () => {
      const client = await signIn(server, 'ann');
      await client.subscribePresence(ROOM, { user_id: 'nick' }, server);
      return client;
    };
    const [first, second] = [await both(), await both()];
    await terminate(server, 'nick');
    await expectTerminated(first);
    await expectTerminated(second);
    const third = await both();
    await terminate(server, 'ann');
    await expectTerminated(third);
  });

  it('is not found by a presence channel that it left', async () => {
    const server = await sharedServer();
    const client = await join(server, 'ann');
    client.unsubscribe(ROOM);
    await client.roundTrip();
    await terminate(server, 'ann');
    await client.roundTrip();
  });

  it('is not found by half of its id', async () => {
    const server = await sharedServer();
    const client = await signIn(server, 'ann');
    for (const id of ['an', 'anna', 'Ann', '*']) await terminate(server, id);
    await client.roundTrip();
  });

  it('first gets what was published before, and nothing published after', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann');
    await ann.subscribe('news');
    for (let i = 0; i < 20; i++) await publish(server, 'news', 'before');
    await terminate(server, 'ann');
    await publish(server, 'news', 'after');
    await ann.expectClose(4009);
    expect(ann.framesLike('before')).toHaveLength(20);
    expect(ann.frames.at(-1)?.event).toBe('pusher:error');
  });

  it('may come back, and is counted no more until then', async () => {
    const server = await sharedServer();
    const ann = await signIn(server, 'ann');
    await terminate(server, 'ann');
    await expectTerminated(ann);
    await eventually(async () => {
      const { json } = await signedRequest(server, 'GET', 'connections');
      expect(json).toEqual({ connections: 0 });
    });
    await signIn(server, 'ann');
  });

  it('is told offline to who watches it', async () => {
    const server = await sharedServer({ REVERB_WEBHOOK_GRACE: '0' });
    const bob = await PusherClient.connect(server);
    await bob.signin({ id: 'bob', watchlist: ['ann'] }, server);
    await signIn(server, 'ann');
    await bob.expectFrame('pusher_internal:watchlist_events');
    await terminate(server, 'ann');
    const { json } = await bob.expectFrame('pusher_internal:watchlist_events');
    expect(json.events).toEqual([{ name: 'offline', user_ids: ['ann'] }]);
  });
});
