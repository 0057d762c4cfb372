import { closeAll, eventually } from './harness/eventually.js';
import { member, signedIn, subscriber } from './harness/cluster-clients.js';
import { PusherClient } from './harness/pusher-client.js';
import { startServerFor } from './harness/api.js';
import { startServer, type TestServer } from './harness/test-server.js';
import { signatureOf, webhookVariables, WebhookReceiver } from './harness/webhook-receiver.js';

afterEach(closeAll);

const start = (receiver: WebhookReceiver, endpoint: object = {}) =>
  startServer(webhookVariables([{ url: receiver.url('/hook'), ...endpoint }]));

describe('quick', () => {
  it('all', async () => {
    const receiver = await WebhookReceiver.start();
    const server = await start(receiver);
    const client = await subscriber(server, 'a');
    await receiver.expectEvents([{ name: 'channel_occupied', channel: 'a' }]);
    console.log(receiver.deliveries[0]);
    await client.close();
    await receiver.expectEvents([{ name: 'channel_occupied', channel: 'a' }, { name: 'channel_vacated', channel: 'a' }]);
    const m = await member(server, 'presence-b', 'ann');
    await eventually(() => expect(receiver.events().length).toBe(4));
    await signedIn(server, 'bob');
    await eventually(() => expect(receiver.events().length).toBe(5));
    console.log(JSON.stringify(receiver.events(), null, 1), server.logs.lines);
    await server.close();
    console.log(JSON.stringify(receiver.events().slice(5), null, 1), server.logs.lines);
  });
});
