import { Controller, Get } from '@nestjs/common';
import { api, publishTo } from './harness/api.js';
import { closeAll } from './harness/eventually.js';
import { startHost } from './harness/host-application.js';
import { PusherClient } from './harness/pusher-client.js';
import { RawSocket } from './harness/raw-socket.js';
import { plainRequest } from './harness/signed-request.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Each of them once, and nothing that tells what serves. */
function expectSecured({ headers }: { headers: object }): void {
  expect(headers).toMatchObject(HEADERS);
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('server');
}

describe('Every answer keeps browsers from making something else of it', () => {
  it('that of the API, granted or refused, and of health and metrics', async () => {
    const server = await startServer({
      REVERB_METRICS_ENABLED: 'true',
      REVERB_METRICS_TOKEN: 'a-token',
      REVERB_CORS_ORIGINS: '*',
    });
    const tamper = { secret: 'wrong' };
    for (const response of [
      await api(server, 'GET', 'channels').expect(200),
      await api(server, 'GET', 'channels', { tamper }).expect(401),
      await publishTo(server, 'c').expect(200),
      await publishTo(server, 'b ad').expect(400),
      await api(server, 'POST', 'events', { body: '{}', tamper }).expect(401),
      await api(server, 'GET', '/up').expect(200),
      await api(server, 'GET', '/health/ready').expect(200),
      await api(server, 'GET', '/health/live').expect(200),
      await api(server, 'GET', '/app/app-key').expect(426),
      await api(server, 'GET', '/apps/app-id/events').expect(405),
    ]) {
      expectSecured(response);
    }
    const preflight = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'POST' };
    for (const [method, path, headers] of [
      ['GET', '/nowhere', {}],
      ['GET', '/metrics', {}],
      ['GET', '/metrics', { Authorization: 'Bearer a-token' }],
      ['OPTIONS', '/apps/app-id/events', preflight],
    ] as const) {
      expectSecured(await plainRequest(server.httpUrl, method, path, { headers }));
    }
  });

  it('that to an upgrade that is refused, and to what is not HTTP', async () => {
    const server = await startServer();
    expectSecured(await PusherClient.failedUpgrade(server, { path: '/nowhere' }));
    const socket = await RawSocket.open(server.port);
    socket.write('nonsense\r\n\r\n');
    await socket.expectDropped();
    expect(socket.statuses).toEqual([400]);
    for (const [name, value] of Object.entries(HEADERS)) {
      expect(socket.text.toLowerCase()).toContain(`\r\n${name}: ${value}\r\n`);
    }
  });

  it.each(['Express', 'Fastify'] as const)(
    'of ours under %s, while the routes of the host stay as they are',
    async (platform) => {
      @Controller()
      class OwnController {
        @Get('own')
        own() {
          return { own: true };
        }
      }
      const host = await startHost(platform, { controllers: [OwnController] });
      const answers = [await api(host, 'GET', 'channels'), await publishTo(host, 'c')];
      for (const { status, headers } of answers) {
        expect([status, headers]).toMatchObject([200, HEADERS]);
      }
      const own = await plainRequest(host.ownUrl, 'GET', '/own');
      expect(own.json).toEqual({ own: true });
      const nowhere = await plainRequest(host.ownUrl, 'GET', '/nowhere');
      for (const { headers } of [own, nowhere]) {
        expect(headers['content-security-policy']).not.toBe(HEADERS['content-security-policy']);
        expect(headers).not.toHaveProperty('referrer-policy');
      }
    },
  );
});
