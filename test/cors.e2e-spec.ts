import request from 'supertest';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { closeAll } from './harness/eventually.js';
import { reusedServer } from './harness/shared-server.js';

afterEach(closeAll);

const SITE = 'https://site.example';

const preflight = (httpUrl: string, origin: string, path = '/apps/app-id/events') =>
  request(httpUrl)
    .options(path)
    .set('Origin', origin)
    .set('Access-Control-Request-Method', 'POST')
    .set('Access-Control-Request-Headers', 'content-type,x-idempotency-key');

/** The headers of a response that are about CORS. */
const corsOf = (headers: object) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-')),
  );

describe('browsers may not call the API', () => {
  it('unless it is configured, though a preflight is answered', async () => {
    const server = await reusedServer();
    const get = await api(server, 'GET', 'channels', { headers: { Origin: SITE } }).expect(200);
    const asked = await preflight(server.httpUrl, SITE).expect(204);
    expect([corsOf(get.headers), corsOf(asked.headers)]).toEqual([{}, {}]);
  });
});

describe('pages of a configured origin may call the API', () => {
  const variables = { REVERB_CORS_ORIGINS: `${SITE},http://localhost:3000` };

  it('and see what it answers', async () => {
    const server = await reusedServer(variables);
    for (const origin of [SITE, 'http://localhost:3000']) {
      const { headers } = await api(server, 'GET', 'channels', { headers: { Origin: origin } });
      expect(corsOf(headers)).toMatchObject({ 'access-control-allow-origin': origin });
      expect(headers.vary).toMatch(/\bOrigin\b/);
    }
  });

  it('and see why they are refused', async () => {
    const server = await reusedServer(variables);
    const headers = { Origin: SITE };
    const refusals = [
      [await publishTo(server, 'b ad').set(headers), 400],
      [await api(server, 'GET', 'channels', { headers, tamper: { secret: 'x' } }), 401],
      [await api(server, 'GET', '/apps/nobody/channels', { headers }), 404],
      [await api(server, 'POST', 'channels', { headers }), 405],
    ] as const;
    for (const [response, status] of refusals) {
      expectRefusal(response, status);
      expect(response.headers['access-control-allow-origin']).toBe(SITE);
    }
  });

  it('after asking first', async () => {
    const server = await reusedServer(variables);
    for (const path of ['/apps/app-id/events', '/apps/app-id/channels/c', '/apps/x/batch_events']) {
      const response = await preflight(server.httpUrl, SITE, path).expect(204);
      const { headers, text } = response;
      expect(text).toBe('');
      expect(headers['access-control-allow-origin']).toBe(SITE);
      expect(headers['access-control-allow-methods']).toMatch(/\bGET\b.*\bPOST\b/);
      expect(headers['access-control-allow-headers']).toMatch(/content-type/i);
      expect(headers['access-control-allow-headers']).toMatch(/x-idempotency-key/i);
      expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
    }
  });

  it.each([
    'https://other.example',
    'http://site.example',
    'https://site.example:8443',
    'https://site.example.evil.example',
    'https://a.site.example',
    'null',
    '*',
    'nonsense',
  ])('but not those of %s', async (origin) => {
    const server = await reusedServer(variables);
    const get = await api(server, 'GET', 'channels', { headers: { Origin: origin } }).expect(200);
    const asked = await preflight(server.httpUrl, origin).expect(204);
    expect([corsOf(get.headers), corsOf(asked.headers)]).toEqual([{}, {}]);
    expect(get.headers.vary).toMatch(/\bOrigin\b/);
  });

  it('and everybody else calls it as before', async () => {
    const server = await reusedServer(variables);
    const { headers } = await api(server, 'GET', 'channels').expect(200);
    expect(corsOf(headers)).toEqual({});
  });
});

describe('with * pages of any origin may call the API', () => {
  it('without credentials', async () => {
    const server = await reusedServer({ REVERB_CORS_ORIGINS: '*' });
    const { headers } = await publishTo(server, 'c').set('Origin', 'https://any.example');
    expect(corsOf(headers)).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    await preflight(server.httpUrl, 'null').expect(204).expect('Access-Control-Allow-Origin', '*');
  });
});

describe('what only looks like a preflight', () => {
  it('is a wrong method, or a wrong path', async () => {
    const server = await reusedServer({ REVERB_CORS_ORIGINS: '*' });
    const options = await request(server.httpUrl).options('/apps/app-id/events');
    expectRefusal(options, 405);
    expect(options.headers.allow).toBe('POST');
    expectRefusal(await preflight(server.httpUrl, SITE, '/apps/app-id/nothing'), 404);
  });
});
