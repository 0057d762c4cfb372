import { closeAll, PusherClient, type ConnectOptions } from './harness/pusher-client.js';
import { frame, OPCODE, rawUpgrade, RawWebSocket } from './harness/raw-socket.js';
import { plainRequest, signedRequest } from './harness/signed-request.js';
import { reusedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const SOCKET_ID = /^\d+\.\d+$/;

describe('A client connects to /app/{appKey}', () => {
  const LONG = 'x'.repeat(2_000);
  const asItIs = (query: string): ConnectOptions => ({
    path: `/app/app-key${query}`,
    query: false,
  });

  it.each<[string, ConnectOptions]>([
    ['with what stock clients say', {}],
    ['by hand, with a bare URL', { query: false }],
    ['with protocol 5', { query: { protocol: 5 } }],
    ['with protocol 6', { query: { protocol: 6 } }],
    ['with a leading zero in its protocol', { query: { protocol: '07' } }],
    ['without a protocol', { query: { protocol: undefined } }],
    ['without a name, a version or flash', { query: { client: undefined, version: undefined } }],
    ['with an empty name', { query: { client: '', version: '' } }],
    ['with a name beyond ASCII', { query: { client: 'pusher-dart ✓', version: '1.0 ä' } }],
    ['with a hostile name', { query: { client: `\r\nX: 1'"<script>`, version: '\0' } }],
    ['with a long name', { query: { client: LONG, version: LONG } }],
    ['with parameters nobody knows', { query: { cluster: 'eu', __proto__x: 'y' } }],
    ['with escapes that are none', asItIs('?protocol=7&client=%zz&version=%')],
    ['with parameters without name or value', asItIs('?flash&protocol=7&&=&=x&client')],
    ['with a question mark among the values', asItIs('?client=who?&protocol=7')],
    ['with an empty query', asItIs('?')],
    ['with an escaped key', { path: '/app/app%2Dkey' }],
  ])('%s', async (_, options) => {
    const server = await reusedServer();
    const client = await PusherClient.connect(server, options);
    expect(client.socketId).toMatch(SOCKET_ID);
    await client.roundTrip();
  });

  it('and is told its socket id and the activity timeout, in strings and nothing else', async () => {
    const server = await reusedServer();
    const client = await PusherClient.connect(server);
    const [first] = client.frames;
    expect(first!.envelope).toEqual({
      event: 'pusher:connection_established',
      data: expect.any(String),
    });
    expect(JSON.parse(first!.data)).toEqual({
      socket_id: expect.stringMatching(SOCKET_ID),
      activity_timeout: 30,
    });
    await client.expectSilence(50);
  });

  it('in unmasked, final, uncompressed text frames', async () => {
    const server = await reusedServer();
    const socket = await rawUpgrade(server.port, '/app/app-key', {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });
    expect(socket.status).toBe(101);
    expect(socket.head).not.toMatch(/extensions/i);
    const established = await socket.nextFrame();
    expect(established).toMatchObject({ opcode: OPCODE.text, fin: true, rsv: 0, isMasked: false });
    expect(JSON.parse(established.text).event).toBe('pusher:connection_established');
  });

  it('and what it sends along with the upgrade is answered after the greeting, in order', async () => {
    const server = await reusedServer();
    const hurried = [
      '{"event":"pusher:subscribe","data":{"channel":"a"}}',
      '{"event":"pusher:ping"}',
      '{"event":"pusher:subscribe","data":{"channel":"b"}}',
    ];
    const upgrade =
      `GET /app/app-key HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\n` +
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    const frames = hurried.map((payload) => frame({ payload }));
    const socket = await RawWebSocket.upgrade(
      server.port,
      Buffer.concat([Buffer.from(upgrade), ...frames]),
    );
    expect(socket.head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(JSON.parse((await socket.nextFrame()).text));
    expect(answers.map(({ event, channel }) => [event, channel])).toEqual([
      ['pusher:connection_established', undefined],
      ['pusher_internal:subscription_succeeded', 'a'],
      ['pusher:pong', undefined],
      ['pusher_internal:subscription_succeeded', 'b'],
    ]);
  });

  it('on the port of the HTTP API', async () => {
    const server = await reusedServer();
    await PusherClient.connect(server);
    expect((await plainRequest(server.httpUrl, 'GET', '/up')).json).toEqual({ health: 'OK' });
    const { json } = await signedRequest(server, 'GET', 'connections');
    expect(json).toEqual({ connections: 1 });
  });

  it('and what it said of itself is kept for the log', async () => {
    const server = await reusedServer();
    const { socketId } = await PusherClient.connect(server, { query: { client: 'echo' } });
    const { socketId: anonymous } = await PusherClient.connect(server, { query: false });
    expect(server.logs.of('debug')).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`${socketId} connected to app-id from 127.0.0.1 (echo 8.6.0)`),
        expect.stringContaining(`${anonymous} connected to app-id`),
      ]),
    );
  });
});

describe('What a client says', () => {
  it('can neither forge a line of the log nor steer a terminal', async () => {
    const server = await reusedServer();
    const client = await PusherClient.connect(server, { query: { client: 'a\r\nb\x1b[2J\x9b2J' } });
    client.send('{\n"event":"pusher:ping",\t"x":"\x7f"}');
    await client.expectFrame('pusher:pong');
    const said = server.logs.of('debug').filter((text) => text.includes(client.socketId));
    expect(said).toEqual([
      expect.stringContaining(String.raw`(a\u000d\u000ab\u001b[2J\u009b2J 8.6.0)`),
      expect.stringContaining(String.raw`> {\u000a"event":"pusher:ping",\u0009"x":"\u007f"}`),
    ]);
  });
});

describe('A socket id', () => {
  it('is unique, also among servers, and cannot be guessed from others', async () => {
    const servers = [await startServer(), await startServer()];
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, i) => PusherClient.connect(servers[i % 2]!)),
    );
    const ids = clients.map(({ socketId }) => socketId);
    for (const id of ids) expect(id).toMatch(SOCKET_ID);
    for (const part of [0, 1] as const) {
      const numbers = ids.map((id) => Number(id.split('.')[part]));
      expect(new Set(numbers).size).toBe(ids.length);
      // Neither a counter nor a clock: the numbers are spread over a large range, in no order.
      expect(Math.max(...numbers)).toBeGreaterThan(2 ** 44);
      expect(Math.max(...numbers) / Math.min(...numbers)).toBeGreaterThan(4);
      const rises = numbers.filter((n, i) => i > 0 && n > numbers[i - 1]!).length;
      expect(rises).toBeGreaterThan(10);
      expect(rises).toBeLessThan(50);
    }
  });

  it('is a new one when the same client comes again', async () => {
    const server = await reusedServer();
    const first = await PusherClient.connect(server);
    await first.close();
    const second = await PusherClient.connect(server);
    expect(second.socketId).not.toBe(first.socketId);
  });
});

describe('The activity timeout', () => {
  it('is what the application has', async () => {
    const server = await reusedServer({
      REVERB_APP_ACTIVITY_TIMEOUT: '120',
      REVERB_APPS: JSON.stringify([
        { app_id: 'a', key: 'a-key', secret: 's' },
        { app_id: 'b', key: 'b-key', secret: 's', activity_timeout: 7 },
      ]),
    });
    const a = await PusherClient.connect({ url: server.url, key: 'a-key' });
    const b = await PusherClient.connect({ url: server.url, key: 'b-key' });
    expect([a.activityTimeout, b.activityTimeout]).toEqual([120, 7]);
  });

  it.each(['0', '-1', 'never'])('is never %s', async (value) => {
    await expect(startServer({ REVERB_APP_ACTIVITY_TIMEOUT: value })).rejects.toThrow(
      'REVERB_APP_ACTIVITY_TIMEOUT',
    );
  });
});
