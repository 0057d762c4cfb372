import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { MetricsListenError, MetricsListener } from '../src/metrics/page/metrics-listener.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { startHost, type Platform } from './harness/host-application.js';
import { getMetrics, MetricsScrape } from './harness/metrics-scrape.js';
import { PusherClient } from './harness/pusher-client.js';
import { rawUpgrade } from './harness/raw-socket.js';
import { reusedServer } from './harness/shared-server.js';
import { plainRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const ON = { REVERB_METRICS_ENABLED: 'true' };
const OWN_PORT = { ...ON, REVERB_METRICS_PORT: '0' };
const TOKEN = 'a long secret';

/** Where the page is when it has a port of its own. */
function listenerOf({ app }: Pick<TestServer, 'app'>): { httpUrl: string } {
  const { port } = app.get(MetricsListener, { strict: false });
  return { httpUrl: `http://127.0.0.1:${port}` };
}

describe('The page', () => {
  it('is not there unless it is enabled', async () => {
    const server = await startServer({ REVERB_METRICS_PORT: '0' });
    expect((await getMetrics(server)).status).toBe(404);
    expect(server.app.get(MetricsListener, { strict: false }).port).toBeUndefined();
  });

  it('is at its path on the port of the server, whatever the query', async () => {
    const server = await startServer({ ...ON, REVERB_METRICS_PATH: '/internal/figures' });
    for (const path of ['/internal/figures', '/internal/figures/', '/internal/figures?a=b']) {
      const { status, headers } = await getMetrics(server, {}, path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(headers['cache-control']).toBe('no-store');
    }
    for (const path of ['/metrics', '/internal', '/internal/figures/more', '/internal//figures']) {
      expect([path, (await getMetrics(server, {}, path)).status]).toEqual([path, 404]);
    }
  });

  it('is below the prefix of the server, and nowhere else', async () => {
    const server = await startServer({ ...ON, REVERB_SERVER_PATH: '/realtime' });
    expect((await getMetrics(server)).status).toBe(200);
    const root = { httpUrl: `http://127.0.0.1:${server.port}` };
    expect((await getMetrics(root)).status).toBe(404);
  });

  it('is said to be as long as it is to who asks for the head alone', async () => {
    const server = await startServer(ON);
    const { status, text, headers } = await getMetrics(server, {}, '/metrics', 'HEAD');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(1000);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'])(
    'is not given to %s',
    async (method) => {
      const server = await reusedServer(ON);
      const { status, headers, json } = await getMetrics(server, {}, '/metrics', method);
      expect([status, headers.allow, json]).toEqual([
        405,
        'GET, HEAD',
        { error: 'The method must be GET.' },
      ]);
    },
  );

  it('is the same for all who ask at once', async () => {
    const server = await startServer(ON);
    const pages = await Promise.all(Array.from({ length: 20 }, () => getMetrics(server)));
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { text } of pages)
      expect(new MetricsScrape(text).value('revurb_cluster_up')).toBe(1);
  });

  it('is there while the server drains', async () => {
    const server = await startServer(ON);
    const silent = await rawUpgrade(server.port, '/app/app-key');
    await silent.nextFrame();
    void server.close();
    await eventually(async () => {
      expect((await plainRequest(server.httpUrl, 'GET', '/up')).status).toBe(503);
    });
    const { status, headers } = await getMetrics(server);
    expect([status, headers.connection]).toEqual([200, 'close']);
  });
});

describe('A token', () => {
  const start = (variables = ON) =>
    reusedServer({ ...variables, REVERB_METRICS_TOKEN: TOKEN.replaceAll(' ', '-') });
  const right = TOKEN.replaceAll(' ', '-');

  it.each([`Bearer ${right}`, `bearer ${right}`, `Bearer   ${right}`])(
    'is taken from "%s"',
    async (authorization) => {
      const server = await start();
      expect((await getMetrics(server, { authorization })).status).toBe(200);
    },
  );

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    right,
    `Basic ${right}`,
    `Bearer ${right}x`,
    `Bearer ${right.slice(1)}`,
    `Bearer ${right.toUpperCase()}`,
    `Bearer ${right} ${right}`,
    `Bearer ${'x'.repeat(8000)}`,
    `Bearer ${right}\u00e9`,
    'Bearer __proto__',
  ])('is asked for, and is none in "%s"', async (authorization) => {
    const server = await start();
    const response = await getMetrics(server, authorization === undefined ? {} : { authorization });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="metrics"');
    expect(response.json).toEqual({ error: 'The bearer token is missing or wrong.' });
  });

  it('is asked for before anything else is told, on a port of its own too', async () => {
    const server = await start(OWN_PORT);
    const own = listenerOf(server);
    expect((await getMetrics(own, {}, '/metrics', 'POST')).status).toBe(401);
    expect((await getMetrics(own)).status).toBe(401);
    expect((await getMetrics(own, { authorization: `Bearer ${right}` })).status).toBe(200);
  });

  it('stands in no log', async () => {
    // One of its own, for what it says when it starts.
    const server = await startServer({ ...OWN_PORT, REVERB_METRICS_TOKEN: right });
    await getMetrics(listenerOf(server), { authorization: 'Bearer wrong-token' });
    const said = server.logs.lines.map(({ text }) => text).join('\n');
    expect(said).not.toContain(right);
    expect(said).not.toContain('wrong-token');
  });
});

describe('On a port of its own', () => {
  it('the page is there, and not on the port of the server', async () => {
    const server = await startServer({ ...OWN_PORT, REVERB_SERVER_PATH: '/realtime' });
    const own = listenerOf(server);
    expect((await MetricsScrape.of(own)).value('revurb_cluster_up')).toBe(1);
    expect((await getMetrics(server)).status).toBe(404);
    expect((await getMetrics(own, {}, '/realtime/metrics')).status).toBe(404);
  });

  it.each(['/', '/up', '/apps/app-id/channels', '/metrics/more', '/app/app-key'])(
    'nothing else is there, not even %s',
    async (path) => {
      const { status, json } = await getMetrics(listenerOf(await reusedServer(OWN_PORT)), {}, path);
      expect([status, json]).toEqual([404, { error: 'There is nothing at this path.' }]);
    },
  );

  it('it is logged which', async () => {
    const server = await startServer(OWN_PORT);
    expect(server.logs.of('log').join('\n')).toContain('The metrics page listens');
  });

  it('the page is there until the server is gone', async () => {
    const server = await startServer(OWN_PORT);
    const own = listenerOf(server);
    const silent = await rawUpgrade(server.port, '/app/app-key');
    await silent.nextFrame();
    const closing = server.close();
    await eventually(async () => {
      const scrape = await MetricsScrape.of(own);
      expect(scrape.value('revurb_connections_closed_total', { code: '4200' })).toBe(1);
    });
    await closing;
    await expect(getMetrics(own)).rejects.toThrow();
  });

  it('a port that somebody else has stops the start, in words', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    registerForClose(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const starting = startServer({ ...ON, REVERB_METRICS_PORT: String(port) });
    await expect(starting).rejects.toThrow(MetricsListenError);
    await expect(starting).rejects.toThrow(
      `The metrics page cannot have port ${port} of 127.0.0.1 (EADDRINUSE). Choose another with REVERB_METRICS_PORT.`,
    );
  });

  it('an offer of another protocol is ignored', async () => {
    const server = await startServer(OWN_PORT);
    const { httpUrl } = listenerOf(server);
    const response = await plainRequest(httpUrl, 'GET', '/metrics', {
      headers: { upgrade: 'websocket', connection: 'upgrade' },
    });
    expect(response.status).toBe(200);
    expect(server.logs.of('error')).toEqual([]);
  });
});

describe.each<Platform>(['Express', 'Fastify'])('Embedded in a host on %s', (platform) => {
  @Controller()
  class OwnController {
    @Get('metrics')
    metrics(): string {
      return 'the host';
    }
  }

  it('the page is below the path of the server, and the host keeps its own', async () => {
    const host = await startHost(platform, {
      controllers: [OwnController],
      revurb: { metrics: { enabled: true, token: 'secret' } },
    });
    await PusherClient.connect(host);
    const { status, text } = await getMetrics(host, { authorization: 'Bearer secret' });
    expect(status).toBe(200);
    expect(new MetricsScrape(text).value('revurb_connections', { app_id: 'app-id' })).toBe(1);
    expect((await getMetrics(host)).status).toBe(401);
    const own = await plainRequest(host.ownUrl, 'GET', '/metrics');
    expect([own.status, own.text]).toEqual([200, 'the host']);
  });

  it('the page may have a port of its own, on the loopback address unless told otherwise', async () => {
    const host = await startHost(platform, { revurb: { metrics: { enabled: true, port: 0 } } });
    expect((await MetricsScrape.of(listenerOf(host as never))).value('revurb_cluster_up')).toBe(1);
    expect((await getMetrics(host)).status).toBe(404);
  });

  it('there is none unless it is enabled', async () => {
    const host = await startHost(platform);
    expect((await getMetrics(host)).status).toBe(404);
  });
});

describe('Options that make no sense', () => {
  it.each([
    [{ path: 'metrics' }, 'must be like "/metrics"'],
    [{ path: '/' }, 'must be like "/metrics"'],
    [{ path: '/a?b' }, 'must be like "/metrics"'],
    [{ token: '' }, 'The token of the metrics page is empty'],
  ])('are refused: %j', async (metrics, sentence) => {
    await expect(startHost('Fastify', { revurb: { metrics } })).rejects.toThrow(sentence);
  });
});
