import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { closeAll, eventually, registerForClose } from './eventually.js';
import { PusherClient, WEBSOCKET_PING, authSignature, channelAuth } from './pusher-client.js';
import { OPCODE, closePayload, frame, rawHttp, rawUpgrade, RawSocket } from './raw-socket.js';
import { plainRequest, signedRequest, signedUrl, signQuery } from './signed-request.js';
import type { Json } from './signed-request.js';

const APP = { appId: '3', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };

/** Just enough of a Pusher server to see what the harness says and hears. */
class TinyServer {
  readonly heard: { text: string; isBinary: boolean }[] = [];
  readonly sockets: WebSocket[] = [];
  readonly requests: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  readonly ports = new Set<number | undefined>();
  readonly key = APP.key;
  readonly secret = APP.secret;
  readonly appId = APP.appId;

  private constructor(
    private readonly http: Server,
    readonly webSockets = new WebSocketServer({ noServer: true, maxPayload: 1_000 }),
  ) {}

  static async start(): Promise<TinyServer> {
    const http = createServer((incoming, response) => void server.answer(incoming, response));
    const server = new TinyServer(http);
    http.on('upgrade', (incoming, socket, head) => {
      if (incoming.url?.startsWith('/nowhere')) {
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope');
        return;
      }
      server.webSockets.handleUpgrade(incoming, socket, head, (ws) => server.greet(ws, incoming));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/prefix`;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.sockets.forEach((socket) => socket.terminate());
    await new Promise((resolve) => this.http.close(resolve));
  }

  private greet(ws: WebSocket, incoming: IncomingMessage): void {
    this.sockets.push(ws);
    ws.on('error', () => undefined);
    this.requests.push({ url: incoming.url ?? '', headers: incoming.headers, body: '' });
    if (incoming.url?.includes('unknown')) {
      ws.send('{"event":"pusher:error","data":"{\\"code\\":4001,\\"message\\":\\"No app\\"}"}');
      ws.close(4001, 'No app');
      return;
    }
    const data = JSON.stringify({ socket_id: '12.34', activity_timeout: 30 });
    ws.send(JSON.stringify({ event: 'pusher:connection_established', data }));
    ws.on('message', (bytes, isBinary) => {
      this.heard.push({ text: bytes.toString(), isBinary });
      this.reply(ws, JSON.parse(bytes.toString()));
    });
  }

  private reply(ws: WebSocket, { event, data }: Json): void {
    const send = (answer: string, channel?: string, json: Json = {}): void =>
      ws.send(JSON.stringify({ event: answer, channel, data: JSON.stringify(json) }));
    if (event === 'pusher:ping') {
      send('pusher:pong');
    } else if (event === 'pusher:signin') {
      send('pusher:signin_success', undefined, { user_data: data.user_data });
    } else if (event === 'pusher:subscribe' && data.channel.includes('forbidden')) {
      send('pusher:subscription_error', data.channel, { type: 'AuthError', status: 401 });
      send('pusher:error', undefined, { code: 4009 });
    } else if (event === 'pusher:subscribe') {
      send('pusher_internal:subscription_succeeded', data.channel);
    }
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming) {
      body += String(chunk);
    }
    this.ports.add(incoming.socket.remotePort);
    this.requests.push({ url: incoming.url ?? '', headers: incoming.headers, body });
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ method: incoming.method, url: incoming.url }));
  }
}

let server: TinyServer;

beforeEach(async () => {
  server = await TinyServer.start();
});

afterEach(async () => {
  await closeAll();
  await server.stop();
});

describe('PusherClient connects like a stock client', () => {
  it('and knows its socket id', async () => {
    const client = await PusherClient.connect(server);
    expect(client.socketId).toBe('12.34');
    expect(client.activityTimeout).toBe(30);
    expect(server.requests[0]?.url).toBe(
      `/prefix/app/${APP.key}?protocol=7&client=js&version=8.6.0&flash=false`,
    );
  });

  it('with another query, none, another path and headers', async () => {
    await PusherClient.connect(server, { query: { protocol: 8, flash: undefined } });
    await PusherClient.connect(server, { query: false, headers: { Origin: 'https://a.example' } });
    await PusherClient.connect(server, { path: '/elsewhere', query: { version: 'ä b' } });
    expect(server.requests.map(({ url }) => url)).toEqual([
      `/prefix/app/${APP.key}?protocol=8&client=js&version=8.6.0`,
      `/prefix/app/${APP.key}`,
      '/elsewhere?protocol=7&client=js&version=%C3%A4+b&flash=false',
    ]);
    expect(server.requests[1]?.headers.origin).toBe('https://a.example');
  });

  it('and says how it was refused', async () => {
    const { errorFrame, closeCode } = await PusherClient.refused({
      url: server.url,
      key: 'unknown',
    });
    expect(errorFrame.json).toEqual({ code: 4001, message: 'No app' });
    expect(closeCode).toBe(4001);
    await expect(PusherClient.refused(server)).rejects.toThrow('pusher:error as first frame');
    await expect(PusherClient.connect({ url: server.url, key: 'unknown' })).rejects.toThrow(
      /closed with 4001 "No app".*pusher:error/s,
    );
    await expect(PusherClient.connect(server, { path: '/nowhere' })).rejects.toThrow(
      'HTTP 404 nope',
    );
    const failed = await PusherClient.failedUpgrade(server, { path: '/nowhere' });
    expect(failed).toMatchObject({ status: 404, text: 'nope', headers: { 'content-length': '4' } });
  });
});

describe('PusherClient expects frames', () => {
  it('each once, in the order of arrival, and decodes data', async () => {
    const client = await PusherClient.connect(server);
    for (const n of ['1', '2', 'plain']) {
      server.sockets[0]?.send(JSON.stringify({ event: 'e', channel: 'c', data: n }));
    }
    server.sockets[0]?.send(JSON.stringify({ event: 'e', channel: 'd', data: { a: 1 } }));
    expect((await client.expectFrame('e', { channel: 'd' })).json).toEqual({ a: 1 });
    expect((await client.expectFrame('e')).json).toBe(1);
    expect((await client.expectFrame((f) => f.data === 'plain')).json).toBe('plain');
    expect(client.pendingFrames.map(({ raw }) => raw)).toEqual([
      '{"event":"e","channel":"c","data":"2"}',
    ]);
    await expect(client.expectSilence(20)).rejects.toThrow('Expected not to get');
    client.discardPending();
    await client.expectSilence(20);
    expect(client.framesLike({ channel: 'c' })).toHaveLength(3);
  });

  it('and lists what came instead', async () => {
    const client = await PusherClient.connect(server);
    server.sockets[0]?.send('{"event":"other"}');
    await expect(client.expectFrame('wanted', { channel: 'c', timeoutMs: 30 })).rejects.toThrow(
      /Expected to get wanted on c\. Connection open; it received:.*\(taken\)\n {2}{"event":"other"}/s,
    );
    await client.expectNoFrame('wanted', 20);
    await expect(client.expectNoFrame('other', 20)).rejects.toThrow('not to get other');
    const late = client.expectNoFrame({ event: 'late' });
    server.sockets[0]?.send('{"event":"late"}');
    await expect(late).rejects.toThrow('late');
  });

  it('and gives up at once when the connection closes', async () => {
    const client = await PusherClient.connect(server);
    const waiting = client.expectFrame('wanted', { timeoutMs: 60_000 });
    const silence = client.expectSilence(60_000);
    server.sockets[0]?.close(4200, 'bye');
    await expect(waiting).rejects.toThrow('closed with 4200 "bye"');
    await expect(silence).rejects.toThrow('but the connection closed');
    expect(await client.expectClose(4200)).toMatchObject({ code: 4200, reason: 'bye' });
    await expect(client.expectClose(4201)).rejects.toThrow('Expected to be closed with 4201');
  });

  it('records PINGs among them and answers pusher:ping only if told to', async () => {
    const silent = await PusherClient.connect(server);
    const lively = await PusherClient.connect(server, { autoPong: true });
    for (const socket of server.sockets) {
      socket.ping('hi');
      socket.send('{"event":"pusher:ping"}');
    }
    expect((await silent.expectFrame(WEBSOCKET_PING)).raw).toBe('hi');
    await silent.expectFrame('pusher:ping');
    await lively.roundTrip();
    expect(lively.pendingFrames.map(({ event }) => event)).toEqual([WEBSOCKET_PING]);
    expect(server.heard.filter(({ text }) => text.includes('pong'))).toHaveLength(1);
  });
});

describe('PusherClient speaks the protocol', () => {
  it('subscribes, signed where needed', async () => {
    const client = await PusherClient.connect(server);
    expect((await client.subscribe('c')).json).toEqual({});
    await client.subscribePrivate('private-c', server);
    await client.subscribePresence('presence-c', { user_id: 1 }, server);
    client.unsubscribe('c');
    await client.roundTrip();
    expect(server.heard.map(({ text }) => JSON.parse(text).data)).toEqual([
      { channel: 'c' },
      { channel: 'private-c', ...channelAuth(APP, '12.34', 'private-c') },
      {
        channel: 'presence-c',
        auth: authSignature(APP.key, APP.secret, '12.34:presence-c:{"user_id":1}'),
        channel_data: '{"user_id":1}',
      },
      { channel: 'c' },
      {},
    ]);
  });

  it('tells a refused subscription from a granted one', async () => {
    const client = await PusherClient.connect(server);
    expect((await client.subscribeRefused('forbidden')).json.status).toBe(401);
    await client.expectError(4009);
    await expect(client.subscribe('forbidden')).rejects.toThrow('Expected to subscribe');
    await expect(client.subscribeRefused('open')).rejects.toThrow('not to be let into open');
  });

  it('signs in, triggers and sends text and bytes as they are', async () => {
    const client = await PusherClient.connect(server);
    await client.signin({ id: '1' }, server);
    client.trigger('client-a', 'c', { b: 1 });
    client.send('{ "event":"x" }');
    client.send(Buffer.from('{"event":"y"}'));
    await client.roundTrip();
    const auth = authSignature(APP.key, APP.secret, '12.34::user::{"id":"1"}');
    expect(server.heard.slice(0, 4)).toEqual([
      { text: expect.stringContaining(auth), isBinary: false },
      { text: '{"event":"client-a","channel":"c","data":{"b":1}}', isBinary: false },
      { text: '{ "event":"x" }', isBinary: false },
      { text: '{"event":"y"}', isBinary: true },
    ]);
  });

  it('closes, drops, pings and stops reading', async () => {
    const codes: number[] = [];
    const polite = await PusherClient.connect(server);
    const rude = await PusherClient.connect(server);
    const deaf = await PusherClient.connect(server);
    server.sockets.forEach((socket) => socket.on('close', (code) => codes.push(code)));
    expect((await polite.ping('abc')).raw).toBe('abc');
    deaf.pauseReading();
    server.sockets[2]?.send('{"event":"e"}');
    await deaf.expectSilence(30);
    deaf.resumeReading();
    await deaf.expectFrame('e');
    deaf.pauseReading();
    expect(await polite.close(1000)).toMatchObject({ code: 1000 });
    await rude.terminate();
    await eventually(() => expect(codes).toEqual([1000, 1006]));
  });
});

describe('signedRequest', () => {
  const vector = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
  const signature = 'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c';
  const options = { body: vector, timestampSeconds: 1353088179 };
  const params = (query: string): Record<string, string> =>
    Object.fromEntries(new URLSearchParams(query));

  it('signs the published vector', () => {
    expect(params(signQuery(APP, 'POST', 'events', options))).toEqual({
      auth_key: APP.key,
      auth_timestamp: '1353088179',
      auth_version: '1.0',
      body_md5: 'ec365a775a4cd0599faeb73354201b6f',
      auth_signature: signature,
    });
  });

  it('gets every part wrong on request', () => {
    const spoilt = (tamper: object, more: object = {}): Record<string, string> =>
      params(signQuery(APP, 'POST', 'events', { ...options, ...more, tamper }));
    expect(spoilt({ upperCaseHex: true })['auth_signature']).toBe(signature.toUpperCase());
    expect(spoilt({ signature: 'x' })['auth_signature']).toBe('x');
    expect(spoilt({ bodyMd5: null })).not.toHaveProperty('body_md5');
    expect(spoilt({ bodyMd5: 'x' })['body_md5']).toBe('x');
    expect(spoilt({ afterSigning: { auth_key: null, info: 'a' } })).toMatchObject({ info: 'a' });
    expect(spoilt({ afterSigning: { auth_key: null } })).not.toHaveProperty('auth_key');
    expect(spoilt({ version: '2.0', timestamp: 'now' })).toMatchObject({
      auth_version: '2.0',
      auth_timestamp: 'now',
    });
    for (const tamper of [
      { key: 'k' },
      { secret: 's' },
      { version: '2.0' },
      { signedPath: '/x' },
      { signedMethod: 'GET' },
      { stringToSign: (text: string) => `${text}&` },
    ]) {
      expect(spoilt(tamper)['auth_signature']).not.toBe(signature);
    }
    const query = { query: { a: 'b c' } };
    expect(spoilt({ signEncodedValues: true }, query)).not.toEqual(spoilt({}, query));
  });

  it('signs arrays joined with commas and sends them in three styles', () => {
    const signed: string[] = [];
    const stringToSign = (text: string): string => (signed.push(text), text);
    const sent = (['brackets', 'indexed', 'repeated'] as const).map((arrayStyle) => {
      const query = { Info: ['a', 'b'] };
      return decodeURIComponent(
        signQuery(APP, 'GET', 'channels', { query, arrayStyle, tamper: { stringToSign } }),
      ).split('&auth_key')[0];
    });
    expect(sent).toEqual(['Info[]=a&Info[]=b', 'Info[0]=a&Info[1]=b', 'Info=a&Info=b']);
    expect(signed[0]).toMatch(/^GET\n\/apps\/3\/channels\nauth_key=.*&auth_version=1\.0&info=a,b$/);
  });

  it('makes requests over a connection it keeps', async () => {
    const body = { name: 'ä' };
    const first = await signedRequest(server, 'POST', 'events', { body, chunked: true });
    expect(first).toMatchObject({ status: 200, json: { method: 'POST' } });
    expect(first.headers['content-type']).toBe('application/json');
    await signedRequest(server, 'GET', '/apps/9/channels', { headers: { 'X-A': 'b' } });
    await plainRequest(`${server.httpUrl}/prefix/`, 'GET', '/up');
    expect(server.ports.size).toBe(1);
    expect(server.requests).toMatchObject([
      { body: '{"name":"ä"}', headers: { 'transfer-encoding': 'chunked' } },
      { url: expect.stringMatching(/^\/apps\/9\/channels\?auth_key/), headers: { 'x-a': 'b' } },
      { url: '/prefix/up', body: '' },
    ]);
  });

  it('signs addresses for supertest', async () => {
    const response = await request(server.httpUrl)
      .post(signedUrl(server, 'POST', 'events', options))
      .set('Content-Type', 'application/json')
      .send(vector);
    expect(response.body.url).toContain(signature);
    expect(server.requests[0]?.body).toBe(vector);
  });
});

describe('raw sockets', () => {
  const path = `/app/${APP.key}`;

  it('speak broken HTTP and return all that came back', async () => {
    const twice =
      'GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const reply = await rawHttp(server.port, twice);
    expect(reply).toMatchObject({ statuses: [200, 200], isClosed: true });
    expect(reply.text).toContain('"url":"/b"');
    const half = await rawHttp(server.port, 'GET /a HT', { timeoutMs: 30 });
    expect(half).toEqual({ text: '', statuses: [], isClosed: false });
    const socket = await RawSocket.open(server.port);
    socket.write('nonsense\r\n\r\n');
    await socket.expectDropped();
    expect(socket.statuses).toEqual([400]);
  });

  it('upgrade by hand, with any header', async () => {
    const socket = await rawUpgrade(server.port, path);
    expect(socket.status).toBe(101);
    expect((await socket.nextFrame()).text).toContain('connection_established');
    const refused = await rawUpgrade(server.port, path, { 'sec-websocket-key': null });
    expect(refused.status).toBe(400);
    const old = await rawUpgrade(server.port, path, { 'Sec-WebSocket-Version': '7' });
    expect(old.head).toMatch(/^HTTP\/1\.1 4\d\d .*\r\n\r\n$/s);
  });

  it('send well-formed frames of every size, in fragments too', async () => {
    const socket = await rawUpgrade(server.port, path);
    const payloads = ['', 'x'.repeat(100), 'x'.repeat(800)].map((x) => `{"event":"${x}"}`);
    payloads.forEach((payload) => socket.sendFrame(payload));
    socket.sendFrame({ fin: false, payload: '{"event":' });
    socket.sendFrame({ opcode: OPCODE.ping, payload: 'hi' });
    socket.sendFrame({ opcode: OPCODE.continuation, payload: '"z"}', lengthBits: 16 });
    await eventually(() => expect(server.heard).toHaveLength(4));
    expect(server.heard.map(({ text }) => text)).toEqual([...payloads, '{"event":"z"}']);
    await socket.nextFrame();
    expect(await socket.nextFrame()).toMatchObject({ opcode: OPCODE.pong, text: 'hi', fin: true });
    server.sockets[0]?.send('y'.repeat(70_000));
    expect((await socket.nextFrame()).payload).toHaveLength(70_000);
    socket.sendFrame({ opcode: OPCODE.close, payload: closePayload(1000, 'bye') });
    expect((await socket.expectClose(1000)).frames).toEqual([]);
    await socket.expectDropped();
  });

  it.each([
    ['unmasked', frame({ mask: false, payload: '{}' }), 1002],
    ['reserved bits', frame({ rsv: 4, payload: '{}' }), 1002],
    ['a bad opcode', frame({ opcode: 3 }), 1002],
    ['a stray continuation', frame({ opcode: 0 }), 1002],
    ['a fragmented control frame', frame({ opcode: 9, fin: false }), 1002],
    ['a close code that does not exist', frame({ opcode: 8, payload: closePayload(999) }), 1002],
    ['invalid UTF-8', frame({ payload: Buffer.from([0xc3, 0x28]) }), 1007],
    ['too much', frame({ payload: 'x'.repeat(1_001) }), 1009],
    ['a length of 2^62', frame({ lengthOverride: 2n ** 62n }), 1009],
  ])('send %s', async (_name, bytes, code) => {
    const socket = await rawUpgrade(server.port, path);
    socket.write(bytes);
    const { frames } = await socket.expectClose(code);
    expect(frames).toHaveLength(1);
  });

  it('say what they got instead of a close', async () => {
    const socket = await rawUpgrade(server.port, path);
    const waiting = socket.expectClose(1002);
    server.sockets[0]?.terminate();
    await expect(waiting).rejects.toThrow('Connection closed');
    const other = await rawUpgrade(server.port, path);
    server.sockets[1]?.close(1001, 'moved');
    await expect(other.expectClose(1002)).rejects.toThrow('closed with 1001 moved');
  });
});

describe('eventually', () => {
  it('tries until it holds', async () => {
    let n = 0;
    expect(await eventually(() => (expect((n += 1)).toBe(3), n), { everyMs: 1 })).toBe(3);
  });

  it('gives up with the last failure, and on what never settles', async () => {
    const failing = (): void => expect(1).toBe(2);
    await expect(eventually(failing, { withinMs: 30 })).rejects.toThrow(/after 30 ms: .*Expected/s);
    const hanging = eventually(() => new Promise(() => undefined), { withinMs: 30 });
    await expect(hanging).rejects.toThrow('did not settle');
  });
});

describe('closeAll', () => {
  it('closes clients, sockets and agents, newest first, and survives a failure', async () => {
    const order: string[] = [];
    registerForClose(() => order.push('first'));
    const client = await PusherClient.connect(server);
    const deaf = await PusherClient.connect(server);
    deaf.pauseReading();
    server.sockets[1]?.send('{"event":"e"}');
    const socket = await rawUpgrade(server.port, '/app/x');
    await plainRequest(server.httpUrl, 'GET', '/up');
    registerForClose(() => {
      order.push('last');
      throw new Error('failed to close');
    });
    await expect(closeAll()).rejects.toThrow('failed to close');
    expect(order).toEqual(['last', 'first']);
    expect([client.closed?.code, deaf.closed?.code, socket.isClosed]).toEqual([1006, 1006, true]);
    await closeAll();
  });
});
