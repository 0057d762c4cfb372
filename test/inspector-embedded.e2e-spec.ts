import { createApplication } from '../src/index.js';
import { Tracing } from '../src/tracing/tracing.js';
import { closeAll } from './harness/eventually.js';
import { startHost, type Platform } from './harness/host-application.js';
import {
  INSPECTOR_PASSWORD,
  INSPECTOR_VARIABLES,
  InspectorPage,
} from './harness/inspector-page.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { plainRequest } from './harness/signed-request.js';
import { SpanRecorder } from './harness/span-recorder.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const inspector = { enabled: true, password: INSPECTOR_PASSWORD };

describe.each<[Platform]>([['Express'], ['Fastify']])(
  'In a host on %s the inspector',
  (platform) => {
    it('is there for whom the host wants it, and works', async () => {
      const host = await startHost(platform, {
        revurb: { inspector },
        configure: (app) => app.setGlobalPrefix('v1'),
      });
      const page = await InspectorPage.signIn(host, { name: 'Ann' });
      expect(page.session!.feed.path).toBe('/realtime');
      expect((await page.file('')).headers.location).toBe('/realtime/inspector/');
      const index = await page.file('/');
      expect(index.status).toBe(200);
      expect(index.headers).not.toHaveProperty('x-powered-by');
      const feed = await page.watch();
      const client = await PusherClient.connect(host);
      await client.subscribe('c');
      await feed.expectRecord({ kind: 'subscribed', socketId: client.socketId });
      await plainRequest(host.httpUrl, 'GET', '/apps/app-id/channels?auth_key=x');
      const reason = expect.stringMatching(/^GET \/realtime\/apps\/app-id\/channels: /);
      await feed.expectRecord({ kind: 'auth-failed', code: 401, reason });
      const events = [{ name: 'e', channels: ['c'], data: { text: 'ä' } }];
      await page.post('apps/app-id/events', { events });
      expect((await client.expectFrame('e')).json).toEqual({ text: 'ä' });
      const { channels } = await page.get('apps/app-id/channels');
      expect(channels).toMatchObject([{ name: 'c', subscriptions: 1 }]);
      const { affected } = await page.post('apps/app-id/disconnect', { socketId: client.socketId });
      expect(affected).toBe(1);
      await client.expectClose(4009);
      for (const path of ['/inspector/', '/v1/inspector/', '/v1/realtime/inspector/']) {
        expect((await plainRequest(host.ownUrl, 'GET', path)).status).toBe(404);
      }
      await host.close();
      await feed.client.expectClose(4200);
    });

    it('is not there unless it is asked for', async () => {
      const host = await startHost(platform);
      expect((await new InspectorPage(host).file('/')).status).toBe(404);
      const refused = await PusherClient.refused({ ...host, key: 'revurb-inspector' });
      expect(refused.closeCode).toBe(4001);
    });
  },
);

describe('A host', () => {
  it.each([
    [{ enabled: true }, 'needs a password or a token'],
    [{ enabled: true, password: 'short' }, 'must have 12 characters'],
    [{ ...inspector, path: 'inspector' }, 'must be like "/inspector"'],
  ])('does not start with %j', async (options, sentence) => {
    await expect(startHost('Fastify', { revurb: { inspector: options } })).rejects.toThrow(
      sentence,
    );
  });

  it('with many applications has each of them looked at', async () => {
    const applications = ['one', 'two'].map((id) =>
      createApplication({ id, keys: [{ key: `${id}-key`, secret: `${id}-secret` }] }),
    );
    const host = await startHost('Fastify', { revurb: { inspector, applications } });
    const page = await InspectorPage.signIn(host);
    await PusherClient.connect({ ...host, key: 'two-key' });
    expect((await page.get('applications')).applications).toEqual([
      { id: 'one', connections: 0 },
      { id: 'two', connections: 1 },
    ]);
  });
});

describe('Addresses that do too much', () => {
  it('are shown to whoever watches', async () => {
    const server = await startServer({
      ...INSPECTOR_VARIABLES,
      REVERB_TRUSTED_PROXIES: '127.0.0.0/8',
      REVERB_ADDRESS_CONNECTIONS_PER_MINUTE: '1',
    });
    const feed = await (await InspectorPage.signIn(server)).watch();
    const headers = { 'X-Forwarded-For': '203.0.113.9' };
    await PusherClient.connect(server, { headers });
    await PusherClient.refused(server, { headers });
    await feed.expectRecord({ kind: 'rate-limited', code: 4101, address: '203.0.113.9' });
  });
});

describe('Where traces are recorded anyway', () => {
  it('the page shows them under the same name, and all is as before when nobody watches', async () => {
    const recorder = SpanRecorder.start();
    const server = await startServer(INSPECTOR_VARIABLES);
    const tracing = server.app.get(Tracing, { strict: false });
    const { tracer } = tracing;
    expect(tracer).not.toBeNull();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    const feed = await (await InspectorPage.signIn(server)).watch();
    expect(tracing.tracer).not.toBe(tracer);
    await publish(server, 'c', 'traced');
    const { traceId } = await feed.expectRecord({ kind: 'published', event: 'traced' });
    await client.expectFrame('traced');
    await feed.end();
    expect(tracing.tracer).toBe(tracer);
    const ids = new Set(recorder.spans.map((span) => span.spanContext().traceId));
    expect([...ids]).toEqual([traceId]);
    const before = recorder.spans.length;
    expect(before).toBeGreaterThan(2);
    await publish(server, 'c', 'traced');
    await client.expectFrame('traced');
    expect(recorder.spans.length).toBeGreaterThan(before);
  });
});
