import { ConnectionLifecycle } from '../src/pusher/connection.lifecycle.js';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { frame, OPCODE, rawUpgrade } from './harness/raw-socket.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const EVENT_SIZE = 500_000;
/** More than the kernel ever buffers on both sides. */
const MAX_EVENTS = 100;

const ROOMY = {
  REVERB_APP_MAX_EVENT_SIZE: String(EVENT_SIZE),
  REVERB_MAX_REQUEST_SIZE: String(2 * EVENT_SIZE),
  REVERB_MAX_OUTBOX_SIZE: String(4 * EVENT_SIZE),
};

const TLS = {
  REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
  REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
};

const connect = (server: TestServer) => PusherClient.connect(server, { rejectUnauthorized: false });

const slowConsumersOf = (server: TestServer): number =>
  server.app.get(ConnectionLifecycle, { strict: false }).slowConsumers;

const connectionsOf = async (server: TestServer): Promise<number> =>
  (await signedRequest(server, 'GET', 'connections')).json.connections;

async function publish(server: TestServer, number: number): Promise<void> {
  const data = String(number).padEnd(EVENT_SIZE, '.');
  const { status } = await signedRequest(server, 'POST', 'events', {
    body: { name: 'event', channels: ['presence-room'], data },
  });
  expect(status).toBe(200);
}

/** Publishes until there are as many slow consumers. @returns how many events that took */
async function publishUntilSlow(server: TestServer, wanted = 1): Promise<number> {
  let published = 0;
  while (slowConsumersOf(server) < wanted && published < MAX_EVENTS) {
    await publish(server, published++);
  }
  expect(slowConsumersOf(server)).toBe(wanted);
  return published;
}

/** Every event once, in the order they were published. */
async function expectAllEvents(client: PusherClient, count: number): Promise<void> {
  await eventually(() => expect(client.framesLike('event').length).toBeGreaterThanOrEqual(count), {
    withinMs: 10_000,
  });
  await client.roundTrip();
  const numbers = client.framesLike('event').map(({ data }) => Number.parseInt(data, 10));
  expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
}

describe.each([
  ['with direct writes', {}],
  ['without direct writes', { REVERB_DIRECT_WRITES: 'false' }],
  ['over TLS', TLS],
])('A client that stops reading, %s', (_, variables) => {
  const serve = () => startServer({ ...ROOMY, ...variables });

  it('is closed and counted, while its neighbours get everything in order', async () => {
    const server = await serve();
    const [slow, near, far] = [await connect(server), await connect(server), await connect(server)];
    for (const [client, id] of [
      [slow, 'slow'],
      [near, 'near'],
      [far, 'far'],
    ] as const) {
      await client.subscribePresence('presence-room', { user_id: id }, server);
    }
    slow.pauseReading();
    const published = await publishUntilSlow(server);
    // Its place is given up at once, whether it ever reads again or not.
    for (const neighbour of [near, far]) {
      const { json } = await neighbour.expectFrame('pusher_internal:member_removed');
      expect(json).toEqual({ user_id: 'slow' });
    }
    expect(await connectionsOf(server)).toBe(2);
    await publish(server, published);
    for (const neighbour of [near, far]) await expectAllEvents(neighbour, published + 1);
    expect(slowConsumersOf(server)).toBe(1);
  });

  it('finds what was sent before and a close it comes back from, if it reads on', async () => {
    const server = await serve();
    const slow = await connect(server);
    await slow.subscribePresence('presence-room', { user_id: 'slow' }, server);
    slow.pauseReading();
    const published = await publishUntilSlow(server);
    slow.resumeReading();
    await slow.expectClose(4100, 10_000);
    const numbers = slow.framesLike('event').map(({ data }) => Number.parseInt(data, 10));
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (__, i) => i));
    expect(numbers.length).toBeLessThanOrEqual(published);
  });

  it('loses its TCP connection when it reads nothing any more', async () => {
    const server = await serve();
    const slow = await connect(server);
    await slow.subscribePresence('presence-room', { user_id: 'slow' }, server);
    slow.pauseReading();
    await publishUntilSlow(server);
    const open = () =>
      new Promise<number>((resolve) =>
        server.app
          .getHttpServer()
          .getConnections((_error: unknown, count: number) => resolve(count)),
      );
    // What is left is the connection the requests went over.
    await eventually(async () => expect(await open()).toBe(1), { withinMs: 10_000 });
  });

  it('only for a while is served like everybody else', async () => {
    const server = await serve();
    const client = await connect(server);
    await client.subscribePresence('presence-room', { user_id: 'client' }, server);
    for (let i = 0; i < 4; i++) {
      if (i === 1) client.pauseReading();
      await publish(server, i);
    }
    client.resumeReading();
    await expectAllEvents(client, 4);
    expect(slowConsumersOf(server)).toBe(0);
  });
});

describe('A client that asks and does not read the answers', () => {
  it.each([
    ['PINGs', frame({ opcode: OPCODE.ping, payload: 'x'.repeat(125) })],
    ['messages', frame({ payload: '{"event":"pusher:ping"}' })],
    ['nonsense', frame({ payload: 'nonsense' })],
  ])('to %s is closed too, and nobody else notices', async (_, bytes) => {
    const server = await startServer({ REVERB_MAX_OUTBOX_SIZE: '65536' });
    const neighbour = await PusherClient.connect(server);
    const greedy = await rawUpgrade(server.port, '/app/app-key');
    await greedy.nextFrame();
    greedy.pauseReading();
    const flood = Buffer.concat(Array.from({ length: 2_000 }, () => bytes));
    for (let i = 0; i < 200 && slowConsumersOf(server) === 0; i++) {
      greedy.write(flood);
      await neighbour.roundTrip(10_000);
    }
    expect(slowConsumersOf(server)).toBe(1);
    await eventually(async () => expect(await connectionsOf(server)).toBe(1));
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });
});

describe('A client that gets a large roster', () => {
  const MEMBERS = 20;
  const ROSTERS = {
    REVERB_APP_MAX_PRESENCE_USER_INFO_SIZE: '90000',
    REVERB_APP_MAX_MESSAGE_SIZE: '200000',
    REVERB_MAX_OUTBOX_SIZE: '100000',
  };

  it.each(['true', 'false'])(
    'is no slow consumer for what it asked for, nor for the little that follows (direct writes %s)',
    async (REVERB_DIRECT_WRITES) => {
      const server = await startServer({ ...ROSTERS, REVERB_DIRECT_WRITES });
      const channels = ['presence-a', 'presence-b'];
      for (let number = 0; number < MEMBERS; number++) {
        const member = { user_id: number, user_info: 'x'.repeat(80_000) };
        const client = await connect(server);
        for (const channel of channels) await client.subscribePresence(channel, member, server);
      }
      const newcomer = await connect(server);
      newcomer.pauseReading();
      const asked = channels.map((channel) =>
        newcomer.subscribePresence(channel, { user_id: 'new' }, server),
      );
      await signedRequest(server, 'POST', 'events', {
        body: { name: 'small', channels, data: '' },
      });
      newcomer.resumeReading();
      for (const frameOfRoster of await Promise.all(asked)) {
        expect(frameOfRoster.json.presence.count).toBe(MEMBERS + 1);
      }
      expect(newcomer.isOpen).toBe(true);
      expect(slowConsumersOf(server)).toBe(0);
    },
  );
});
