import { jest } from '@jest/globals';
import { api } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import {
  INSPECTOR_PASSWORD,
  INSPECTOR_VARIABLES,
  InspectorPage,
} from './harness/inspector-page.js';
import { publish } from './harness/publish.js';
import { channelAuth, PusherClient } from './harness/pusher-client.js';
import { plainRequest, type ApiResponse } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

const TOKEN = 'a token for the links';
const FEED = 'private-inspector-0123456789abcdef';

/** Every call of the API that wants a session. */
const CALLS: readonly (readonly [string, string])[] = [
  ['DELETE', 'session'],
  ['POST', 'feed-auth'],
  ['PUT', 'watches'],
  ['GET', 'applications'],
  ['GET', 'nodes'],
  ['GET', 'charts'],
  ['GET', 'apps/app-id/channels'],
  ['GET', 'apps/app-id/channels/c'],
  ['GET', 'apps/app-id/connections'],
  ['GET', 'apps/app-id/connections/1.2'],
  ['GET', 'apps/app-id/webhooks'],
  ['POST', 'apps/app-id/webhooks/retry'],
  ['POST', 'apps/app-id/events'],
  ['POST', 'apps/app-id/disconnect'],
  ['POST', 'apps/app-id/unsubscribe'],
  ['POST', 'apps/app-id/forget-cached-event'],
];
const CHANGES = CALLS.filter(([method]) => method !== 'GET');

/** What every answer bears, whatever it says. */
function expectGuarded({ headers }: ApiResponse): void {
  expect(headers).toMatchObject({
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(headers).not.toHaveProperty('access-control-allow-origin');
}

function expectRefused(answer: ApiResponse, status: number, sentence: RegExp = /./): void {
  expect({ status: answer.status, text: answer.text }).toEqual({
    status,
    text: expect.stringMatching(/^\{"error":".+"\}$/s),
  });
  expect(answer.json.error).toMatch(sentence);
  expect(answer.headers['cache-control']).toBe('no-store');
  expectGuarded(answer);
}

const cookieOf = ({ headers }: ApiResponse) => headers['set-cookie']?.[0] ?? '';

afterAll(closeAll);

let server: TestServer;
let page: InspectorPage;

beforeAll(async () => {
  server = await startServer({
    ...INSPECTOR_VARIABLES,
    REVERB_CORS_ORIGINS: '*',
    REVERB_MAX_REQUEST_SIZE: '20000',
  });
  page = await InspectorPage.signIn(server, { name: 'Ann' });
});

describe('Without a session', () => {
  it.each(CALLS)('%s %s is refused', async (method, path) => {
    const stranger = new InspectorPage(server);
    const body = method === 'GET' ? undefined : {};
    expectRefused(await stranger.request(method, path, { body }), 401, /not signed in/);
  });

  it('so is what does not exist, and what does not hold', async () => {
    const stranger = new InspectorPage(server);
    expectRefused(await stranger.request('GET', 'nothing'), 401);
    expectRefused(await stranger.request('OPTIONS', 'nodes'), 401);
    for (const cookie of ['', 'x=y', `${page.cookie}x`, page.cookie.replace('=', '=x')]) {
      expectRefused(await stranger.request('GET', 'nodes', { headers: { Cookie: cookie } }), 401);
    }
  });

  it('anybody may ask whether there is one, and what is wanted', async () => {
    const answer = await new InspectorPage(server).request('GET', 'session');
    expect(answer).toMatchObject({
      status: 200,
      json: { isSignedIn: false, wants: 'password' },
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(Object.keys(answer.json)).toEqual(['isSignedIn', 'wants']);
    expectGuarded(answer);
  });
});

describe('Signing in', () => {
  it('brings a session, in a cookie that only this page sends', async () => {
    const guest = new InspectorPage(server);
    const answer = await guest.offer(INSPECTOR_PASSWORD, 'Bob');
    expectGuarded(answer);
    expect(answer.json).toEqual({
      isSignedIn: true,
      name: 'Bob',
      expiresAtMs: expect.any(Number),
      csrf: expect.stringMatching(/^[\w-]{43}$/),
      feed: { key: 'revurb-inspector', path: '' },
      hasPayloads: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      nodeId: expect.any(String),
    });
    const hoursLeft = (answer.json.expiresAtMs - Date.now()) / 3_600_000;
    expect(Math.round(hoursLeft)).toBe(8);
    expect(cookieOf(answer)).toMatch(
      /^revurb_inspector_[\da-f]{8}=[\w-]+\.[\w-]+; Path=\/inspector; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
    expect((await guest.request('GET', 'session')).json).toEqual(answer.json);
    expect((await guest.get('applications')).applications).toHaveLength(1);
  });

  it.each([
    ['nobody in particular', undefined, 'somebody'],
    ['nothing but blanks', '  \n ', 'somebody'],
    ['what a terminal obeys', ' Eve\u001b[31m\r\nroot ', 'Eve [31m  root'],
    ['any language', 'Zoë 🦊', 'Zoë 🦊'],
  ])('may be done by %s', async (_, given, name) => {
    const answer = await new InspectorPage(server).offer(INSPECTOR_PASSWORD, given);
    expect(answer.json.name).toBe(name);
  });

  it.each([
    [{}, /secret/],
    [{ secret: 7 }, /secret/],
    [{ secret: null }, /secret/],
    [{ secret: [INSPECTOR_PASSWORD] }, /secret/],
    [{ secret: 'x'.repeat(1001) }, /secret/],
    [{ secret: INSPECTOR_PASSWORD, name: 'x'.repeat(81) }, /name/],
    [{ secret: INSPECTOR_PASSWORD, name: { a: 1 } }, /name/],
    ['{', /must be JSON/],
    ['[]', /JSON object/],
    ['', /secret/],
  ])('wants what is asked for: %j', async (body, sentence) => {
    const answer = await new InspectorPage(server).request('POST', 'session', { body });
    expectRefused(answer, 400, sentence);
    expect(cookieOf(answer)).toBe('');
  });

  it('has to be sent as JSON, as a form of another page cannot', async () => {
    const body = JSON.stringify({ secret: INSPECTOR_PASSWORD });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { 'Content-Type': type };
      const answer = await new InspectorPage(server).request('POST', 'session', { body, headers });
      expectRefused(answer, 400, /Content-Type: application\/json/);
    }
  });

  it('is over with signing out, as far as the browser goes', async () => {
    const guest = await InspectorPage.signIn(server);
    const answer = await guest.request('DELETE', 'session');
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    expect(cookieOf(answer)).toMatch(
      /^revurb_inspector_[\da-f]{8}=; Path=\/inspector; Max-Age=0; HttpOnly; SameSite=Strict$/,
    );
    expectGuarded(answer);
  });

  it('can be done with a password, or a token, and each of them alone', async () => {
    const both = await startServer({ ...INSPECTOR_VARIABLES, REVERB_INSPECTOR_TOKEN: TOKEN });
    await InspectorPage.signIn(both);
    await InspectorPage.signIn(both, { secret: TOKEN });
    const one = await startServer({
      REVERB_INSPECTOR_ENABLED: 'true',
      REVERB_INSPECTOR_TOKEN: TOKEN,
    });
    const guest = new InspectorPage(one);
    expect((await guest.request('GET', 'session')).json.wants).toBe('token');
    expectRefused(await guest.offer(INSPECTOR_PASSWORD), 401);
    expect((await guest.offer(TOKEN)).status).toBe(200);
  });
});

describe('Wrong secrets', () => {
  it('are refused, ten times; then so is the right one, for a while', async () => {
    const guarded = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_TRUSTED_PROXIES: '127.0.0.1',
    });
    const guest = new InspectorPage(guarded);
    const wrong = [
      '',
      ' ',
      INSPECTOR_PASSWORD.toUpperCase(),
      `${INSPECTOR_PASSWORD} `,
      'app-secret',
    ];
    for (let i = 0; i < 10; i++) {
      const answer = await guest.offer(wrong[i % wrong.length]!);
      expectRefused(answer, 401, /password or token is wrong/);
      expect(cookieOf(answer)).toBe('');
    }
    for (const secret of ['again', INSPECTOR_PASSWORD]) {
      const answer = await guest.offer(secret);
      expectRefused(answer, 429, /Too many/);
      const waitSeconds = Number(answer.headers['retry-after']);
      expect(waitSeconds).toBeGreaterThan(30);
      expect(waitSeconds).toBeLessThanOrEqual(60);
      expect(cookieOf(answer)).toBe('');
    }
    const elsewhere = await guest.offer(INSPECTOR_PASSWORD, 'Ann', {
      'X-Forwarded-For': '203.0.113.7',
    });
    expect(elsewhere.status).toBe(200);
    const warnings = guarded.logs.of('warn').filter((line) => line.includes('failed to sign in'));
    expect(warnings).toHaveLength(10);
  });
});

describe('The cookie is for TLS alone', () => {
  const isSecure = (answer: ApiResponse) => cookieOf(answer).endsWith('; Secure');

  it('where there is any, or a trusted proxy says so', async () => {
    const tls = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
    });
    expect(isSecure(await new InspectorPage(tls).offer(INSPECTOR_PASSWORD))).toBe(true);
    const proxied = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_TRUSTED_PROXIES: '127.0.0.1',
    });
    const offer = (headers: Record<string, string>) =>
      new InspectorPage(proxied).offer(INSPECTOR_PASSWORD, undefined, headers);
    expect(isSecure(await offer({ 'X-Forwarded-Proto': 'https' }))).toBe(true);
    expect(isSecure(await offer({ 'X-Forwarded-Proto': 'http' }))).toBe(false);
  });

  it('and nobody else can say so', async () => {
    const headers = { 'X-Forwarded-Proto': 'https' };
    const guest = new InspectorPage(server);
    expect(isSecure(await guest.offer(INSPECTOR_PASSWORD, undefined, headers))).toBe(false);
  });
});

describe('What changes something', () => {
  it.each(CHANGES)('%s %s has to be sent by the page', async (method, path) => {
    for (const csrf of ['', 'x', page.cookie, `${page.session!.csrf}x`]) {
      const headers = { 'X-Revurb-CSRF': csrf };
      expectRefused(await page.request(method, path, { body: {}, headers }), 403, /x-revurb-csrf/);
    }
    const { cookie } = page;
    const without = new InspectorPage(server);
    without.cookie = cookie;
    expectRefused(await without.request(method, path, { body: {} }), 403);
    const other = await InspectorPage.signIn(server);
    const headers = { 'X-Revurb-CSRF': other.session!.csrf };
    expectRefused(await page.request(method, path, { body: {}, headers }), 403);
  });

  it.each(CHANGES.filter(([method]) => method !== 'DELETE'))(
    '%s %s has to be JSON, of a size',
    async (method, path) => {
      const plain = { 'Content-Type': 'text/plain' };
      expectRefused(await page.request(method, path, { body: '{}', headers: plain }), 400, /JSON/);
      for (const body of ['{', 'null', '"x"', '[]', '\uFEFF{}']) {
        expectRefused(await page.request(method, path, { body }), 400, /JSON/);
      }
      const large = `{"x":"${'x'.repeat(100_000)}"}`;
      expectRefused(await page.request(method, path, { body: large }), 413, /larger than/);
    },
  );
});

describe('A wrong method is answered with the right one:', () => {
  it.each([
    ['PUT', 'session', 'GET, POST, DELETE'],
    ['HEAD', 'session', 'GET, POST, DELETE'],
    ['GET', 'feed-auth', 'POST'],
    ['POST', 'watches', 'PUT'],
    ['POST', 'nodes', 'GET'],
    ['DELETE', 'apps/app-id/channels/c', 'GET'],
    ['HEAD', 'apps/app-id/channels', 'GET'],
    ['GET', 'apps/app-id/events', 'POST'],
    ['PATCH', 'apps/app-id/disconnect', 'POST'],
  ])('%s %s', async (method, path, allowed) => {
    const answer = await page.request(method, path);
    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({
      status: 405,
      allow: allowed,
    });
    expectGuarded(answer);
  });

  it('a path that is none is none for every method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      expectRefused(await page.request(method, 'apps/app-id/nothing'), 404);
    }
    expectRefused(await page.request('GET', 'session/x'), 404);
    expectRefused(await page.request('GET', ''), 404);
  });
});

describe('The files of the page', () => {
  it('are there for everybody, and hold nothing that is secret', async () => {
    const stranger = new InspectorPage(server);
    const index = await stranger.file('/');
    expect(index).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    });
    expectGuarded(index);
    expect((await stranger.file('/index.html')).text).toBe(index.text);
    const assets = [...index.text.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)];
    expect(assets.length).toBeGreaterThan(1);
    for (const [, path] of assets) {
      const asset = await stranger.file(path!);
      expect(asset).toMatchObject({
        status: 200,
        headers: { 'cache-control': 'public, max-age=31536000, immutable' },
      });
      expectGuarded(asset);
      expect(asset.text).not.toContain(INSPECTOR_PASSWORD);
      const known = await stranger.file(path!, { 'If-None-Match': asset.headers.etag! });
      expect({ status: known.status, text: known.text }).toEqual({ status: 304, text: '' });
      const packed = await stranger.file(path!, { 'Accept-Encoding': 'br, gzip' });
      expect(packed.headers['content-encoding']).toBe('gzip');
      const unpacked = await stranger.file(path!, { 'Accept-Encoding': 'gzip;q=0' });
      expect(unpacked.headers).not.toHaveProperty('content-encoding');
      const head = await stranger.file(path!, {}, 'HEAD');
      expect(head).toMatchObject({ status: 200, text: '' });
    }
  });

  it('are relative to it, so it ends in a slash', async () => {
    const answer = await new InspectorPage(server).file('');
    expect(answer).toMatchObject({ status: 308, headers: { location: '/inspector/' } });
    expectGuarded(answer);
  });

  it.each([
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/../../../package.json',
    '/assets/..\\..\\package.json',
    '//etc/passwd',
    '/file:///etc/passwd',
    '/index.html/',
    '/index.html%00.js',
    '/assets/',
    '/assets',
    '/.env',
    '/api',
    '/constructor',
    '/__proto__',
    `/${'x'.repeat(5000)}`,
  ])('lead nowhere else: %s', async (path) => {
    expectRefused(await new InspectorPage(server).file(path), 404, /nothing at this path/);
  });

  it('can only be read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await new InspectorPage(server).file('/', {}, method);
      expect(answer.headers.allow).toBe('GET, HEAD');
      expectRefused(answer, 405);
    }
  });
});

describe('Below the path of the server', () => {
  it('the page is where it is configured, and nowhere else', async () => {
    const below = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_SERVER_PATH: '/realtime',
      REVERB_INSPECTOR_PATH: '/staff/looks',
    });
    const guest = new InspectorPage(below, '/staff/looks');
    expect(cookieOf(await guest.offer(INSPECTOR_PASSWORD))).toContain(
      '; Path=/realtime/staff/looks;',
    );
    expect(guest.session!.feed.path).toBe('/realtime');
    expect((await guest.file('')).headers.location).toBe('/realtime/staff/looks/');
    expect((await guest.file('/')).status).toBe(200);
    expect((await guest.get('nodes')).nodes).toHaveLength(1);
    const feed = await guest.watch();
    const client = await PusherClient.connect(below);
    await feed.expectRecord({ kind: 'connected', socketId: client.socketId });
    const root = `http://127.0.0.1:${below.port}`;
    for (const path of ['/staff/looks/', '/realtime/inspector/', '/realtime/staff/looksx']) {
      expect((await plainRequest(root, 'GET', path)).status).toBe(404);
    }
  });
});

describe('The feed', () => {
  it('is let in with a session, and to a channel of a feed alone', async () => {
    const client = await page.connect();
    expect(await page.authorize(client, FEED)).toMatch(/^revurb-inspector:[\da-f]{64}$/);
    for (const channel of [
      'private-x',
      'private-inspector-',
      `${FEED}!`,
      `x${FEED}`,
      'presence-x',
    ]) {
      const body = { socket_id: client.socketId, channel_name: channel };
      expectRefused(await page.request('POST', 'feed-auth', { body }), 400, /channel_name/);
    }
    for (const socketId of ['', '1', '1.2.3', '1.2:user', 7, null, undefined, '1.2\n']) {
      const body = { socket_id: socketId, channel_name: FEED };
      expectRefused(await page.request('POST', 'feed-auth', { body }), 400, /socket_id/);
    }
    await client.subscribe(FEED, await page.authorize(client, FEED));
  });

  it('is not let in with the secret of an application, or for another connection', async () => {
    const client = await page.connect();
    const other = await page.connect();
    const stolen = await page.authorize(other, FEED);
    await client.subscribeRefused(FEED, stolen);
    await client.subscribeRefused(FEED);
    const { secret } = server;
    const forged = channelAuth({ key: 'revurb-inspector', secret }, client.socketId, FEED);
    await client.subscribeRefused(FEED, forged);
    const refusal = await client.subscribeRefused(FEED, channelAuth(server, client.socketId, FEED));
    expect(refusal.json).toMatchObject({ type: 'AuthError', status: 401 });
  });

  it('is not that of a channel with the same name in an application', async () => {
    const feed = await page.watch();
    const channel = `private-inspector-${feed.watch.id}`;
    const client = await PusherClient.connect(server);
    await client.subscribePrivate(channel, server);
    await feed.expectRecord({ kind: 'subscribed', socketId: client.socketId });
    await publish(server, channel, 'records', '{"nodeId":"forged"}');
    await client.expectFrame('records', { channel });
    await feed.expectRecord({ kind: 'published', event: 'records' });
    expect(feed.frames.every(({ nodeId }) => nodeId === page.session!.nodeId)).toBe(true);
    expect(client.framesLike('records')).toHaveLength(1);
  });

  it('is of no use to strangers: no other channel, and not much of anything', async () => {
    const client = await PusherClient.connect({ url: server.url, key: 'revurb-inspector' });
    for (const channel of ['public', 'cache-public', '#server-to-user-1']) {
      const refusal = await client.subscribeRefused(channel);
      expect(refusal.json).toMatchObject({ type: 'AuthError', status: 401 });
    }
    client.send(JSON.stringify({ event: 'pusher:ping', data: 'x'.repeat(2_000) }));
    await client.expectClose(1009);
    const flooding = await PusherClient.connect({ url: server.url, key: 'revurb-inspector' });
    for (let i = 0; i < 101; i++) flooding.send('{"event":"pusher:ping","data":{}}');
    await flooding.expectClose(4200);
  });

  it('takes nothing from clients', async () => {
    const feed = await page.watch();
    feed.client.trigger('client-x', `private-inspector-${feed.watch.id}`, {});
    await feed.client.expectError(4301);
  });

  it('has an application that no API knows', async () => {
    const target = { ...server, appId: 'revurb-inspector', key: 'revurb-inspector', secret: 'x' };
    await api(target, 'GET', 'channels').expect(404);
    await api(target, 'POST', 'events', { body: { name: 'e', channel: FEED, data: '' } }).expect(
      404,
    );
    expectRefused(
      await page.request('GET', 'apps/revurb-inspector/channels'),
      404,
      /does not exist/,
    );
    const body = { socketId: (await page.connect()).socketId };
    expectRefused(await page.request('POST', 'apps/revurb-inspector/disconnect', { body }), 404);
  });

  it('ends for who has no use for it', async () => {
    const idle = await page.connect();
    const inUse = await page.watch();
    expect((await idle.expectClose(4009, 15_000)).reason).toMatch(/./);
    expect(inUse.client.isOpen).toBe(true);
  });
});

describe('A session', () => {
  it('holds on every node with the same password, and its feed too', async () => {
    const second = await startServer(INSPECTOR_VARIABLES);
    const there = page.on(second);
    expect(await there.get('session')).toMatchObject({ isSignedIn: true, name: 'Ann' });
    const feed = await there.watch();
    const client = await PusherClient.connect(second);
    await feed.expectRecord({ kind: 'connected', socketId: client.socketId });
    const third = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_INSPECTOR_PASSWORD: 'quite another one',
    });
    expectRefused(await page.on(third).request('GET', 'nodes'), 401);
  });

  it('ends when it has to', async () => {
    const now = jest.spyOn(Date, 'now');
    try {
      const guest = await InspectorPage.signIn(server);
      const { expiresAtMs } = guest.session!;
      now.mockReturnValue(expiresAtMs - 1);
      expect((await guest.request('GET', 'applications')).status).toBe(200);
      now.mockReturnValue(expiresAtMs);
      expectRefused(await guest.request('GET', 'applications'), 401);
      expect((await guest.request('GET', 'session')).json.isSignedIn).toBe(false);
    } finally {
      now.mockRestore();
    }
  });
});

describe('Where it is off', () => {
  it('nobody answers', async () => {
    const off = await startServer({ REVERB_INSPECTOR_ENABLED: 'false' });
    const guest = page.on(off);
    for (const path of ['', '/', '/index.html', '/api/session', '/api/nodes']) {
      expect((await guest.file(path)).status).toBe(404);
    }
    expect((await guest.offer(INSPECTOR_PASSWORD)).status).toBe(404);
    const refused = await PusherClient.refused({ ...off, key: 'revurb-inspector' });
    expect(refused.closeCode).toBe(4001);
  });
});

describe('Secrets', () => {
  it('stand in no answer and in no line of the log', async () => {
    const told = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_INSPECTOR_TOKEN: TOKEN,
      REVERB_INSPECTOR_PAYLOADS: 'true',
      REVERB_WEBHOOKS: JSON.stringify([
        {
          url: 'http://127.0.0.1:9/hook?token=hush-hush',
          headers: { 'X-A': 'hush-hush' },
        },
      ]),
    });
    const guest = await InspectorPage.signIn(told, { name: 'Ann' });
    await new InspectorPage(told).offer('wrong hush-hush');
    const feed = await guest.watch();
    const client = await PusherClient.connect(told);
    await client.subscribePrivate('private-c', told);
    await client.subscribeRefused(
      'private-d',
      channelAuth({ ...told, secret: 'x' }, client.socketId, 'private-d'),
    );
    await publish(told, 'private-c', 'e', 'data');
    await guest.post('apps/app-id/events', {
      events: [{ name: 'e', channels: ['private-c'], data: 'x' }],
    });
    await feed.expectRecord({ kind: 'published', via: 'inspector' });
    await feed.expectRecord({ kind: 'webhook' });
    const paths = CALLS.filter(([method]) => method === 'GET').map(([, path]) => path);
    const answers = await Promise.all(
      ['session', ...paths].map(async (path) => (await guest.request('GET', path)).text),
    );
    await eventually(() => expect(told.logs.of('log').join()).toMatch(/Ann published/));
    const everything = [
      ...answers,
      ...feed.client.frames.map(({ raw }) => raw),
      ...told.logs.lines.map(({ text }) => text),
    ].join('\n');
    for (const secret of [told.secret, INSPECTOR_PASSWORD, TOKEN, 'hush-hush', guest.cookie]) {
      expect(everything).not.toContain(secret);
    }
    expect(everything).not.toContain(guest.cookie.split('=')[1]);
    expect(told.logs.lines.map(({ text }) => text).join('\n')).not.toContain(guest.session!.csrf);
  });
});
