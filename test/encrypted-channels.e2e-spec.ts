import { randomBytes } from 'node:crypto';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { publish } from './harness/publish.js';
import { sharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const KINDS = ['private-encrypted-room', 'private-encrypted-cache-room'];

describe.each(KINDS)('An encrypted channel, %s,', (channel) => {
  it('needs an auth, as private channels do', async () => {
    const client = await PusherClient.connect(await sharedServer());
    expect((await client.subscribeRefused(channel)).json).toMatchObject({
      type: 'AuthError',
      status: 401,
    });
    expect((await client.expectError(4009)).json.message).toBe('Connection is unauthorized');
  });

  it('passes payloads through untouched', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    const success = await client.subscribePrivate(channel, server);
    expect(success.data).toBe('{}');
    const nonce = randomBytes(24).toString('base64');
    const ciphertext = randomBytes(3000).toString('base64');
    const payload = ` {"nonce" : "${nonce}",\n"ciphertext":"${ciphertext}"} `;
    await publish(server, channel, 'secret', payload);
    expect((await client.expectFrame('secret')).data).toBe(payload);
  });

  it('passes through what is not encrypted at all', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.subscribePrivate(channel, server);
    await publish(server, [channel, 'news'], 'plain', 'text');
    expect((await client.expectFrame('plain')).data).toBe('text');
  });

  it.each(['members', 'all'])('takes no client events, with %s', async (mode) => {
    const server = await sharedServer({ REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM: mode });
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribePrivate(channel, server);
    await bob.subscribePrivate(channel, server);
    ann.trigger('client-typed', channel, {});
    const { json } = await ann.expectError(4301);
    expect(json.message).toBe('Client events are only supported on private and presence channels.');
    await bob.roundTrip();
    expect(bob.framesLike('client-typed')).toEqual([]);
    await ann.roundTrip();
  });
});
