import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket, rawHttp, rawUpgrade, type RawWebSocket } from './harness/raw-socket.js';
import { plainRequest, signedRequest } from './harness/signed-request.js';
import { openSockets, reusedServer } from './harness/shared-server.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const PATH = '/app/app-key?protocol=7';

/** Whatever came back after the head. */
async function bodyOf(socket: RawWebSocket): Promise<unknown> {
  await socket.expectDropped();
  return JSON.parse(socket.text);
}

async function expectNothingLeftOpen({ app }: Pick<TestServer, 'app'>): Promise<void> {
  await eventually(async () => expect(await openSockets(app)).toBe(0));
}

describe('A failed upgrade is answered in plain HTTP and leaves nothing open', () => {
  it.each<[number, string, Record<string, string | string[] | null>]>([
    [400, 'no key', { 'Sec-WebSocket-Key': null }],
    [400, 'an empty key', { 'Sec-WebSocket-Key': '' }],
    [400, 'a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }],
    [400, 'a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }],
    [400, 'a key of the wrong length', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZSE=xx' }],
    [
      400,
      'two keys',
      { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] },
    ],
    [426, 'no version', { 'Sec-WebSocket-Version': null }],
    [426, 'an old version', { 'Sec-WebSocket-Version': '8' }],
    [426, 'a future version', { 'Sec-WebSocket-Version': '14' }],
    [426, 'several versions', { 'Sec-WebSocket-Version': '13, 8' }],
    [426, 'a version that is no number', { 'Sec-WebSocket-Version': 'latest' }],
  ])('%i with %s', async (status, _, headers) => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, PATH, headers);
    expect(socket.status).toBe(status);
    expect(socket.head).toMatch(/\r\nContent-Type: application\/json/i);
    expect(/\r\nSec-WebSocket-Version: 13\r\n/i.test(socket.head)).toBe(status === 426);
    expect(await bodyOf(socket)).toEqual({ error: expect.stringMatching(/\.$/) });
    await expectNothingLeftOpen(server);
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'])(
    '405 with Allow when the method is %s',
    async (method) => {
      const server = await reusedServer();
      const socket = await rawUpgrade(server.port, PATH, {}, { method });
      expect(socket.status).toBe(405);
      expect(socket.head).toMatch(/\r\nAllow: GET\r\n/i);
      await socket.expectDropped();
      await expectNothingLeftOpen(server);
    },
  );

  it.each([
    '/',
    '/app',
    '/app/',
    '/app//',
    '/app/app-key/',
    '/app/app-key/more',
    '/App/app-key',
    '/apps/app-id/events',
    '/up',
    '/app/%E0%A4%A',
    '/../app/app-key',
    '//app/app-key',
    '*',
    'http://127.0.0.1/nowhere/app/app-key',
  ])('404 at the path %s', async (path) => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, path);
    expect(socket.status).toBe(404);
    expect(await bodyOf(socket)).toEqual({ error: expect.any(String) });
    await expectNothingLeftOpen(server);
  });

  it('426 when there is no upgrade in the request', async () => {
    const server = await reusedServer();
    const answer = await plainRequest(server.httpUrl, 'GET', PATH);
    expect(answer).toMatchObject({
      status: 426,
      headers: { upgrade: 'websocket' },
      json: { error: expect.any(String) },
    });
    const halfhearted = await rawUpgrade(server.port, PATH, { Connection: 'close' });
    expect(halfhearted.status).toBe(426);
    await halfhearted.expectDropped();
  });

  it('400 when it is no HTTP at all', async () => {
    const server = await reusedServer();
    for (const bytes of ['nonsense\r\n\r\n', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])]) {
      const { statuses, isClosed } = await rawHttp(server.port, bytes);
      expect([statuses, isClosed]).toEqual([[400], true]);
    }
    await expectNothingLeftOpen(server);
  });

  it('431 when the head is too large', async () => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, PATH, { Cookie: 'x'.repeat(20_000) });
    expect(socket.status).toBe(431);
    await socket.expectDropped();
  });

  it('and is counted nowhere and logged nowhere', async () => {
    const server = await startServer({ REVERB_APP_MAX_CONNECTIONS: '1' });
    for (let i = 0; i < 3; i++) {
      const socket = await rawUpgrade(server.port, PATH, { 'Sec-WebSocket-Key': 'bad' });
      await socket.expectDropped();
    }
    await PusherClient.connect(server);
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });
});

describe('An upgrade that never ends', () => {
  const HALF = `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;

  it.each([
    ['a head that stops', HALF],
    ['a request line that stops', 'GET /app/app-key'],
    ['silence', ''],
  ])('ends with 408 when it is %s', async (_, bytes) => {
    const server = await reusedServer({ REVERB_REQUEST_TIMEOUT: '1' });
    const { statuses, isClosed } = await rawHttp(server.port, bytes, { timeoutMs: 6_000 });
    expect([statuses, isClosed]).toEqual([[408], true]);
    await expectNothingLeftOpen(server);
  });

  it('ends with 408 when it drips in', async () => {
    const server = await reusedServer({ REVERB_REQUEST_TIMEOUT: '1' });
    const socket = await RawSocket.open(server.port);
    socket.write(HALF);
    const drip = setInterval(() => socket.write('X: y\r\n'), 50);
    try {
      await socket.expectDropped(6_000);
    } finally {
      clearInterval(drip);
    }
    expect(socket.statuses).toEqual([408]);
  });

  it('ends when the client gives up in the middle', async () => {
    const server = await reusedServer();
    for (const reset of [false, true]) {
      const socket = await RawSocket.open(server.port);
      socket.write(HALF);
      await eventually(async () => expect(await openSockets(server.app)).toBe(1));
      await socket.destroy({ reset });
      await expectNothingLeftOpen(server);
    }
  });

  it('leaves no connection behind when the client is gone before the answer', async () => {
    const server = await reusedServer();
    const request = `${HALF}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const socket = await RawSocket.open(server.port);
        socket.write(request);
        await socket.destroy({ reset: i % 2 === 0 });
      }),
    );
    await expectNothingLeftOpen(server);
    const { json } = await signedRequest(server, 'GET', 'connections');
    expect(json).toEqual({ connections: 0 });
    expect(server.logs.of('error')).toEqual([]);
  });
});

describe('An upgrade', () => {
  const UPGRADE =
    'Host: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

  it('may follow a plain request on the same connection', async () => {
    const server = await reusedServer();
    const socket = await RawSocket.open(server.port);
    socket.write('GET /up HTTP/1.1\r\nHost: x\r\n\r\n');
    await socket.waitUntil(() => socket.text.includes('OK'));
    socket.write(`GET ${PATH} HTTP/1.1\r\n${UPGRADE}`);
    await socket.waitUntil(() => socket.text.includes('connection_established'));
    expect(socket.statuses).toEqual([200, 101]);
  });

  it('is not turned down for what stands in other headers', async () => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, PATH, {
      Host: 'anything.example',
      Cookie: 'a=b',
      'Content-Type': 'text/plain',
      'X-Forwarded-For': 'fe80::1%x, , 999.1.1.1',
      'Sec-WebSocket-Protocol': 'pusher, chat',
      'Sec-WebSocket-Extensions': 'nonsense',
    });
    expect(socket.status).toBe(101);
    expect((await socket.nextFrame()).text).toContain('connection_established');
  });
});

describe('The path prefix', () => {
  it('stands before every path', async () => {
    const server = await reusedServer({ REVERB_SERVER_PATH: '/reverb/v1' });
    expect(server.url).toMatch(/\/reverb\/v1$/);
    await PusherClient.connect(server);
    for (const path of ['/app/app-key', '/reverb/app/app-key', '/reverb/v1app/app-key']) {
      expect((await rawUpgrade(server.port, path)).status).toBe(404);
    }
    expect((await plainRequest(server.httpUrl, 'GET', '/app/app-key')).status).toBe(426);
    expect((await signedRequest(server, 'GET', 'connections')).json).toEqual({ connections: 1 });
  });
});

describe('A request line with the whole URL, as a proxy may send it', () => {
  it('connects like any other', async () => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, 'http://example.test/app/app-key?protocol=7');
    expect(socket.status).toBe(101);
    expect((await socket.nextFrame()).text).toContain('pusher:connection_established');
  });
});
