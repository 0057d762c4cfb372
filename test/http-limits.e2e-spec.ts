import request from 'supertest';
import { FlushQueue } from '../src/connections/delivery/flush-queue.js';
import {
  api,
  API_STATUSES,
  expectRefusal,
  publishTo,
  startServerFor,
  startTwoApplications,
} from './harness/api.js';
import { eventually } from './harness/eventually.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { plainRequest, signedUrl } from './harness/signed-request.js';
import { reusedServer, sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

/** Seconds, where a request may be sent again. */
const RETRY_AFTER = '1';

const CALLS = [
  ['POST', 'events'],
  ['POST', 'batch_events'],
  ['GET', 'channels'],
  ['GET', 'channels/c'],
  ['GET', 'channels/presence-c/users'],
  ['GET', 'connections'],
  ['POST', 'users/1/terminate_connections'],
  ['POST', '/users/1/terminate_connections'],
  ['GET', '/up'],
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
] as const;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'];
const ODD_METHODS = ['SEARCH', 'MKCOL', 'LOCK', 'REPORT', 'NOTIFY', 'SUBSCRIBE', 'M-SEARCH'];

describe('a request body is as large as it may be', () => {
  it('and one byte more is refused with 413', async () => {
    const server = await sharedServer({ REVERB_MAX_REQUEST_SIZE: '1000' });
    const body = (size: number) => {
      const start = '{"name":"e","channel":"c","data":"';
      return `${start}${'x'.repeat(size - start.length - 2)}"}`;
    };
    await api(server, 'POST', 'events', { body: body(1000) }).expect(200, {});
    const large = await api(server, 'POST', 'events', { body: body(1001) });
    expectRefusal(large, 413, 'The request body is larger than 1000 bytes.');
    await api(server, 'POST', 'events', { body: body(1000) }).expect(200, {});
  });

  it('on every call, read or not', async () => {
    const server = await sharedServer({ REVERB_MAX_REQUEST_SIZE: '10' });
    for (const path of ['events', 'batch_events', 'users/1/terminate_connections']) {
      expectRefusal(await api(server, 'POST', path, { body: 'x'.repeat(11) }), 413, '10 bytes');
    }
  });

  it('by default 200000 bytes, a full batch of full events', async () => {
    const server = await sharedServer();
    const event = { name: 'e'.repeat(200), channel: 'c'.repeat(200), data: '"'.repeat(8_900) };
    const batch = Array.from({ length: 10 }, () => event);
    const body = JSON.stringify({ batch });
    expect(body.length).toBeGreaterThan(180_000);
    await api(server, 'POST', 'batch_events', { body }).expect(200, {});
    const large = await api(server, 'POST', 'events', { body: ' '.repeat(200_001) });
    expectRefusal(large, 413, '200000 bytes');
  });

  it('and megabytes more do not make the answer get lost', async () => {
    const server = await sharedServer();
    const large = await api(server, 'POST', 'events', { body: ' '.repeat(5_000_000) });
    expectRefusal(large, 413);
  });
});

describe('a wrong method is refused with 405 and Allow', () => {
  it.each(CALLS)('where %s %s is meant', async (method, path) => {
    const server = await sharedServer();
    for (const wrong of [...METHODS, ...ODD_METHODS]) {
      if (wrong === method) continue;
      const url = signedUrl(server, wrong, path);
      const response = await plainRequest(server.httpUrl, wrong, url, { body: '{}' });
      expectRefusal(response, 405, `The method must be ${method}.`);
      expect(response.headers.allow).toBe(method);
    }
  });

  it('signed or not, whether the application exists or not', async () => {
    const server = await reusedServer();
    for (const id of ['app-id', 'nobody']) {
      const response = await request(server.httpUrl).put(`/apps/${id}/events`);
      expectRefusal(response, 405);
      expect(response.headers.allow).toBe('POST');
    }
  });

  it('for HEAD too where POST is meant, while HEAD asks what GET asks', async () => {
    const server = await reusedServer();
    const wrong = await request(server.httpUrl).head(signedUrl(server, 'HEAD', 'events'));
    expect([wrong.status, wrong.headers.allow, wrong.text]).toEqual([405, 'POST', undefined]);
    const right = await request(server.httpUrl).head(signedUrl(server, 'HEAD', 'channels'));
    expect([right.status, right.text]).toEqual([200, undefined]);
    const unsigned = await request(server.httpUrl).head('/apps/app-id/channels');
    expect(unsigned.status).toBe(401);
  });
});

describe('an unknown path is answered with 404', () => {
  it.each([
    '/',
    '/apps',
    '/apps/',
    '/apps/app-id',
    '/apps/app-id/',
    '/apps/app-id/event',
    '/apps/app-id/events/more',
    '/apps/app-id/Events',
    '/apps/app-id//events',
    '//apps/app-id/events',
    '/apps/app-id/channels/c/users/1',
    '/apps/app-id/users',
    '/apps/app-id/users/1',
    '/APPS/app-id/events',
    '/users/1',
    '/users',
    '/up/more',
    '/health',
    '/health/other',
    '/app',
    '/app/',
    '/app/app-key/more',
    '/favicon.ico',
    '/revurb-routes/apps/-/events',
    '/revurb-routes/no-such-call',
    '/apps/-/events/../../../etc/passwd',
    '/apps/app-id/events%2F',
    `/${'long'.repeat(2_500)}`,
  ])('%.40s', async (path) => {
    const server = await reusedServer();
    for (const method of ['GET', 'POST']) {
      expectRefusal(await plainRequest(server.httpUrl, method, path), 404);
    }
  });

  it('as is an unknown application, whatever its id', async () => {
    const server = await sharedServer();
    const ids = ['nobody', 'APP-ID', '__proto__', 'constructor', '%00', '%zz', 'x'.repeat(5_000)];
    for (const id of ids) {
      const path = signedUrl(server, 'POST', `/apps/${id}/events`, { body: '{}' });
      expectRefusal(await plainRequest(server.httpUrl, 'POST', path, { body: '{}' }), 404);
    }
  });

  it('with 426 for the path of the WebSocket', async () => {
    const server = await reusedServer();
    for (const key of ['app-key', 'nobody']) {
      const response = await request(server.httpUrl).get(`/app/${key}?protocol=7`).expect(426);
      expect(response.headers.upgrade).toBe('websocket');
      expect(response.body).toEqual({ error: expect.any(String) });
    }
  });
});

describe('an application that is over its rate is refused with 429 and Retry-After', () => {
  it('for publishes_per_second, and publishes again a second later', async () => {
    const server = await startServerFor({ publishes_per_second: 3 });
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    let taken = 0;
    const refused = await eventually(async () => {
      const response = await publishTo(server, 'c');
      if (response.status === 200) taken++;
      expectRefusal(response, 429, '3 events a second');
      return response;
    });
    expect(refused.headers['retry-after']).toBe(RETRY_AFTER);
    expect(taken).toBeGreaterThanOrEqual(3);
    await api(server, 'GET', 'channels').expect(200);
    await eventually(() => publishTo(server, 'c').expect(200, {}));
    await client.roundTrip();
    expect(client.framesLike('e')).toHaveLength(taken + 1);
  });

  it('counting each event of a batch, and taking none when not all fit', async () => {
    const server = await startServerFor({ publishes_per_second: 3 });
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    const item = { name: 'e', channel: 'c', data: 'd' };
    const publish = (count: number) =>
      api(server, 'POST', 'batch_events', {
        body: { batch: Array.from({ length: count }, () => item) },
      });
    // The window opens with the first; should it end in between, everything is said again.
    await eventually(async () => {
      await publish(1).expect(200, {});
      await client.expectFrame('e');
      expectRefusal(await publish(3), 429);
      await client.roundTrip();
      expect(client.pendingFrames.filter(({ event }) => event === 'e')).toEqual([]);
      await publish(2).expect(200, {});
    });
  });

  it('but 400 for a batch that no second has room for', async () => {
    const server = await startServerFor({ publishes_per_second: 3 });
    const batch = Array.from({ length: 4 }, () => ({ name: 'e', channel: 'c', data: 'd' }));
    const response = await api(server, 'POST', 'batch_events', { body: { batch } });
    expectRefusal(response, 400, /^batch.* 3 /);
  });

  it('for reads_per_second, and publishes on', async () => {
    const server = await startServerFor({ reads_per_second: 2 });
    const paths = ['channels', 'channels/c', 'channels/presence-c/users', 'connections'];
    for (const path of paths) {
      const refused = await eventually(async () => {
        const response = await api(server, 'GET', path);
        expectRefusal(response, 429, '2 times a second');
        return response;
      });
      expect(refused.headers['retry-after']).toBe(RETRY_AFTER);
    }
    await publishTo(server, 'c').expect(200, {});
    await eventually(() => api(server, 'GET', 'channels').expect(200));
  });

  it('not for what was refused for another reason', async () => {
    const server = await startServerFor({ publishes_per_second: 1, reads_per_second: 1 });
    for (let i = 0; i < 5; i++) {
      expectRefusal(await publishTo(server, 'b ad'), 400);
      expectRefusal(await api(server, 'GET', 'channels', { tamper: { secret: 'x' } }), 401);
    }
    await publishTo(server, 'c').expect(200);
    await api(server, 'GET', 'channels').expect(200);
  });

  it('and no other application with it', async () => {
    const { server, other } = await startTwoApplications({ publishes_per_second: 1 });
    await eventually(async () => expectRefusal(await publishTo(server, 'c'), 429));
    await publishTo(other, 'c').expect(200, {});
  });
});

describe('a server that has too much to send already', () => {
  it('takes no publish, with 503 and Retry-After, until there is room again', async () => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    const queue = server.app.get(FlushQueue, { strict: false });
    const much = 64 * 1024 * 1024 + 1;
    queue.pendingBytes += much;
    const batch = [{ name: 'e', channel: 'c', data: 'd' }];
    for (const refused of [
      await publishTo(server, 'c'),
      await api(server, 'POST', 'batch_events', { body: { batch } }),
    ]) {
      expectRefusal(refused, 503, 'Too many events wait to be sent.');
      expect(refused.headers['retry-after']).toBe(RETRY_AFTER);
    }
    await api(server, 'GET', 'channels').expect(200);
    queue.pendingBytes -= much;
    await publishTo(server, 'c', { name: 'after' }).expect(200, {});
    await client.expectFrame('after');
    expect(client.framesLike('e')).toEqual([]);
  });
});

describe('whatever is asked, only the statuses of the contract are answered', () => {
  it('with a random mixture of right and wrong', async () => {
    const server = await startServerFor({ publishes_per_second: 5, reads_per_second: 5 });
    const bodies = ['', '{', 'null', '{"name":1}', '{"batch":[{}]}', '\u0000', '"\\ud800"', 'x='];
    for (const [, path] of CALLS.slice(0, 8)) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        for (const body of bodies) {
          const query = { info: body, filter_by_prefix: body };
          const url = signedUrl(server, method, path, { body, query });
          const { status, text } = await plainRequest(server.httpUrl, method, url, { body });
          expect(API_STATUSES).toContain(status);
          expect(() => JSON.parse(text)).not.toThrow();
        }
      }
    }
    expect(server.logs.of('error')).toEqual([]);
  });
});
