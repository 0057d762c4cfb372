import { gzipSync } from 'node:zlib';
import { api, expectRefusal } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { rawHttp, RawSocket } from './harness/raw-socket.js';
import { plainRequest, signedRequest, signedUrl } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const BODY = '{"name":"e","channel":"c","data":"d"}';

/** The head of a signed publish of {@link BODY}, without the empty line at its end. */
const publishHead = (
  server: SharedServer,
  headers: readonly string[] = [`Content-Length: ${BODY.length}`],
) =>
  [
    `POST ${signedUrl(server, 'POST', 'events', { body: BODY })} HTTP/1.1`,
    'Host: a',
    ...headers,
  ].join('\r\n');

const getHead = (server: SharedServer, path = 'channels') =>
  `GET ${signedUrl(server, 'GET', path)} HTTP/1.1\r\nHost: a`;

const END = '\r\n\r\n';

/** Starts a server and a client that is subscribed to the channel of {@link BODY}. */
async function withSubscriber(variables: Record<string, string> = {}) {
  const server = await sharedServer(variables);
  const client = await PusherClient.connect(server);
  await client.subscribe('c');
  return { server, client };
}

describe('a connection is kept for further requests', () => {
  it('one after the other, whatever is answered', async () => {
    const { server, client } = await withSubscriber();
    const socket = await RawSocket.open(server.port);
    const requests: [string, number][] = [
      [publishHead(server) + END + BODY, 200],
      [getHead(server) + END, 200],
      [`POST /apps/${server.appId}/events HTTP/1.1\r\nHost: a\r\nContent-Length: 3${END}abc`, 401],
      [`PUT /apps/${server.appId}/events HTTP/1.1\r\nHost: a\r\nContent-Length: 3${END}abc`, 405],
      [`GET /nowhere HTTP/1.1\r\nHost: a${END}`, 404],
      [getHead(server, 'channels/b%20ad') + END, 400],
      [`GET /up HTTP/1.1\r\nHost: a${END}`, 200],
      [publishHead(server) + END + BODY, 200],
    ];
    for (const [i, [bytes]] of requests.entries()) {
      socket.write(bytes);
      await socket.waitUntil(() => socket.statuses.length > i);
    }
    expect(socket.statuses).toEqual(requests.map(([, status]) => status));
    expect(socket.isClosed).toBe(false);
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(2);
  });

  it('pipelined, and answered in order', async () => {
    const { server, client } = await withSubscriber();
    const bytes = [
      getHead(server) + END,
      publishHead(server) + END + BODY,
      `GET /nowhere HTTP/1.1\r\nHost: a${END}`,
      publishHead(server) + END + BODY,
      `GET /up HTTP/1.1\r\nHost: a\r\nConnection: close${END}`,
    ];
    const reply = await rawHttp(server.port, bytes.join(''));
    expect(reply.statuses).toEqual([200, 200, 404, 200, 200]);
    expect(reply.isClosed).toBe(true);
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(2);
  });

  it('after a body that was too large', async () => {
    const { server } = await withSubscriber({ REVERB_MAX_REQUEST_SIZE: '10' });
    const bytes = `${publishHead(server)}${END}${BODY}GET /up HTTP/1.1\r\nHost: a\r\nConnection: close`;
    const reply = await rawHttp(server.port, bytes + END);
    expect(reply.statuses).toEqual([413, 200]);
  });

  it('unless the client wants none, by header or by HTTP/1.0', async () => {
    const { server } = await withSubscriber();
    const closing = await rawHttp(server.port, `${getHead(server)}\r\nConnection: close${END}`);
    expect([closing.statuses, closing.isClosed]).toEqual([[200], true]);
    const old = await rawHttp(server.port, getHead(server).replace('HTTP/1.1', 'HTTP/1.0') + END);
    expect([old.statuses, old.isClosed]).toEqual([[200], true]);
  });
});

describe('a body arrives', () => {
  it('in one piece or byte by byte', async () => {
    const { server, client } = await withSubscriber();
    const socket = await RawSocket.open(server.port);
    for (const byte of publishHead(server) + END + BODY) socket.write(byte);
    await socket.waitUntil(() => socket.statuses.length > 0);
    expect(socket.statuses).toEqual([200]);
    await client.expectFrame('e');
  });

  it('in chunks, with extensions and trailers', async () => {
    const { server, client } = await withSubscriber();
    const half = BODY.length >> 1;
    const hex = (text: string) => text.length.toString(16);
    const [first, second] = [BODY.slice(0, half), BODY.slice(half)];
    const chunks = `${hex(first)};a=b\r\n${first}\r\n${hex(second)}\r\n${second}\r\n0\r\nX-T: 1${END}`;
    const head = publishHead(server, ['Transfer-Encoding: chunked', 'Connection: close']);
    expect((await rawHttp(server.port, head + END + chunks)).statuses).toEqual([200]);
    await client.expectFrame('e');
    const response = await signedRequest(server, 'POST', 'events', { body: BODY, chunked: true });
    expect(response.status).toBe(200);
  });

  it('in chunks that are too many, and is refused with 413', async () => {
    const server = await sharedServer({ REVERB_MAX_REQUEST_SIZE: '100' });
    const body = ' '.repeat(101);
    const response = await signedRequest(server, 'POST', 'events', { body, chunked: true });
    expectRefusal(response, 413);
  });

  it('after 100 Continue was given to who waits for it', async () => {
    const { server, client } = await withSubscriber();
    const socket = await RawSocket.open(server.port);
    const length = `Content-Length: ${BODY.length}`;
    socket.write(publishHead(server, [length, 'Expect: 100-continue']) + END);
    await socket.waitUntil(() => socket.text.includes(`HTTP/1.1 100 Continue${END}`));
    socket.write(BODY);
    await socket.waitUntil(() => socket.statuses.length > 1);
    expect(socket.statuses).toEqual([100, 200]);
    await client.expectFrame('e');
  });

  it.each([
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/json; charset=nonsense',
    'nonsense',
    '',
  ])('as JSON, whatever its content type says: %j', async (type) => {
    const { server, client } = await withSubscriber();
    const options = { body: BODY, headers: { 'Content-Type': type } };
    expect((await signedRequest(server, 'POST', 'events', options)).json).toEqual({});
    await client.expectFrame('e');
  });

  it('as the bytes that were signed: compressed ones are no JSON', async () => {
    const server = await startServer();
    const headers = { 'Content-Encoding': 'gzip' };
    for (const body of [
      gzipSync(BODY),
      Buffer.from([0x1f, 0x8b, 0xff, 0]),
      Buffer.alloc(50, 255),
    ]) {
      expectRefusal(await signedRequest(server, 'POST', 'events', { body, headers }), 400, 'JSON');
    }
    expect(server.logs.of('error')).toEqual([]);
  });

  it('even with a GET, where it is signed but not read', async () => {
    const server = await sharedServer();
    const options = { body: '{"any":"thing"}' };
    expect((await signedRequest(server, 'GET', 'channels', options)).json).toEqual({
      channels: {},
    });
    const unsigned = signedUrl(server, 'GET', 'channels');
    expectRefusal(await plainRequest(server.httpUrl, 'GET', unsigned, options), 401, 'body_md5');
  });
});

describe('a request that does not arrive within REVERB_REQUEST_TIMEOUT ends with 408', () => {
  const parts: [string, (server: SharedServer) => string][] = [
    ['half a request line', () => 'POST /apps/app'],
    ['half a head', (server) => `${publishHead(server)}\r\n`],
    ['a head without its body', (server) => publishHead(server) + END],
    ['half a body', (server) => publishHead(server) + END + BODY.slice(0, 9)],
    [
      'half a chunk',
      (server) => `${publishHead(server, ['Transfer-Encoding: chunked'])}${END}ff\r\n{`,
    ],
  ];

  it.each(parts)('after %s', async (_, bytesFor) => {
    const { server, client } = await withSubscriber({ REVERB_REQUEST_TIMEOUT: '1' });
    const started = performance.now();
    const reply = await rawHttp(server.port, bytesFor(server), { timeoutMs: 6_000 });
    expect([reply.statuses, reply.isClosed]).toEqual([[408], true]);
    expect(reply.text).toContain('{"error":"The request took too long to arrive."}');
    expect(performance.now() - started).toBeGreaterThan(900);
    await client.roundTrip();
    expect(client.framesLike('e')).toEqual([]);
    expect(server.logs.of('error')).toEqual([]);
  });
});

describe('a client that breaks off', () => {
  it('in the middle of its body delivers nothing and harms nobody', async () => {
    const { server, client } = await withSubscriber();
    for (const reset of [false, true]) {
      const socket = await RawSocket.open(server.port);
      socket.write(publishHead(server) + END + BODY.slice(0, -1));
      await api(server, 'GET', 'channels').expect(200);
      await socket.destroy({ reset });
    }
    await api(server, 'POST', 'events', { body: { ...JSON.parse(BODY), name: 'after' } }).expect(
      200,
    );
    await client.expectFrame('after');
    expect(client.framesLike('e')).toEqual([]);
    expect(server.logs.of('error')).toEqual([]);
  });

  it('after its request was whole has published', async () => {
    const { server, client } = await withSubscriber();
    const socket = await RawSocket.open(server.port);
    socket.write(publishHead(server) + END + BODY);
    socket.end();
    await client.expectFrame('e');
  });
});

describe('what is not HTTP is refused with 400 and harms nobody', () => {
  it.each([
    ['noise', '\u0000\u0001\u0002\r\n\r\n'],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n'],
    ['a strange version', 'GET /up HTTP/9.9\r\nHost: a\r\n\r\n'],
    ['an unknown method', 'GRAB /up HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a blank in a header name', 'GET /up HTTP/1.1\r\nHo st: a\r\n\r\n'],
    ['a line end in a header', 'GET /up HTTP/1.1\r\nHost: a\rb\r\n\r\n'],
    ['a length that is no number', 'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n'],
    ['two lengths', 'POST /up HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [
      'length and chunks, as smugglers send it',
      'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a bad chunk', 'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n'],
    ['no Host', 'GET /up HTTP/1.1\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const server = await startServer();
    const reply = await rawHttp(server.port, Buffer.from(bytes, 'latin1'));
    expect(reply.isClosed).toBe(true);
    expect(reply.statuses.at(-1)).toBe(400);
    await api(server, 'GET', 'channels').expect(200);
    expect(server.logs.of('error')).toEqual([]);
  });

  it('with 431 where the head is too large, 417 where too much is expected', async () => {
    const server = await sharedServer();
    const long = `GET /up?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a${END}`;
    expect((await rawHttp(server.port, long)).statuses).toEqual([431]);
    const large = `GET /up HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}${END}`;
    expect((await rawHttp(server.port, large)).statuses).toEqual([431]);
    const wish = `GET /up HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: tea${END}`;
    expect((await rawHttp(server.port, wish)).statuses).toEqual([417]);
  });
});

describe('a path is read', () => {
  it('as it stands in front of a proxy too: with scheme and host', async () => {
    const { server } = await withSubscriber();
    const absolute = getHead(server).replace('GET ', 'GET http://proxied.example');
    const reply = await rawHttp(server.port, `${absolute}\r\nConnection: close${END}`);
    expect(reply.statuses).toEqual([200]);
  });

  it('with malformed escapes, and found nowhere', async () => {
    const server = await startServer();
    for (const path of [
      '/%',
      '/%zz',
      '/apps/%zz/events',
      '/%ff%fe',
      '/up%',
      '/up%00',
      '*',
      '/\\',
    ]) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close${END}`;
      const { statuses, text } = await rawHttp(server.port, bytes);
      expect([400, 404, 405]).toContain(statuses[0]);
      expect(text).toMatch(/\{"error":"[^"]+"\}/);
    }
    expect(server.logs.of('error')).toEqual([]);
  });

  it('through a proxy that says Connection: upgrade of everything', async () => {
    const { server } = await withSubscriber();
    const bytes = `${getHead(server)}\r\nConnection: upgrade${END}`;
    const isAnswered = (text: string) => text.includes('channels');
    expect((await rawHttp(server.port, bytes, { until: isAnswered })).statuses).toEqual([200]);
  });
});

describe('an upgrade that is only offered, as some HTTP clients do with every request', () => {
  const OFFER = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];

  it.each([
    ['in one piece', 1],
    ['in pieces', 7],
  ])('is ignored, and the request served: %s', async (_, pieces) => {
    const { server, client } = await withSubscriber();
    const socket = await RawSocket.open(server.port);
    const headers = [...OFFER, `Content-Length: ${BODY.length}`];
    for (let served = 1; served <= 2; served++) {
      const request = publishHead(server, headers) + END + BODY;
      const head = request.length - BODY.length;
      socket.write(request.slice(0, head));
      const size = Math.ceil(BODY.length / pieces);
      for (let at = head; at < request.length; at += size) {
        socket.write(request.slice(at, at + size));
      }
      const answered = served;
      await socket.waitUntil(() => socket.statuses.length === answered);
      expect(socket.statuses.at(-1)).toBe(200);
      await client.expectFrame('e', { channel: 'c' });
    }
  });

  it('does not make a WebSocket of the path for one', async () => {
    const server = await startServer();
    const head = ['GET /app/app-key HTTP/1.1', 'Host: a', ...OFFER].join('\r\n');
    const socket = await RawSocket.open(server.port);
    socket.write(head + END);
    await socket.waitUntil(() => socket.statuses.length === 1);
    expect(socket.statuses).toEqual([426]);
    socket.write(`GET /up HTTP/1.1\r\nHost: a${END}`);
    await socket.waitUntil(() => socket.statuses.length === 2);
    expect(socket.statuses).toEqual([426, 200]);
  });
});
