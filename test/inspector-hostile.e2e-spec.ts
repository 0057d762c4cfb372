import { request } from 'node:http';
import { api, expectRefusal } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient, type Json } from './harness/pusher-client.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const PASSWORD = 'correct horse battery';
const WATCH_ID = 'a-watch-of-this-test';

interface Session {
  readonly server: TestServer;
  readonly headers: Record<string, string>;
}

/** A request whose target is sent as it is given. */
function ask(
  { server, headers }: Session,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; json: Json }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, path, headers });
    sent.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: response.headers, json: JSON.parse(text) });
      });
    });
    sent.end(body && JSON.stringify(body));
  });
}

async function signIn(): Promise<Session> {
  const server = await startServer({
    REVERB_INSPECTOR_ENABLED: 'true',
    REVERB_INSPECTOR_PASSWORD: PASSWORD,
  });
  const headers = { 'Content-Type': 'application/json' };
  const body = { secret: PASSWORD };
  const answer = await ask({ server, headers }, 'POST', '/inspector/api/session', body);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  const session = { Cookie: cookie.split(';')[0]!, 'X-Revurb-CSRF': answer.json.csrf as string };
  return { server, headers: { ...headers, ...session } };
}

/** What is recorded from now on. */
async function watch(session: Session): Promise<() => Json[]> {
  const channel = `private-inspector-${WATCH_ID}`;
  const client = await PusherClient.connect({ url: session.server.url, key: 'revurb-inspector' });
  const authBody = { socket_id: client.socketId, channel_name: channel };
  const { json } = await ask(session, 'POST', '/inspector/api/feed-auth', authBody);
  await client.subscribe(channel, json);
  const body = { watches: [{ id: WATCH_ID, filter: {} }] };
  await ask(session, 'PUT', '/inspector/api/watches', body);
  return () => client.framesLike('records').flatMap(({ json: frame }) => frame.records as Json[]);
}

describe('A request of the inspector', () => {
  it.each(['http://[', 'https://a:b@', 'http://:99999', 'http://x:y'])(
    'is answered whatever host its target names: %s',
    async (host) => {
      const session = await signIn();
      const path = `${host}/inspector/api/apps/app-id/channels?search=x`;
      expect(await ask(session, 'GET', path)).toMatchObject({ status: 200 });
      expect(session.server.logs.of('error')).toEqual([]);
    },
  );
});

describe('A record of a request that was refused', () => {
  it('names the path that was asked for, and quotes nothing of the body', async () => {
    const session = await signIn();
    const records = await watch(session);
    expectRefusal(await api(session.server, 'GET', 'nothing'), 404);
    expectRefusal(await api(session.server, 'POST', 'events', { body: 'hidden' }), 400);
    await eventually(() => expect(records()).toHaveLength(2));
    const [asked, published] = records();
    expect(asked.reason).toMatch(/^GET \/apps\/app-id\/nothing: /);
    expect(published.reason).toMatch(/^POST \/apps\/app-id\/events: The body must be JSON/);
    expect(JSON.stringify(records())).not.toContain('hidden');
  });
});

describe('A list of connections', () => {
  it('cuts what strangers call themselves', async () => {
    const session = await signIn();
    const long = 'x'.repeat(6000);
    const origin = `http://${long}`;
    await PusherClient.connect(session.server, { query: { client: long }, headers: { origin } });
    const { json } = await ask(session, 'GET', '/inspector/api/apps/app-id/connections');
    expect(json.connections).toHaveLength(1);
    expect(JSON.stringify(json).length).toBeLessThan(2000);
  });
});
