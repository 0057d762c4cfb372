import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient, WEBSOCKET_PING } from './harness/pusher-client.js';
import { OPCODE, rawUpgrade } from './harness/raw-socket.js';
import { signedRequest } from './harness/signed-request.js';
import { sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const INTERVAL_MS = 1_000;
const QUICK = { REVERB_APP_PING_INTERVAL: '1', REVERB_APP_ACTIVITY_TIMEOUT: '1' };

/** Early by a tenth at most; how late depends on how busy the machine is. */
function expectAbout(actualMs: number, wantedMs: number): void {
  expect(actualMs / wantedMs).toBeGreaterThan(0.9);
  expect(actualMs / wantedMs).toBeLessThan(2);
}

const establishedAt = ({ frames }: PusherClient): number => frames[0]!.atMs;

const channelsOf = async (server: SharedServer): Promise<object> =>
  (await signedRequest(server, 'GET', 'channels')).json.channels;

describe('A client that asks is answered', () => {
  it('pusher:ping with pusher:pong, whatever it carries', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const data of [undefined, null, {}, '{}', { anything: 1 }]) {
      client.send({ event: 'pusher:ping', data });
      const { raw } = await client.expectFrame('pusher:pong');
      expect(JSON.parse(raw)).toEqual({ event: 'pusher:pong', data: '{}' });
    }
    expect(client.pendingFrames).toEqual([]);
  });

  it('a WebSocket PING with a PONG that carries the same', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    for (const payload of ['', 'ping', 'ü', 'x'.repeat(125)]) await client.ping(payload);
    expect(client.pendingFrames).toEqual([]);
  });

  it('a thousand PINGs with a thousand PONGs, in order', async () => {
    const server = await startServer();
    const socket = await rawUpgrade(server.port, '/app/app-key');
    await socket.nextFrame();
    for (let i = 0; i < 1_000; i++) socket.sendFrame({ opcode: OPCODE.ping, payload: String(i) });
    for (let i = 0; i < 1_000; i++) {
      expect(await socket.nextFrame()).toMatchObject({ opcode: OPCODE.pong, text: String(i) });
    }
  });

  it('and a pong nobody asked for is fine', async () => {
    const server = await sharedServer();
    const client = await PusherClient.connect(server);
    client.send({ event: 'pusher:pong', data: {} });
    await client.roundTrip();
    expect(client.pendingFrames).toEqual([]);
  });
});

describe('A client that is silent for its ping interval is asked for a sign of life', () => {
  it('with pusher:ping, subscribed or not', async () => {
    const server = await sharedServer(QUICK);
    const subscribed = await PusherClient.connect(server);
    await subscribed.subscribe('room');
    const silentSinceMs = performance.now();
    const idle = await PusherClient.connect(server);
    const ping = await idle.expectFrame('pusher:ping');
    expect(ping.envelope).toEqual({ event: 'pusher:ping', data: '{}' });
    expectAbout(ping.atMs - establishedAt(idle), INTERVAL_MS);
    const { atMs } = await subscribed.expectFrame('pusher:ping');
    expectAbout(atMs - silentSinceMs, INTERVAL_MS);
  });

  it('with a WebSocket PING if it ever used control frames', async () => {
    const server = await startServer({ ...QUICK, REVERB_APP_ACTIVITY_TIMEOUT: '30' });
    const pinged = await PusherClient.connect(server);
    await pinged.ping();
    const ponged = await rawUpgrade(server.port, '/app/app-key');
    await ponged.nextFrame();
    ponged.sendFrame({ opcode: OPCODE.pong });
    await pinged.expectFrame(WEBSOCKET_PING);
    expect(await ponged.nextFrame()).toMatchObject({ opcode: OPCODE.ping, fin: true });
    expect(pinged.framesLike('pusher:ping')).toEqual([]);
  });

  it('again and again, as long as it answers', async () => {
    const server = await sharedServer(QUICK);
    const pusher = await PusherClient.connect(server, { autoPong: true });
    const controlled = await PusherClient.connect(server);
    await controlled.ping();
    // The second ping shows that the first was answered in time, the third that it was no accident.
    await eventually(() => expect(pusher.framesLike('pusher:ping')).toHaveLength(3), {
      withinMs: 9_000,
    });
    for (let i = 0; i < 2; i++) await controlled.expectFrame(WEBSOCKET_PING);
    expect([pusher.isOpen, controlled.isOpen]).toEqual([true, true]);
  });

  it('but not while anything comes in, were it nonsense', async () => {
    const server = await sharedServer({ ...QUICK, REVERB_APP_ACTIVITY_TIMEOUT: '30' });
    const talkers = await Promise.all([1, 2, 3].map(() => PusherClient.connect(server)));
    const silent = await PusherClient.connect(server);
    const [asking, babbling, ponging] = talkers as [PusherClient, PusherClient, PusherClient];
    const talk = setInterval(() => {
      asking.send({ event: 'pusher:ping' });
      babbling.send('nonsense');
      void ponging.ping().catch(() => undefined);
    }, INTERVAL_MS / 10);
    try {
      await silent.expectFrame('pusher:ping');
    } finally {
      clearInterval(talk);
    }
    for (const client of talkers) {
      expect(client.framesLike('pusher:ping')).toEqual([]);
      expect(client.framesLike(WEBSOCKET_PING)).toEqual([]);
    }
  });

  it('also when it only listens', async () => {
    const server = await sharedServer(QUICK);
    const listener = await PusherClient.connect(server);
    await listener.subscribe('room');
    const publish = setInterval(() => {
      const body = { name: 'tick', channels: ['room'], data: '1' };
      void signedRequest(server, 'POST', 'events', { body }).catch(() => undefined);
    }, INTERVAL_MS / 10);
    try {
      await listener.expectFrame('pusher:ping');
    } finally {
      clearInterval(publish);
    }
    expect(listener.framesLike('tick').length).toBeGreaterThan(0);
  });

  it('in the time its own application sets', async () => {
    const server = await startServer({
      REVERB_APPS: JSON.stringify([
        { app_id: 'a', key: 'a', secret: 's', ping_interval: 1 },
        { app_id: 'b', key: 'b', secret: 's', ping_interval: 2 },
        { app_id: 'c', key: 'c', secret: 's' },
      ]),
    });
    const [a, b, c] = (await Promise.all(
      ['a', 'b', 'c'].map((key) => PusherClient.connect({ url: server.url, key })),
    )) as [PusherClient, PusherClient, PusherClient];
    expectAbout((await a.expectFrame('pusher:ping')).atMs - establishedAt(a), 1_000);
    expectAbout((await b.expectFrame('pusher:ping')).atMs - establishedAt(b), 2_000);
    expect(c.framesLike('pusher:ping')).toEqual([]);
  });
});

describe('A client that gives no sign of life within the activity timeout', () => {
  it('is told 4201 and closed with it, subscribed or not', async () => {
    const server = await sharedServer(QUICK);
    const subscribed = await PusherClient.connect(server);
    await subscribed.subscribe('room');
    const idle = await PusherClient.connect(server);
    for (const client of [subscribed, idle]) {
      const ping = await client.expectFrame('pusher:ping');
      const error = await client.expectFrame('pusher:error');
      expect(JSON.parse(error.data)).toEqual({
        code: 4201,
        message: 'Pong reply not received in time',
      });
      expectAbout(error.atMs - ping.atMs, 1_000);
      expect(await client.expectClose(4201)).toMatchObject({
        reason: 'Pong reply not received in time',
      });
      expect(client.pendingFrames).toEqual([]);
    }
    expect(await channelsOf(server)).toEqual({});
    expect((await signedRequest(server, 'GET', 'connections')).json).toEqual({ connections: 0 });
  });

  it('is so too when it does not answer a WebSocket PING', async () => {
    const server = await sharedServer(QUICK);
    const client = await PusherClient.connect(server, { answersControlPings: false });
    await client.ping();
    await client.expectFrame(WEBSOCKET_PING);
    await client.expectError(4201);
    await client.expectClose(4201);
  });

  it('leaves its channels, and the other members are told', async () => {
    const server = await sharedServer(QUICK);
    const here = await PusherClient.connect(server, { autoPong: true });
    await here.subscribePresence('presence-room', { user_id: 'here' }, server);
    const gone = await PusherClient.connect(server);
    await gone.subscribePresence('presence-room', { user_id: 'gone' }, server);
    await gone.subscribePrivate('private-room', server);
    await here.expectFrame('pusher_internal:member_added');
    const removed = await here.expectFrame('pusher_internal:member_removed', { timeoutMs: 8_000 });
    expect(removed.json).toEqual({ user_id: 'gone' });
    await gone.expectClose(4201);
    expect(await channelsOf(server)).toEqual({ 'presence-room': {} });
    const users = await signedRequest(server, 'GET', 'channels/presence-room/users');
    expect(users.json).toEqual({ users: [{ id: 'here' }] });
  });

  it('loses its TCP connection as well when it does not answer the close', async () => {
    const server = await startServer(QUICK);
    const dead = await rawUpgrade(server.port, '/app/app-key');
    await dead.expectClose(4201, { answer: false, timeoutMs: 8_000 });
    await dead.expectDropped(8_000);
  });

  it('harms nobody who is alive', async () => {
    const server = await sharedServer(QUICK);
    const alive = await PusherClient.connect(server, { autoPong: true });
    await alive.subscribe('room');
    const dead = await Promise.all(Array.from({ length: 20 }, () => PusherClient.connect(server)));
    for (const client of dead) await client.expectClose(4201, 8_000);
    await signedRequest(server, 'POST', 'events', {
      body: { name: 'still', channels: ['room'], data: 'here' },
    });
    await alive.expectFrame('still');
  });
});
