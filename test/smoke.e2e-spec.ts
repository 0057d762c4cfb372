import { closeAll, PusherClient } from './harness/pusher-client.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

describe('a server', () => {
  it('lets a client subscribe and brings it what is published', async () => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    const published = await signedRequest(server, 'POST', 'events', {
      body: { name: 'greeting', channels: ['news'], data: '{"text":"hi"}' },
    });
    expect(published).toMatchObject({ status: 200, json: {} });
    const frame = await client.expectFrame('greeting', { channel: 'news' });
    expect(frame.data).toBe('{"text":"hi"}');
  });

  it('tells the members of a presence channel who comes and goes', async () => {
    const server = await startServer();
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await ann.subscribePresence('presence-room', { user_id: 'ann', user_info: {} }, server);
    const success = await bob.subscribePresence('presence-room', { user_id: 7 }, server);
    expect(success.json).toEqual({
      presence: { ids: ['ann', 7], hash: { ann: {}, 7: null }, count: 2 },
    });
    expect((await ann.expectFrame('pusher_internal:member_added')).json).toEqual({ user_id: 7 });
    bob.terminate();
    expect((await ann.expectFrame('pusher_internal:member_removed')).json).toEqual({ user_id: 7 });
  });
});
