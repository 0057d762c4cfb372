import { api, expectRefusal, startTwoApplications } from './harness/api.js';
import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const usersOf = (server: ApiTarget, channel: string) =>
  api(server, 'GET', `channels/${channel}/users`);

const terminate = (server: ApiTarget, user: string) =>
  api(server, 'POST', `users/${encodeURIComponent(user)}/terminate_connections`);

/** As the Python library calls it. */
const terminateByKey = (server: ApiTarget, user: string) =>
  api(server, 'POST', `/users/${encodeURIComponent(user)}/terminate_connections`);

describe('the users of a presence channel', () => {
  it('are listed by their ids, as strings', async () => {
    const server = await sharedServer();
    for (const user_id of ['ann', 7, 0, '01', '__proto__', 'Jürgen 😀']) {
      const client = await PusherClient.connect(server);
      await client.subscribePresence('presence-c', { user_id, user_info: { a: 1 } }, server);
    }
    const users = ['ann', '7', '0', '01', '__proto__', 'Jürgen 😀'].map((id) => ({ id }));
    await usersOf(server, 'presence-c').expect(200, { users });
    await usersOf(server, 'presence-c').expect('Content-Type', /^application\/json/);
  });

  it('are each there once, until their last connection left', async () => {
    const server = await sharedServer();
    const [one, two] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await one.subscribePresence('presence-c', { user_id: 1 }, server);
    await two.subscribePresence('presence-c', { user_id: '1' }, server);
    await usersOf(server, 'presence-c').expect(200, { users: [{ id: '1' }] });
    one.unsubscribe('presence-c');
    await one.roundTrip();
    await usersOf(server, 'presence-c').expect(200, { users: [{ id: '1' }] });
    await two.terminate();
    await eventually(() => usersOf(server, 'presence-c').expect(200, { users: [] }));
  });

  it('are none in a channel nobody is in, nor in that of another application', async () => {
    const { server, other } = await startTwoApplications();
    const client = await PusherClient.connect(server);
    await client.subscribePresence('presence-c', { user_id: 1 }, server);
    await usersOf(server, 'presence-empty').expect(200, { users: [] });
    await usersOf(other, 'presence-c').expect(200, { users: [] });
  });

  it('are there in a presence-cache channel too', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribePresence('presence-cache-c', { user_id: 1 }, server);
    await usersOf(server, 'presence-cache-c').expect(200, { users: [{ id: '1' }] });
  });

  it.each(['c', 'private-c', 'x-presence-c', 'presence', 'cache-c', 'private-presence-c'])(
    'are nothing that %s has',
    async (channel) => {
      const server = await sharedServer();
      expectRefusal(await usersOf(server, channel), 400, 'Only presence channels have users.');
    },
  );
});

describe.each([
  ['of an application', terminate],
  ['of the application of the key', terminateByKey],
])('terminating a user %s', (_, call) => {
  it('closes every connection that signed in as the user', async () => {
    const server = await sharedServer();
    const [tab1, tab2, bob] = [
      await PusherClient.connect(server),
      await PusherClient.connect(server),
      await PusherClient.connect(server),
    ];
    for (const tab of [tab1, tab2]) await tab.signin({ id: 'ann' }, server);
    await bob.signin({ id: 'bob' }, server);
    await call(server, 'ann')
      .expect(200, {})
      .expect('Content-Type', /^application\/json/);
    for (const tab of [tab1, tab2]) {
      expect((await tab.expectError(4009)).json.message).toBe('You got disconnected by the app.');
      await tab.expectClose(4009);
    }
    await bob.roundTrip();
  });

  it('closes every connection that is the user in a presence channel', async () => {
    const server = await sharedServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribePresence('presence-c', { user_id: 7 }, server);
    await bob.subscribePresence('presence-c', { user_id: '07' }, server);
    await call(server, '7').expect(200, {});
    await ann.expectClose(4009);
    await bob.expectFrame('pusher_internal:member_removed');
    await usersOf(server, 'presence-c').expect(200, { users: [{ id: '07' }] });
  });

  it('is fine when nobody is that user', async () => {
    const server = await sharedServer();
    await PusherClient.connect(server);
    await call(server, 'nobody').expect(200, {});
    await api(server, 'GET', 'connections').expect(200, { connections: 1 });
  });

  it('leaves users of that id in other applications alone', async () => {
    const { server, other } = await startTwoApplications();
    const theirs = await PusherClient.connect({ ...server, ...other });
    await theirs.signin({ id: 'ann' }, other);
    await call(server, 'ann').expect(200, {});
    await theirs.roundTrip();
    await call(other, 'ann').expect(200, {});
    await theirs.expectClose(4009);
  });

  it('takes ids of 1 to 128 characters', async () => {
    const server = await sharedServer();
    await call(server, 'x'.repeat(128)).expect(200, {});
    await call(server, 'a/b?c d').expect(200, {});
    for (const bad of ['', 'x'.repeat(129)]) {
      expectRefusal(await call(server, bad), 400, 'user id');
    }
  });

  it('needs a signature of a known key', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    expectRefusal(await call({ ...server, key: 'nobody' }, 'ann'), 401, 'auth_key');
    expectRefusal(await call({ ...server, key: '' }, 'ann'), 401, 'auth_key');
    expectRefusal(await call({ ...server, secret: 'guess' }, 'ann'), 401, 'auth_signature');
    await client.roundTrip();
  });

  it('does not care for the body', async () => {
    const server = await sharedServer();
    const path = call === terminate ? 'users/1/terminate_connections' : undefined;
    for (const body of [{}, '', 'no JSON']) {
      const url = path ?? '/users/1/terminate_connections';
      await api(server, 'POST', url, { body }).expect(200, {});
    }
  });
});
