import { closeAll, PusherClient } from './harness/pusher-client.js';
import {
  closePayload,
  frame,
  OPCODE,
  rawUpgrade,
  type FrameSpec,
  type RawWebSocket,
} from './harness/raw-socket.js';
import { channelAuth, signedRequest } from './harness/signed-request.js';
import { reusedServer, sharedServer, type SharedServer } from './harness/shared-server.js';

afterEach(closeAll);

const PING = '{"event":"pusher:ping"}';
const { text, binary, continuation, ping, pong, close } = OPCODE;

async function connect(server: SharedServer, key = server.key): Promise<RawWebSocket> {
  const socket = await rawUpgrade(server.port, `/app/${key}?protocol=7`);
  expect((await socket.nextFrame()).text).toContain('connection_established');
  return socket;
}

const eventOf = async (socket: RawWebSocket): Promise<string> =>
  JSON.parse((await socket.nextFrame()).text).event;

/** Sends what breaks a rule; the server must close with the code, hang up, and serve all others on. */
async function expectClosed(code: number, ...frames: (FrameSpec | Buffer)[]): Promise<void> {
  const server = await reusedServer();
  const neighbour = await PusherClient.connect(server);
  await neighbour.subscribePrivate('private-room', server);
  const offender = await connect(server);
  for (const spec of frames) offender.write(Buffer.isBuffer(spec) ? spec : frame(spec));
  const { frames: before } = await offender.expectClose(code);
  await offender.expectDropped();
  expect(before).toEqual([]);
  await neighbour.roundTrip();
  expect(neighbour.pendingFrames).toEqual([]);
  expect((await signedRequest(server, 'GET', 'connections')).json).toEqual({ connections: 1 });
  expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
}

describe('A message may be as large as max_message_size, and not a byte larger', () => {
  /** Blanks around JSON mean nothing, but count. */
  const sized = (bytes: number) => PING.padEnd(bytes);

  it('10000 bytes unless configured; else the connection closes with 1009', async () => {
    const server = await sharedServer();
    const socket = await connect(server);
    socket.sendFrame(sized(10_000));
    expect(await eventOf(socket)).toBe('pusher:pong');
    socket.sendFrame(sized(10_001));
    await socket.expectClose(1009);
    await socket.expectDropped();
  });

  it.each([100, 125, 126, 65_535, 65_536, 200_000])(
    '%i bytes when configured so',
    async (limit) => {
      const server = await sharedServer({ REVERB_APP_MAX_MESSAGE_SIZE: String(limit) });
      const socket = await connect(server);
      socket.sendFrame(sized(limit));
      socket.sendFrame({ opcode: binary, payload: sized(limit) });
      for (let i = 0; i < 2; i++) expect(await eventOf(socket)).toBe('pusher:pong');
      socket.sendFrame({ opcode: binary, payload: sized(limit + 1) });
      await socket.expectClose(1009);
    },
  );

  it('in bytes, not in characters', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_MESSAGE_SIZE: '100' });
    const socket = await connect(server);
    socket.sendFrame(`{"event":"pusher:ping","x":"${'ü'.repeat(35)}"}`);
    expect(await eventOf(socket)).toBe('pusher:pong');
    socket.sendFrame(`{"event":"pusher:ping","x":"${'ü'.repeat(36)}"}`);
    await socket.expectClose(1009);
  });

  it('summed over its fragments', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_MESSAGE_SIZE: '100' });
    for (const [total, isGood] of [
      [100, true],
      [101, false],
    ] as const) {
      const socket = await connect(server);
      const message = sized(total);
      socket.sendFrame({ fin: false, payload: message.slice(0, 50) });
      socket.sendFrame({ fin: false, opcode: continuation, payload: message.slice(50, 99) });
      socket.sendFrame({ opcode: ping, payload: 'in between' });
      socket.sendFrame({ opcode: continuation, payload: message.slice(99) });
      expect(await socket.nextFrame()).toMatchObject({ opcode: pong, text: 'in between' });
      if (isGood) expect(await eventOf(socket)).toBe('pusher:pong');
      else await socket.expectClose(1009);
    }
  });

  it('whatever its header claims, before the rest has come', async () => {
    const server = await sharedServer();
    for (const lengthOverride of [10_001, 2 ** 31, 2 ** 32, 2 ** 52]) {
      const socket = await connect(server);
      socket.sendFrame({ lengthOverride, payload: 'a few bytes' });
      await socket.expectClose(1009);
      await socket.expectDropped();
    }
  });

  it('also when most of it is still on its way', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.send('x'.repeat(20_000_000));
    await client.expectClose(1009, 10_000);
  });

  it('as each application says', async () => {
    const server = await reusedServer({
      REVERB_APPS: JSON.stringify([
        { app_id: 'a', key: 'a', secret: 's', max_message_size: 50 },
        { app_id: 'b', key: 'b', secret: 's', max_message_size: 60 },
      ]),
    });
    const [a, b] = [await connect(server, 'a'), await connect(server, 'b')];
    for (const socket of [a, b]) socket.sendFrame(sized(51));
    await a.expectClose(1009);
    expect(await eventOf(b)).toBe('pusher:pong');
  });
});

describe('A frame against the rules closes the connection with 1002', () => {
  it.each<[string, (FrameSpec | Buffer)[]]>([
    ['unmasked', [{ payload: PING, mask: false }]],
    ['with RSV1, as nothing is compressed', [{ payload: PING, rsv: 4 }]],
    ['with RSV2', [{ payload: PING, rsv: 2 }]],
    ['with RSV3', [{ payload: PING, rsv: 1 }]],
    ['with opcode 3', [{ payload: PING, opcode: 3 }]],
    ['with opcode 7', [{ payload: PING, opcode: 7 }]],
    ['with opcode 11', [{ payload: PING, opcode: 11 }]],
    ['with opcode 15', [{ payload: PING, opcode: 15 }]],
    ['that continues nothing', [{ payload: PING, opcode: continuation }]],
    [
      'that begins a message within another',
      [
        { fin: false, payload: '{' },
        { opcode: text, payload: PING },
      ],
    ],
    [
      'that begins a binary message within a text',
      [
        { fin: false, payload: '{' },
        { opcode: binary, payload: PING },
      ],
    ],
    ['that is a fragment of a PING', [{ fin: false, opcode: ping }]],
    ['that is a fragment of a close', [{ fin: false, opcode: close }]],
    ['that is a PING of 126 bytes', [{ opcode: ping, payload: 'x'.repeat(126) }]],
    ['that is a PONG with a 64-bit length', [{ opcode: pong, payload: 'x', lengthBits: 64 }]],
    ['that is a close with one byte', [{ opcode: close, payload: Buffer.from([3]) }]],
    ['that is a close with code 1005', [{ opcode: close, payload: closePayload(1005) }]],
    ['that is a close with code 1006', [{ opcode: close, payload: closePayload(1006) }]],
    ['that is a close with code 999', [{ opcode: close, payload: closePayload(999) }]],
    ['that is a close with code 5000', [{ opcode: close, payload: closePayload(5000) }]],
    ['that is noise', [Buffer.alloc(64, 0xff)]],
    ['that is an HTTP request', [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
  ])('%s', (_, frames) => expectClosed(1002, ...frames));
});

describe('Text that is not UTF-8 closes the connection with 1007', () => {
  it.each<[string, number[]]>([
    ['a byte that begins nothing', [0x80]],
    ['a sequence that stops', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['what is beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that never occurs', [0xff]],
  ])('%s', (_, bytes) => {
    const payload = Buffer.concat([
      Buffer.from('{"event":"'),
      Buffer.from(bytes),
      Buffer.from('"}'),
    ]);
    return expectClosed(1007, { payload });
  });

  it('also in the reason of a close', () =>
    expectClosed(1007, { opcode: close, payload: closePayload(1000, Buffer.from([0xff])) }));

  it('also in the second fragment', () =>
    expectClosed(
      1007,
      { fin: false, payload: '{"event":"' },
      { opcode: continuation, payload: Buffer.from([0xff, 0x22, 0x7d]) },
    ));

  it('but a character may be spread over fragments', async () => {
    const server = await sharedServer();
    const socket = await connect(server);
    const bytes = Buffer.from('{"event":"pusher:ping","x":"€"}');
    const middle = bytes.indexOf('€') + 1;
    socket.sendFrame({ fin: false, payload: bytes.subarray(0, middle) });
    socket.sendFrame({ opcode: continuation, payload: bytes.subarray(middle) });
    expect(await eventOf(socket)).toBe('pusher:pong');
  });
});

describe('However the bytes of a frame arrive', () => {
  it('one by one, it is read', async () => {
    const server = await sharedServer();
    const socket = await connect(server);
    for (const byte of frame({ payload: PING })) socket.write(Buffer.from([byte]));
    expect(await eventOf(socket)).toBe('pusher:pong');
  });

  it('many at once, all are answered in order', async () => {
    const server = await sharedServer();
    const socket = await connect(server);
    const messages = Array.from({ length: 300 }, (_, i) =>
      frame({ payload: `{"event":"pusher:subscribe","data":{"channel":"c${i}"}}` }),
    );
    socket.write(Buffer.concat(messages));
    for (let i = 0; i < messages.length; i++) {
      expect(JSON.parse((await socket.nextFrame()).text).channel).toBe(`c${i}`);
    }
  });

  it('in no end of empty fragments, it ends with 1009', async () => {
    const server = await sharedServer();
    const neighbour = await PusherClient.connect(server);
    const socket = await connect(server);
    socket.sendFrame({ fin: false, payload: '' });
    const empty = Buffer.concat(
      Array.from({ length: 1_000 }, () => frame({ fin: false, opcode: continuation })),
    );
    for (let i = 0; i < 30; i++) socket.write(empty);
    await socket.expectClose(1009);
    await neighbour.roundTrip();
  });
});

describe('A client that closes', () => {
  it.each([1000, 1001, 3000, 4000, 4999])('with %i has its code answered', async (code) => {
    const server = await sharedServer();
    const socket = await connect(server);
    socket.sendFrame({ opcode: close, payload: closePayload(code, 'bye') });
    await socket.expectClose(code, { answer: false });
    await socket.expectDropped();
  });

  it('without a code is answered without one', async () => {
    const server = await sharedServer();
    const socket = await connect(server);
    socket.sendFrame({ opcode: close });
    await socket.expectClose(1005, { answer: false });
    await socket.expectDropped();
  });

  it.each<[string, (socket: RawWebSocket) => unknown]>([
    ['by ending the TCP connection', (socket) => socket.end()],
    ['by dropping it', (socket) => socket.destroy()],
    ['by resetting it', (socket) => socket.destroy({ reset: true })],
    [
      'in the middle of a frame',
      (socket) => {
        socket.sendFrame({ payload: PING, lengthOverride: 100 });
        socket.end();
      },
    ],
    [
      'in the middle of a message',
      (socket) => {
        socket.sendFrame({ fin: false, payload: '{' });
        socket.end();
      },
    ],
  ])('%s has left its channels', async (_, leave) => {
    const server = await reusedServer();
    const neighbour = await PusherClient.connect(server);
    await neighbour.subscribePresence('presence-room', { user_id: 'neighbour' }, server);
    const socket = await rawUpgrade(server.port, '/app/app-key');
    const { socket_id: id } = JSON.parse(JSON.parse((await socket.nextFrame()).text).data);
    const data = channelAuth(server, id, 'presence-room', '{"user_id":"leaver"}');
    const message = { event: 'pusher:subscribe', data: { channel: 'presence-room', ...data } };
    socket.sendFrame(JSON.stringify(message));
    await neighbour.expectFrame('pusher_internal:member_added');
    await leave(socket);
    await neighbour.expectFrame('pusher_internal:member_removed');
    expect((await signedRequest(server, 'GET', 'connections')).json).toEqual({ connections: 1 });
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });
});
