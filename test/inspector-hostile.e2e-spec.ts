import { request } from 'node:http';
import { api, expectRefusal } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage } from './harness/inspector-page.js';
import { PusherClient } from './harness/pusher-client.js';
import { startServer, type TestServer } from './harness/test-server.js';

let server: TestServer;
let page: InspectorPage;

beforeEach(async () => {
  server = await startServer(INSPECTOR_VARIABLES);
  page = await InspectorPage.signIn(server);
});

afterEach(closeAll);

/** Asks for a target that is sent as it is given. @returns the status */
function askFor(path: string): Promise<number | undefined> {
  const headers = { Cookie: page.cookie };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, path, headers });
    sent.on('error', reject).on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.end();
  });
}

describe('A request of the inspector', () => {
  it.each(['http://[', 'https://a:b@', 'http://:99999', 'http://x:y'])(
    'is answered whatever host its target names: %s',
    async (host) => {
      const path = `${host}/inspector/api/apps/app-id/channels?search=x`;
      expect(await askFor(path)).toBe(200);
      expect(server.logs.of('error')).toEqual([]);
    },
  );
});

describe('A record of a request that was refused', () => {
  it('names the path that was asked for, and quotes nothing of the body', async () => {
    const feed = await page.watch();
    expectRefusal(await api(server, 'GET', 'nothing'), 404);
    expectRefusal(await api(server, 'POST', 'events', { body: 'hidden' }), 400);
    await eventually(() => expect(feed.records).toHaveLength(2));
    const [asked, published] = feed.records;
    expect(asked!.reason).toMatch(/^GET \/apps\/app-id\/nothing: /);
    expect(published!.reason).toMatch(/^POST \/apps\/app-id\/events: The body must be JSON/);
    expect(JSON.stringify(feed.records)).not.toContain('hidden');
  });
});

describe('A list of connections', () => {
  it('cuts what strangers call themselves', async () => {
    const long = 'x'.repeat(6000);
    const origin = `http://${long}`;
    await PusherClient.connect(server, { query: { client: long }, headers: { origin } });
    const list = await page.get('apps/app-id/connections');
    expect(list.connections).toHaveLength(1);
    expect(JSON.stringify(list).length).toBeLessThan(2000);
  });
});
