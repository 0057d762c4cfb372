import { channelAuth, closeAll, PusherClient } from './harness/pusher-client.js';
import { publish } from './harness/publish.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const CHANNEL = '#server-to-user-ann';

/** A connection signed in as a user, and subscribed to that user's channel. */
async function listen(server: SharedServer, id: string) {
  const client = await PusherClient.connect(server);
  await client.signin({ id }, server);
  await client.subscribe(`#server-to-user-${id}`);
  return client;
}

/** Two frames say why not, and the connection stays open. */
async function expectRefused(client: PusherClient, auth?: object) {
  client.discardPending();
  client.sendSubscribe(CHANNEL, auth);
  await client.roundTrip();
  const [refusal, error, ...more] = client.pendingFrames;
  expect(refusal).toMatchObject({ event: 'pusher:subscription_error', channel: CHANNEL });
  expect(refusal?.json).toEqual({ type: 'AuthError', error: expect.any(String), status: 401 });
  expect(error?.event).toBe('pusher:error');
  expect(error?.json).toEqual({ code: 4009, message: 'Connection is unauthorized' });
  expect(more).toEqual([]);
}

describe("A user's own channel", () => {
  it('is open to that user, without an auth', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    const { envelope } = await client.subscribe(CHANNEL);
    expect(envelope).toMatchObject({ channel: CHANNEL, data: '{}' });
    await client.subscribe(CHANNEL, 'nonsense');
  });

  it('brings what is published to the user on every connection, and to nobody else', async () => {
    const server = await sharedServer();
    const tabs = [];
    for (let i = 0; i < 3; i++) tabs.push(await listen(server, 'ann'));
    const bob = await listen(server, 'bob');
    await publish(server, CHANNEL, 'mail', '{"unread":1}');
    for (const tab of tabs) {
      const { envelope } = await tab.expectFrame('mail');
      expect(envelope).toEqual({ event: 'mail', channel: CHANNEL, data: '{"unread":1}' });
    }
    await bob.roundTrip();
    expect(bob.framesLike('mail')).toEqual([]);
  });

  it('leaves the excluded socket out', async () => {
    const server = await sharedServer();
    const [tab, other] = [await listen(server, 'ann'), await listen(server, 'ann')];
    await publish(server, CHANNEL, 'mail', '{}', { socket_id: tab.socketId });
    await other.expectFrame('mail');
    await tab.roundTrip();
    expect(tab.framesLike('mail')).toEqual([]);
  });

  it.each(['ann@example.com', '-_=@,.;', 'x'.repeat(128), '7'])('may be that of %s', async (id) => {
    const server = await sharedServer();
    const client = await listen(server, id);
    await publish(server, `#server-to-user-${id}`, 'mail');
    await client.expectFrame('mail');
  });

  it('can be left', async () => {
    const server = await sharedServer();
    const client = await listen(server, 'ann');
    client.unsubscribe(CHANNEL);
    await client.roundTrip();
    await publish(server, CHANNEL, 'mail');
    await client.roundTrip();
    expect(client.framesLike('mail')).toEqual([]);
  });

  it('takes events while nobody is there', async () => {
    const server = await sharedServer();
    await publish(server, CHANNEL, 'mail');
    await publish(server, '#server-to-user-nobody', 'mail');
  });

  it('is of one application', async () => {
    const apps = ['one', 'two'].map((app_id) => ({ app_id, key: `${app_id}-key`, secret: app_id }));
    const both = await startServer({ REVERB_APPS: JSON.stringify(apps) });
    const [one, two] = apps.map(({ app_id, ...rest }) => ({ ...both, ...rest, appId: app_id }));
    const [first, second] = [await listen(one!, 'ann'), await listen(two!, 'ann')];
    await publish(one!, CHANNEL, 'mail');
    await first.expectFrame('mail');
    await second.roundTrip();
    expect(second.framesLike('mail')).toEqual([]);
  });
});

describe("A user's own channel is closed", () => {
  it('to who did not sign in', async () => {
    await expectRefused(await PusherClient.connect(await sharedServer()));
  });

  it('to who signed in as somebody else', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const id of ['bob', 'an', 'anna', 'Ann']) {
      const other = await PusherClient.connect(server);
      await other.signin({ id }, server);
      await expectRefused(other);
    }
    await expectRefused(client);
  });

  it('to who brings a signature for the channel instead', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await expectRefused(client, channelAuth(server, client.socketId, CHANNEL));
  });

  it('to who is that user in a presence channel only', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribePresence('presence-room', { user_id: 'ann' }, server);
    await expectRefused(client);
  });

  it('before the signin, and open after it', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await expectRefused(client);
    await publish(server, CHANNEL, 'mail');
    await client.signin({ id: 'ann' }, server);
    await client.subscribe(CHANNEL);
    await client.roundTrip();
    expect(client.framesLike('mail')).toEqual([]);
  });
});
