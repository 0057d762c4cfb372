import { api, startServerFor, startTwoApplications } from './harness/api.js';
import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import type { ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const expectConnections = (server: ApiTarget, connections: number) =>
  api(server, 'GET', 'connections').expect(200, { connections });

describe('the number of connections', () => {
  it('is 0 at first', async () => {
    const server = await sharedServer();
    await expectConnections(server, 0).expect('Content-Type', /^application\/json/);
  });

  it('counts every open socket, subscribed or not', async () => {
    const server = await sharedServer();
    const [idle, busy] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await busy.subscribe('a');
    await busy.subscribe('b');
    await expectConnections(server, 2);
    await idle.close();
    await eventually(() => expectConnections(server, 1));
    await busy.terminate();
    await eventually(() => expectConnections(server, 0));
  });

  it('does not count those that were refused', async () => {
    const server = await startServerFor({ allowed_origins: ['good.example'], max_connections: 1 });
    const origin = (host: string) => ({ headers: { Origin: `https://${host}` } });
    await PusherClient.refused(server, origin('bad.example'));
    await PusherClient.refused(server, { ...origin('good.example'), query: { protocol: 'x' } });
    await expectConnections(server, 0);
    await PusherClient.connect(server, origin('good.example'));
    await PusherClient.refused(server, origin('good.example'));
    await expectConnections(server, 1);
  });

  it('does not count those the server closed', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    await client.signin({ id: 'ann' }, server);
    await api(server, 'POST', 'users/ann/terminate_connections').expect(200);
    await expectConnections(server, 0);
    await client.expectClose(4009);
  });

  it('is that of one application', async () => {
    const { server, other } = await startTwoApplications();
    await PusherClient.connect(server);
    await PusherClient.connect({ ...server, ...other });
    await PusherClient.connect({ ...server, ...other });
    await expectConnections(server, 1);
    await expectConnections(other, 2);
  });
});
