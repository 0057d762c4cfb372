import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket, rawUpgrade } from './harness/raw-socket.js';
import { plainRequest, signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

/** So many are not closed at once. */
const CROWD = 60;
const WINDOW_MS = 2_000;
const DRAINING = { REVERB_SHUTDOWN_DRAIN: String(WINDOW_MS / 1_000) };

const crowd = (server: TestServer, size = CROWD) =>
  Promise.all(Array.from({ length: size }, () => PusherClient.connect(server)));

/** Begins to close the server, and resolves when it drains. */
async function beginClosing(server: TestServer): Promise<{ closing: Promise<void> }> {
  const closing = server.close();
  await eventually(async () => {
    expect((await plainRequest(server.httpUrl, 'GET', '/up')).status).toBe(503);
  });
  return { closing };
}

describe('A server that closes', () => {
  it('says goodbye to every client, and closes it with 4200', async () => {
    const server = await startServer();
    const clients = await crowd(server, 3);
    await clients[0]!.subscribe('room');
    await server.close();
    for (const client of clients) {
      const { envelope, json } = await client.expectFrame('pusher:error');
      expect(envelope).toEqual({ event: 'pusher:error', data: expect.any(String) });
      expect(json).toEqual({ code: 4200, message: 'Server closed. Please reconnect shortly.' });
      expect(await client.expectClose(4200)).toMatchObject({
        reason: 'Server closed. Please reconnect shortly.',
      });
      expect(client.pendingFrames).toEqual([]);
    }
    await expect(RawSocket.open(server.port)).rejects.toThrow('ECONNREFUSED');
    expect(server.logs.of('log').join()).toContain('Closed 3 connections');
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });

  it('delivers what was published before', async () => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('room');
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const published = Promise.all(
      numbers.map((i) =>
        signedRequest(server, 'POST', 'events', {
          body: { name: 'event', channels: ['room'], data: String(i) },
        }),
      ),
    );
    const accepted = (await published).filter(({ status }) => status === 200);
    await server.close();
    await client.expectClose(4200);
    expect(client.framesLike('event')).toHaveLength(accepted.length);
    expect(accepted).toHaveLength(20);
  });

  it('answers while it drains: not ready, no newcomers, no publishes', async () => {
    const server = await startServer(DRAINING);
    const clients = await crowd(server);
    const { closing } = await beginClosing(server);
    const get = async (path: string) => (await plainRequest(server.httpUrl, 'GET', path)).status;
    expect([await get('/up'), await get('/health/ready'), await get('/health/live')]).toEqual([
      503, 503, 200,
    ]);
    for (const key of [server.key, 'nobody']) {
      const { errorFrame, closeCode } = await PusherClient.refused({ url: server.url, key });
      expect(errorFrame.json).toEqual({
        code: 4100,
        message: 'Server is closing. Please reconnect shortly.',
      });
      expect(closeCode).toBe(4100);
    }
    const event = { name: 'event', channel: 'room', data: '1' };
    for (const [path, body] of [
      ['events', event],
      ['batch_events', { batch: [event] }],
    ] as const) {
      const { status, headers, json } = await signedRequest(server, 'POST', path, { body });
      expect([status, json]).toEqual([503, { error: expect.any(String) }]);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(clients.some(({ isOpen }) => isOpen)).toBe(true);
    await closing;
    for (const client of clients) await client.expectClose(4200);
  });

  it('serves those who still wait for their turn', async () => {
    const server = await startServer(DRAINING);
    await crowd(server);
    // Connected last, so it is closed last.
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    await bob.subscribePrivate('private-room', server);
    const { closing } = await beginClosing(server);
    await ann.subscribePrivate('private-room', server);
    ann.trigger('client-hello', 'private-room', 'hi');
    await bob.expectFrame('client-hello');
    await closing;
  });

  it('spreads the closing of many evenly over the drain window', async () => {
    const server = await startServer(DRAINING);
    const clients = await crowd(server);
    await server.close();
    const times = clients.map(({ closed }) => closed!.atMs).sort((a, b) => a - b);
    const [first, middle, last] = [times[0]!, times[CROWD / 2]!, times.at(-1)!];
    const tookMs = last - first;
    expect(tookMs / WINDOW_MS).toBeGreaterThan(0.5);
    expect((middle - first) / tookMs).toBeGreaterThan(0.25);
    expect((middle - first) / tookMs).toBeLessThan(0.75);
    const busiest = Math.max(
      ...times.map((start) => times.filter((t) => t >= start && t < start + tookMs / 10).length),
    );
    expect(busiest).toBeLessThan(CROWD / 2);
  });

  it('closes up to 50 at once', async () => {
    const server = await startServer({ REVERB_SHUTDOWN_DRAIN: '30' });
    const clients = await crowd(server, 50);
    await server.close();
    for (const client of clients) await client.expectClose(4200);
  });

  it('lets the members of presence channels leave, each told to those who are still there', async () => {
    const server = await startServer(DRAINING);
    const clients = await crowd(server);
    await Promise.all(
      clients.map((client, i) => client.subscribePresence('presence-room', { user_id: i }, server)),
    );
    await server.close();
    const inOrder = clients.map((client, id) => ({ client, id }));
    inOrder.sort((a, b) => a.client.closed!.atMs - b.client.closed!.atMs);
    const leaving = (client: PusherClient) =>
      client.framesLike('pusher_internal:member_removed').map(({ json }) => json.user_id);
    const lastToSeeAll = inOrder.map(({ client }) => leaving(client).length);
    expect(Math.max(...lastToSeeAll)).toBe(CROWD - 1);
    for (const { client, id } of inOrder) {
      const left = leaving(client);
      expect(new Set(left).size).toBe(left.length);
      expect(left).not.toContain(id);
    }
  });

  it('at once when nobody is connected, and only once however often it is told', async () => {
    const server = await startServer({ REVERB_SHUTDOWN_DRAIN: '60' });
    await Promise.all([server.close(), server.close()]);
    await expect(PusherClient.connect(server)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('A server that closes is not held up', () => {
  it('by a client that does not answer the close', async () => {
    const server = await startServer();
    const rude = await rawUpgrade(server.port, '/app/app-key');
    await server.close();
    await rude.expectClose(4200, { answer: false });
    await rude.expectDropped();
  });

  it('by a client that does not read', async () => {
    const server = await startServer();
    const slow = await PusherClient.connect(server);
    await slow.subscribe('room');
    slow.pauseReading();
    for (let i = 0; i < 50; i++) {
      await signedRequest(server, 'POST', 'events', {
        body: { name: 'event', channels: ['room'], data: 'x'.repeat(10_000) },
      });
    }
    await server.close();
  });

  it('by one it refused, or that never came to an end with the close', async () => {
    const server = await startServer();
    const refused = await rawUpgrade(server.port, '/app/nobody');
    await refused.expectClose(4001, { answer: false });
    await server.close();
    await refused.expectDropped();
  });

  it('by an idle keep-alive connection', async () => {
    const server = await startServer();
    const idle = await RawSocket.open(server.port);
    idle.write('GET /up HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle.waitUntil(() => idle.text.includes('OK'));
    await server.close();
    await idle.expectDropped();
  });

  it.each([
    ['that says nothing', ''],
    ['that stops in the middle of a head', 'GET /app/app-key HTTP/1.1\r\nHost: x\r\n'],
  ])('by a TCP connection %s', async (_, bytes) => {
    const server = await startServer({ REVERB_REQUEST_TIMEOUT: '1' });
    const silent = await RawSocket.open(server.port);
    silent.write(bytes);
    await plainRequest(server.httpUrl, 'GET', '/up');
    const closing = server.close();
    await silent.expectDropped(4_000);
    await closing;
  });

  it('by a peer that never begins its TLS handshake', async () => {
    const server = await startServer({
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
    });
    const silent = await RawSocket.open(server.port);
    await plainRequest(server.httpUrl, 'GET', '/up');
    const closing = server.close();
    await silent.expectDropped(4_000);
    await closing;
  });
});

describe('A peer that never begins its TLS handshake', () => {
  it('is dropped after the time a request may take', async () => {
    const server = await startServer({
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
      REVERB_REQUEST_TIMEOUT: '1',
    });
    const silent = await RawSocket.open(server.port);
    await silent.expectDropped(4_000);
  });
});
