import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket } from './harness/raw-socket.js';
import { plainRequest, signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const FIXTURES = 'test/fixtures/tls';
const FIRST = {
  REVERB_TLS_CERT: `${FIXTURES}/first.crt`,
  REVERB_TLS_KEY: `${FIXTURES}/first.key`,
};
const ISSUED = {
  REVERB_TLS_CERT: `${FIXTURES}/issued.crt`,
  REVERB_TLS_KEY: `${FIXTURES}/issued.key`,
};
const LAX = { rejectUnauthorized: false };

/** Shakes hands and gives the socket, or the reason why not. */
function shakeHands(server: TestServer, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ...options });
    registerForClose(() => socket.destroy());
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

describe('A server with a certificate', () => {
  it('serves WebSocket and HTTP over TLS on the same port', async () => {
    const server = await startServer(FIRST);
    expect([server.url, server.httpUrl]).toEqual([
      expect.stringMatching(/^wss:/),
      expect.stringMatching(/^https:/),
    ]);
    const [ann, bob] = [
      await PusherClient.connect(server, LAX),
      await PusherClient.connect(server, LAX),
    ];
    for (const client of [ann, bob]) await client.subscribePrivate('private-room', server);
    const published = await signedRequest(server, 'POST', 'events', {
      body: { name: 'news', channels: ['private-room'], data: 'over TLS' },
    });
    expect(published.status).toBe(200);
    for (const client of [ann, bob]) {
      expect((await client.expectFrame('news')).data).toBe('over TLS');
    }
    ann.trigger('client-hello', 'private-room', 'hi');
    expect((await bob.expectFrame('client-hello')).data).toBe('hi');
    await ann.ping('x');
    expect((await plainRequest(server.httpUrl, 'GET', '/up')).json).toEqual({ health: 'OK' });
  });

  it('delivers many frames in order, large and small', async () => {
    const server = await startServer({ ...FIRST, REVERB_APP_MAX_EVENT_SIZE: '150000' });
    const client = await PusherClient.connect(server, LAX);
    await client.subscribe('room');
    const sizes = [1, 125, 126, 16_384, 65_535, 65_536, 140_000];
    const events = Array.from({ length: 70 }, (_, i) => `${i} `.padEnd(sizes[i % 7]!, '.'));
    for (const data of events) {
      await signedRequest(server, 'POST', 'events', {
        body: { name: 'event', channels: ['room'], data },
      });
    }
    await eventually(() => expect(client.framesLike('event')).toHaveLength(events.length));
    expect(client.framesLike('event').map(({ data }) => data)).toEqual(events);
  });

  it('refuses, closes and is closed as without TLS', async () => {
    const server = await startServer(FIRST);
    const nobody = { url: server.url, key: 'nobody' };
    expect((await PusherClient.refused(nobody, LAX)).closeCode).toBe(4001);
    const failed = await PusherClient.failedUpgrade(server, { ...LAX, path: '/nowhere' });
    expect(failed.status).toBe(404);
    const client = await PusherClient.connect(server, LAX);
    client.send('x'.repeat(20_000));
    await client.expectClose(1009);
    const polite = await PusherClient.connect(server, LAX);
    expect(await polite.close(4567, 'bye')).toMatchObject({ code: 4567 });
  });

  it('shows that certificate, which a client may verify', async () => {
    const server = await startServer(FIRST);
    const socket = await shakeHands(server, { ca: readFileSync(FIRST.REVERB_TLS_CERT) });
    expect(socket.authorized).toBe(true);
    expect(socket.getPeerCertificate().subject.CN).toBe('first.localhost');
    await expect(PusherClient.connect(server)).rejects.toThrow(/self.signed/i);
  });

  it('completes the chain with the authorities it is given', async () => {
    const ca = `${FIXTURES}/ca.crt`;
    const server = await startServer({ ...ISSUED, REVERB_TLS_CA: ca });
    const socket = await shakeHands(server, { ca: readFileSync(ca) });
    expect(socket.getPeerCertificate(true).issuerCertificate.subject.CN).toBe('Test authority');
  });

  it('opens an encrypted key with its passphrase, and does not start without', async () => {
    const encrypted = { ...FIRST, REVERB_TLS_KEY: `${FIXTURES}/first-encrypted.key` };
    const server = await startServer({ ...encrypted, REVERB_TLS_PASSPHRASE: 'a-passphrase' });
    await PusherClient.connect(server, LAX);
    await expect(startServer(encrypted)).rejects.toThrow('REVERB_TLS');
    const wrong = startServer({ ...encrypted, REVERB_TLS_PASSPHRASE: 'wrong' });
    await expect(wrong).rejects.toThrow('REVERB_TLS');
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not speak %s', async (version) => {
    const server = await startServer(FIRST);
    const options = { ...LAX, minVersion: version, maxVersion: version };
    await expect(shakeHands(server, { ...options, ciphers: 'ALL@SECLEVEL=0' })).rejects.toThrow();
    await PusherClient.connect(server, LAX);
  });
});

describe('Whoever does not speak TLS', () => {
  it('is not served, and harms nobody', async () => {
    const server = await startServer(FIRST);
    const neighbour = await PusherClient.connect(server, LAX);
    const plain = { url: server.url.replace('wss:', 'ws:'), key: server.key };
    await expect(PusherClient.connect(plain)).rejects.toThrow();
    for (const bytes of ['GET /up HTTP/1.1\r\n\r\n', Buffer.alloc(300, 0x16), 'x'.repeat(5_000)]) {
      const socket = await RawSocket.open(server.port);
      socket.write(bytes);
      await socket.expectDropped();
      expect(socket.text).not.toContain('HTTP/1.1 200');
    }
    await neighbour.roundTrip();
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });

  it('may give up during the handshake', async () => {
    const server = await startServer(FIRST);
    for (let i = 0; i < 20; i++) {
      const socket = await RawSocket.open(server.port);
      socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
      await socket.destroy({ reset: i % 2 === 0 });
    }
    await PusherClient.connect(server, LAX);
    expect([...server.logs.of('warn'), ...server.logs.of('error')]).toEqual([]);
  });
});
