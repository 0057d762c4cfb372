import { api, expectRefusal, publishTo } from './harness/api.js';
import { closeAll } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { PusherClient, type ConnectTarget } from './harness/pusher-client.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const TOO_MANY_ATTEMPTS = 4101;
const WRONG = { tamper: { secret: 'wrong' } };

/** Behind a proxy that says so; the peer of every connection is 127.0.0.1. */
const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });

const serve = (variables: Record<string, string>) =>
  startServer({ REVERB_TRUSTED_PROXIES: '127.0.0.0/8', ...variables });

async function expectShutOut(target: ConnectTarget, address: string, why: string): Promise<void> {
  const { errorFrame, closeCode } = await PusherClient.refused(target, from(address));
  expect(errorFrame.json).toEqual({
    code: TOO_MANY_ATTEMPTS,
    message: `Too many ${why} from this address. Please reconnect later.`,
  });
  expect(closeCode).toBe(TOO_MANY_ATTEMPTS);
}

const nobody = ({ url }: TestServer) => ({ url, key: 'nobody' });

describe('The connections that an address may open in a minute', () => {
  it('have no limit unless one is set', async () => {
    const server = await startServer();
    for (let i = 0; i < 100; i++) await (await PusherClient.connect(server)).close();
    for (let i = 0; i < 20; i++) {
      expect((await PusherClient.refused(nobody(server))).closeCode).toBe(4001);
      expectRefusal(await api(server, 'GET', 'channels', WRONG), 401);
    }
    await publishTo(server, 'c').expect(200);
  });

  it('are as many as set, beyond which newcomers are told to come back later', async () => {
    const server = await serve({ REVERB_ADDRESS_CONNECTIONS_PER_MINUTE: '3' });
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await PusherClient.connect(server, from('1.2.3.4')));
    for (let i = 0; i < 3; i++) await expectShutOut(server, '1.2.3.4', 'connections');
    await clients[0]!.close();
    await expectShutOut(server, '1.2.3.4', 'connections');
    for (const client of clients.slice(1)) await client.roundTrip();
  });

  it('are counted for the client, not for the proxy, and for the network of an IPv6 address', async () => {
    const server = await serve({ REVERB_ADDRESS_CONNECTIONS_PER_MINUTE: '1' });
    for (const address of ['1.2.3.4', '1.2.3.5', '2001:db8::1', '2001:db8:0:1::1']) {
      await PusherClient.connect(server, from(address));
    }
    for (const same of ['1.2.3.4:443', '::ffff:1.2.3.4', '2001:db8::2', '[2001:db8::3]:80']) {
      await expectShutOut(server, same, 'connections');
    }
    await expectShutOut(server, '6.6.6.6, 1.2.3.4', 'connections');
  });

  it('are counted for the peer where no proxy is trusted, whatever it claims', async () => {
    const server = await startServer({ REVERB_ADDRESS_CONNECTIONS_PER_MINUTE: '1' });
    await PusherClient.connect(server, from('1.2.3.4'));
    await expectShutOut(server, '1.2.3.5', 'connections');
  });

  it('are told by the metrics', async () => {
    const server = await serve({
      REVERB_ADDRESS_CONNECTIONS_PER_MINUTE: '1',
      REVERB_METRICS_ENABLED: 'true',
    });
    await PusherClient.connect(server, from('1.2.3.4'));
    for (let i = 0; i < 2; i++) await expectShutOut(server, '1.2.3.4', 'connections');
    const page = await MetricsScrape.of(server);
    expect(page.value('revurb_address_limited_total', { limit: 'connections' })).toBe(2);
    expect(page.value('revurb_address_limited_total', { limit: 'authentications' })).toBe(0);
    expect(page.value('revurb_connections_refused_total', { code: '4101' })).toBe(2);
  });

  it('are limited in a host too', async () => {
    const host = await startHost('Express', {
      revurb: { server: { addressConnectionsPerMinute: 1 } },
    });
    await PusherClient.connect(host);
    expect((await PusherClient.refused(host)).closeCode).toBe(TOO_MANY_ATTEMPTS);
  });
});

describe('The failed authentications of an address in a minute', () => {
  const LIMITED = { REVERB_ADDRESS_FAILED_AUTHENTICATIONS_PER_MINUTE: '2' };

  it('shut it out when they were wrong keys, and nobody else', async () => {
    const server = await serve(LIMITED);
    const before = await PusherClient.connect(server, from('1.2.3.4'));
    for (let i = 0; i < 2; i++) {
      const { closeCode } = await PusherClient.refused(nobody(server), from('1.2.3.4'));
      expect(closeCode).toBe(4001);
    }
    for (const target of [nobody(server), server]) {
      await expectShutOut(target, '1.2.3.4', 'failed authentications');
    }
    await PusherClient.connect(server, from('1.2.3.5'));
    await before.subscribePrivate('private-room', server);
  });

  it('shut it out when they were wrong signatures of subscriptions and signins', async () => {
    const server = await serve(LIMITED);
    const wrong = { ...server, secret: 'wrong' };
    const [one, two] = [
      await PusherClient.connect(server, from('1.2.3.4')),
      await PusherClient.connect(server, from('1.2.3.4')),
    ];
    await one.subscribeRefused('private-a', one.presenceAuth('private-a', '', wrong));
    two.sendSignin({ id: '1' }, wrong);
    await two.expectClose(4009);
    await expectShutOut(server, '1.2.3.4', 'failed authentications');
    await one.subscribePrivate('private-b', server);
    one.sendSubscribe('private-c', one.presenceAuth('private-c', '', wrong));
    await one.expectError(TOO_MANY_ATTEMPTS);
    await one.expectClose(TOO_MANY_ATTEMPTS);
  });

  it('are not what is refused for another reason', async () => {
    const server = await serve(LIMITED);
    const client = await PusherClient.connect(server, from('1.2.3.4'));
    for (let i = 0; i < 5; i++) {
      await client.subscribeRefused('private-room');
      await client.subscribeRefused('#server-to-user-1', 'app-key:signature');
      await client.subscribeRefused('b ad', 'app-key:signature');
      await PusherClient.refused(server, { ...from('1.2.3.4'), query: { protocol: '99' } });
      expectRefusal(await publishTo(server, 'b ad').set(from('1.2.3.4').headers), 400);
    }
    await PusherClient.connect(server, from('1.2.3.4'));
  });

  it('shut out its requests with 429 and Retry-After, signed or not, by either way to publish', async () => {
    const server = await serve(LIMITED);
    const ask = (options = {}, address = '1.2.3.4') =>
      api(server, 'GET', 'channels', { ...options, ...from(address) });
    expectRefusal(await ask(WRONG), 401);
    expectRefusal(
      await publishTo(server, 'c', {}).query({ x: 1 }).set(from('1.2.3.4').headers),
      401,
    );
    for (const response of [
      await ask(),
      await ask(WRONG),
      await publishTo(server, 'c').set(from('1.2.3.4').headers),
    ]) {
      expectRefusal(response, 429, 'Too many failed authentications from this address.');
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(1);
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
    }
    await expectShutOut(server, '1.2.3.4', 'failed authentications');
    expect((await ask({}, '1.2.3.5')).status).toBe(200);
  });

  it.each([
    ['an application that does not exist', (server: TestServer) => ({ ...server, appId: 'x' })],
    ['a key that is none', (server: TestServer) => ({ ...server, key: 'x' })],
  ])('are requests of %s', async (_, wrongOf) => {
    const server = await serve(LIMITED);
    for (let i = 0; i < 2; i++) {
      const response = await api(wrongOf(server), 'POST', 'events', { body: '{}' });
      expect([401, 404]).toContain(response.status);
    }
    expectRefusal(await publishTo(server, 'c'), 429);
  });

  it('are bodies that were exchanged', async () => {
    const server = await serve(LIMITED);
    const tamper = { bodyMd5: '0'.repeat(32) };
    for (let i = 0; i < 2; i++) {
      expectRefusal(await api(server, 'POST', 'events', { body: '{}', tamper }), 401);
    }
    expectRefusal(await publishTo(server, 'c'), 429);
    await api(server, 'GET', '/up').expect(200);
  });

  it('are told by the metrics', async () => {
    const server = await serve({ ...LIMITED, REVERB_METRICS_ENABLED: 'true' });
    for (let i = 0; i < 3; i++) await PusherClient.refused(nobody(server), from('1.2.3.4'));
    expectRefusal(await publishTo(server, 'c').set(from('1.2.3.4').headers), 429);
    const page = await MetricsScrape.of(server);
    expect(page.value('revurb_address_limited_total', { limit: 'authentications' })).toBe(2);
    await publishTo(server, 'c').expect(200);
  });
});
