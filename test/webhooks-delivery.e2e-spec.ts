import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, expectRefusal } from './harness/api.js';
import { subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { signedRequest } from './harness/signed-request.js';
import { startServer, type TestServer } from './harness/test-server.js';
import {
  answer,
  signatureOf,
  webhookVariables,
  WebhookReceiver,
  type Answering,
} from './harness/webhook-receiver.js';

afterEach(closeAll);

const PATIENCE = { withinMs: 15_000 };
const occupied = (channel: string) => ({ name: 'channel_occupied', channel });
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `channel-${from + i}`);

async function startWith(variables: Record<string, string> = {}, ...paths: readonly string[]) {
  const receiver = await WebhookReceiver.start();
  const webhooks = (paths.length > 0 ? paths : ['/']).map((path) => ({
    url: receiver.url(path),
    event_types: ['channel_occupied'],
  }));
  const server = await startServer(webhookVariables(webhooks, variables));
  return { receiver, server };
}

/** The dead letters of a server, as its API lists them. */
async function failedOn(server: TestServer) {
  const { json } = await signedRequest(server, 'GET', 'webhooks/failed');
  return json.failed as { id: string; event: { channel: string }; [field: string]: unknown }[];
}

/** Resolves once so many events are dead letters. */
const untilFailed = (server: TestServer, count: number) =>
  eventually(async () => expect(await failedOn(server)).toHaveLength(count), PATIENCE);

const retry = (server: TestServer, body: object | string) =>
  api(server, 'POST', 'webhooks/retry', { body });

describe('An endpoint that is killed and comes back', () => {
  it('gets every event, in order, once, validly signed', async () => {
    const { receiver, server } = await startWith();
    const client = await subscriber(server, ...numbered(0, 20));
    await receiver.expectEvents(numbered(0, 20).map(occupied));
    await receiver.die();
    for (const channel of numbered(20, 60)) await client.subscribe(channel);
    await eventually(() => expect(server.logs.of('warn').join()).toMatch(/endpoint fails/));
    await receiver.rise();
    for (const channel of numbered(60, 70)) await client.subscribe(channel);
    await receiver.expectEvents(numbered(0, 70).map(occupied), PATIENCE);
    for (const { body, headers } of receiver.taken()) {
      expect(headers['x-pusher-signature']).toBe(signatureOf(body, server.secret));
    }
    expect(server.logs.of('log').join()).toMatch(/endpoint takes events again/);
    expect(await failedOn(server)).toEqual([]);
  });
});

describe('A delivery', () => {
  it('that fails in whatever way is made again, as it was', async () => {
    const ways: Record<string, Answering> = {
      '/refuses': answer(500),
      '/forbids': answer(403),
      '/redirects': answer(302, { Location: 'http://127.0.0.1:1/' }),
      '/hangs-up': (response) => void response.socket?.destroy(),
      '/speaks-no-http': (response) => void response.socket?.end('hello\r\n\r\n'),
    };
    const paths = Object.keys(ways);
    const { receiver, server } = await startWith({}, ...paths);
    for (const path of paths) receiver.behave(ways[path]!, path);
    const made = (path: string) => receiver.deliveries.filter((each) => each.path === path);
    await subscriber(server, 'a');
    await eventually(() => {
      for (const path of paths) expect(made(path).length).toBeGreaterThanOrEqual(2);
    });
    for (const path of paths) receiver.behave(answer(201), path);
    for (const path of paths) {
      await receiver.expectEvents([occupied('a')], { path, ...PATIENCE });
      expect(new Set(made(path).map(({ body }) => body)).size).toBe(1);
    }
  });

  it('that is not answered in time is made again, and holds up nobody else', async () => {
    const { receiver, server } = await startWith({}, '/hangs', '/works');
    receiver.behave(() => undefined, '/hangs');
    const client = await subscriber(server, 'a');
    const beganMs = performance.now();
    await receiver.expectEvents([occupied('a')], { path: '/works' });
    for (const channel of numbered(0, 5)) {
      await client.subscribe(channel);
      await eventually(() => expect(receiver.events('/works')).toContainEqual(occupied(channel)));
    }
    expect(performance.now() - beganMs).toBeLessThan(1000);
    await eventually(() =>
      expect(receiver.deliveries.filter(({ path }) => path === '/hangs').length).toBe(2),
    );
    receiver.behave(answer(200), '/hangs');
    const all = ['a', ...numbered(0, 5)].map(occupied);
    await receiver.expectEvents(all, { path: '/hangs', ...PATIENCE });
  });

  it('is over when it is answered, however much is answered and however slowly', async () => {
    const { receiver, server } = await startWith();
    const flood = 'x'.repeat(1_000_000);
    receiver.behave((response) => {
      response.writeHead(200);
      for (let i = 0; i < 20; i++) response.write(flood);
    });
    await subscriber(server, 'a', 'b', 'c');
    await receiver.expectEvents(['a', 'b', 'c'].map(occupied), PATIENCE);
  });

  it('that is refused for one event of many reaches the others before and behind it', async () => {
    const { receiver, server } = await startWith({
      REVERB_WEBHOOK_BATCH_WINDOW: '200',
      REVERB_WEBHOOK_RETRY_WINDOW: '3',
    });
    receiver.behave((response, { events }) => {
      const isBad = events.some(({ channel }) => channel === 'channel-3');
      response.writeHead(isBad ? 400 : 200).end();
    });
    await subscriber(server, ...numbered(0, 6));
    const good = numbered(0, 6).filter((channel) => channel !== 'channel-3');
    await receiver.expectEvents(good.map(occupied), PATIENCE);
    const [letter, ...others] = await failedOn(server);
    expect([letter!.event, others]).toEqual([occupied('channel-3'), []]);
  });
});

describe('An event that cannot be delivered for the whole time', () => {
  const giveUp = { REVERB_WEBHOOK_RETRY_WINDOW: '1' };

  it('becomes a dead letter, and can be sent again', async () => {
    const { receiver, server } = await startWith(giveUp);
    receiver.behave(answer(503));
    const beganMs = Date.now();
    await subscriber(server, 'a', 'b');
    await untilFailed(server, 2);
    const letters = await failedOn(server);
    const [first, second] = letters;
    expect(first).toEqual({
      id: expect.any(String),
      url: receiver.url('/'),
      event: occupied('a'),
      cause: 'It answered 503',
      attempts: expect.any(Number),
      time_ms: expect.any(Number),
      failed_ms: expect.any(Number),
    });
    expect(first!.attempts).toBeGreaterThanOrEqual(2);
    expect(first!.time_ms).toBeGreaterThanOrEqual(beganMs);
    expect(first!.failed_ms).toBeGreaterThanOrEqual(beganMs + 1000);
    expect(receiver.taken()).toEqual([]);
    receiver.behave(answer(200));
    const { body } = await retry(server, { ids: [second!.id, 'unknown'] });
    expect(body).toEqual({ retried: 1 });
    await receiver.expectEvents([occupied('b')]);
    expect(receiver.taken()[0]!.timeMs).toBe(second!.time_ms);
    expect((await retry(server, { all: true })).body).toEqual({ retried: 1 });
    await receiver.expectEvents([occupied('b'), occupied('a')]);
    expect(await failedOn(server)).toEqual([]);
    expect((await retry(server, { all: true })).body).toEqual({ retried: 0 });
  });

  it('is one when nothing is to be tried again, after the first failure', async () => {
    const { receiver, server } = await startWith({ REVERB_WEBHOOK_RETRY_WINDOW: '0' });
    receiver.behave(answer(500));
    await subscriber(server, 'a');
    await untilFailed(server, 1);
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('is not sent again by what names none, and is no business of strangers', async () => {
    const server = await startServer();
    for (const [body, sentence] of [
      [{}, 'either ids, or all'],
      [{ ids: ['1'], all: true }, 'either ids, or all'],
      [{ all: false, ids: null }, 'either ids, or all'],
      [{ ids: [] }, 'ids'],
      [{ ids: [1] }, 'ids'],
      [{ ids: 'all' }, 'ids'],
      [{ ids: ['x'.repeat(41)] }, 'ids'],
      [{ all: 'yes' }, 'all'],
      ['[]', 'JSON object'],
      ['{', 'JSON'],
    ] as const) {
      expectRefusal(await retry(server, body), 400, sentence);
    }
    const tamper = { secret: 'wrong' };
    for (const [method, path, other] of [
      ['GET', 'webhooks/failed', 'POST'],
      ['POST', 'webhooks/retry', 'GET'],
    ] as const) {
      expect((await signedRequest(server, method, path, { tamper })).status).toBe(401);
      const { status, headers } = await signedRequest(server, other, path);
      expect([status, headers.allow]).toEqual([405, method]);
    }
  });
});

describe('An endpoint with an address that is not public', () => {
  it('gets nothing where that is forbidden, not by a name either', async () => {
    let connections = 0;
    const inside = createServer((_, response) => response.end());
    inside.on('connection', () => connections++);
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    registerForClose(() => new Promise<void>((resolve) => inside.close(() => resolve())));
    const { port } = inside.address() as AddressInfo;
    const hosts = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1', '[::1]', '0'];
    const webhooks = hosts.map((host) => ({ url: `http://${host}:${port}/` }));
    const server = await startServer(
      webhookVariables(webhooks, {
        REVERB_WEBHOOK_PRIVATE_ADDRESSES: 'false',
        REVERB_WEBHOOK_RETRY_WINDOW: '0',
      }),
    );
    await subscriber(server, 'a');
    await untilFailed(server, hosts.length);
    for (const { cause } of await failedOn(server)) {
      expect(cause).toMatch(/is no address of the public internet/);
    }
    expect(connections).toBe(0);
  });
});

describe('A server that stops', () => {
  it('delivers what is there first, and that everybody is gone', async () => {
    const receiver = await WebhookReceiver.start();
    const webhooks = [{ url: receiver.url() }];
    const server = await startServer(webhookVariables(webhooks, { REVERB_WEBHOOK_GRACE: '30' }));
    const leaver = await subscriber(server, 'left');
    await subscriber(server, 'a');
    await leaver.close();
    await receiver.expectEvents(['left', 'a'].map(occupied));
    await server.close();
    const vacated = (channel: string) => ({ name: 'channel_vacated', channel });
    expect(receiver.events().slice(2)).toEqual(['left', 'a'].map(vacated));
  });

  it('does not wait for an endpoint that hangs for longer than it may take, and says what is lost', async () => {
    const { receiver, server } = await startWith();
    receiver.behave(() => undefined);
    const client = await subscriber(server, 'a');
    await eventually(() => expect(receiver.deliveries).toHaveLength(1));
    await client.subscribe('b');
    await sleep(20);
    const beganMs = performance.now();
    await server.close();
    expect(performance.now() - beganMs).toBeLessThan(3000);
    expect(server.logs.of('warn').join()).toMatch(/2 webhook events are lost/);
  });

  it('says nothing when nothing is lost', async () => {
    const { receiver, server } = await startWith();
    await subscriber(server, 'a');
    await receiver.expectEvents([occupied('a')]);
    await server.close();
    expect(server.logs.of('warn').join()).not.toMatch(/lost/);
  });
});
