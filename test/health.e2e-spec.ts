import request from 'supertest';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { PubSubProvider } from '../src/scaling/pub-sub-provider.js';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { rawUpgrade, type RawWebSocket } from './harness/raw-socket.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

describe('a server that is well says so', () => {
  it('to load balancers at /up, without a signature', async () => {
    const server = await startServer();
    await request(server.httpUrl)
      .get('/up')
      .expect(200, { health: 'OK' })
      .expect('Content-Type', /^application\/json/);
    await request(server.httpUrl).get('/up?any=thing').expect(200, { health: 'OK' });
    await request(server.httpUrl).get('/up/').expect(200, { health: 'OK' });
    await request(server.httpUrl).head('/up').expect(200);
  });

  it('to orchestrators at /health/live and /health/ready', async () => {
    const server = await startServer();
    const live = await request(server.httpUrl).get('/health/live').expect(200);
    expect(live.body).toMatchObject({ status: 'ok' });
    const ready = await request(server.httpUrl).get('/health/ready').expect(200);
    expect(ready.body).toMatchObject({
      status: 'ok',
      details: { server: { status: 'up' }, scaling: { status: 'up' } },
    });
  });

  it('below the prefix of the server, and nowhere else', async () => {
    const server = await startServer({ REVERB_SERVER_PATH: '/realtime' });
    const root = `http://127.0.0.1:${server.port}`;
    for (const path of ['/up', '/health/live', '/health/ready']) {
      await request(server.httpUrl).get(path).expect(200);
      await request(root).get(path).expect(404);
    }
  });

  it('to whoever asks, a thousand times', async () => {
    const server = await startServer();
    for (let i = 0; i < 10; i++) {
      const asked = Array.from({ length: 100 }, () => signedRequest(server, 'GET', '/up'));
      for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    }
    expect(server.logs.of('error')).toEqual([]);
  });
});

describe('a server that has limits', () => {
  const LONG_MS = 300;

  /** Does nothing at all, like a turn of the event loop that is far too long. */
  const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONG_MS);

  const readiness = (server: TestServer) => request(server.httpUrl).get('/health/ready');

  it('is not ready while its event loop lags, and is again when it does not', async () => {
    const limit = String(LONG_MS / 2);
    const server = await startServer({ REVERB_HEALTH_MAX_EVENT_LOOP_LAG: limit });
    await eventually(() => readiness(server).expect(200));
    // The loop is looked at for the first time after a while.
    await eventually(async () => {
      block();
      const { status, body } = await readiness(server);
      expect(status).toBe(503);
      expect(body).toMatchObject({
        status: 'error',
        error: { event_loop: { status: 'down', maxLagMs: LONG_MS / 2 } },
        details: { server: { status: 'up' }, scaling: { status: 'up' } },
      });
      expect(body.error.event_loop.lagMs).toBeGreaterThan(LONG_MS / 2);
    });
    await request(server.httpUrl).get('/up').expect(200);
    await request(server.httpUrl).get('/health/live').expect(200);
    await eventually(() => readiness(server).expect(200), { withinMs: 10_000 });
    expect(server.logs.of('error')).toEqual([]);
    expect(server.logs.of('warn').join('\n')).toMatch(/is not ready[^]+is ready again/);
  });

  it('is not ready with more memory than that', async () => {
    const server = await startServer({ REVERB_HEALTH_MAX_MEMORY: '1000' });
    for (let i = 0; i < 3; i++) {
      const { body } = await readiness(server).expect(503);
      expect(body).toMatchObject({ status: 'error', error: { memory: { status: 'down' } } });
    }
    expect(server.logs.of('warn')).toHaveLength(1);
    const roomy = await startServer({ REVERB_HEALTH_MAX_MEMORY: '1000000000000' });
    const { body } = await readiness(roomy).expect(200);
    expect(body.details.memory).toEqual({ status: 'up' });
  });

  it('and one that has none looks at neither', async () => {
    const { body } = await readiness(await startServer()).expect(200);
    expect(Object.keys(body.details).sort()).toEqual(['scaling', 'server']);
  });
});

describe('a server that is shutting down', () => {
  /** Begins to close a server, which waits for a client that does not answer its farewell. */
  async function startDraining(): Promise<{ server: TestServer; silent: RawWebSocket }> {
    const server = await startServer();
    const silent = await rawUpgrade(server.port, '/app/app-key');
    await silent.nextFrame();
    void server.close();
    await eventually(() => request(server.httpUrl).get('/up').expect(503));
    return { server, silent };
  }

  it('tells load balancers and orchestrators with 503, and that it lives', async () => {
    const { server } = await startDraining();
    const [up, ready, live] = await Promise.all(
      ['/up', '/health/ready', '/health/live'].map((path) => request(server.httpUrl).get(path)),
    );
    for (const response of [up!, ready!]) {
      expectRefusal(response, 503, 'The server is shutting down.');
      expect(response.headers['retry-after']).toBe('1');
    }
    expect(live!.status).toBe(200);
    expect(server.logs.of('error')).toEqual([]);
  });

  it('takes no publish any more, with 503 and Retry-After, but still answers questions', async () => {
    const { server } = await startDraining();
    const event = { name: 'e', channel: 'c', data: 'd' };
    const [single, batch, question] = await Promise.all([
      publishTo(server, 'c'),
      api(server, 'POST', 'batch_events', { body: { batch: [event] } }),
      api(server, 'GET', 'channels'),
    ]);
    for (const response of [single, batch]) {
      expectRefusal(response, 503, 'shutting down');
      expect(response.headers['retry-after']).toBe('1');
    }
    expect(question.status).toBe(200);
  });

  it('refuses connections with 4100', async () => {
    const { server } = await startDraining();
    const { closeCode } = await PusherClient.refused(server);
    expect(closeCode).toBe(4100);
  });
});

describe('a node that has lost the others', () => {
  it('is ready for its own clients, and says that the others are out of reach', async () => {
    const server = await startServer();
    const pubSub = server.app.get(PubSubProvider, { strict: false });
    Object.defineProperty(pubSub, 'status', { get: () => 'down' });
    const { body } = await request(server.httpUrl).get('/health/ready').expect(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { server: { status: 'up' }, scaling: { status: 'down', mode: 'down' } },
    });
  });
});
