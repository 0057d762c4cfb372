import { createHmac } from 'node:crypto';
import request from 'supertest';
import { api, expectRefusal, startServerFor, startTwoApplications } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { RawSocket } from './harness/raw-socket.js';
import { plainRequest, signedRequest, signedUrl, type Tamper } from './harness/signed-request.js';
import { reusedServer, sharedServer } from './harness/shared-server.js';

const EVENT = { name: 'e', channel: 'c', data: 'd' };
const now = () => Math.floor(Date.now() / 1000);
const sign = (secret: string, text: string) =>
  createHmac('sha256', secret).update(text).digest('hex');

afterEach(closeAll);

describe('a request is let in when its signature holds', () => {
  it('as in the vector of the Pusher documentation, byte for byte', async () => {
    const server = await reusedServer({
      REVERB_APP_ID: '3',
      REVERB_APP_KEY: '278d425bdf160c739803',
      REVERB_APP_SECRET: '7ad3773142a6692b25b8',
      REVERB_SIGNATURE_TOLERANCE: '0',
    });
    await request(server.httpUrl)
      .post(
        '/apps/3/events?auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0' +
          '&body_md5=ec365a775a4cd0599faeb73354201b6f' +
          '&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c',
      )
      .set('Content-Type', 'application/json')
      .send('{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}')
      .expect(200, {});
  });

  it('in either hex case, that of body_md5 too', async () => {
    const server = await sharedServer();
    await api(server, 'POST', 'events', { body: EVENT, tamper: { upperCaseHex: true } }).expect(
      200,
    );
    await api(server, 'GET', 'channels', {
      tamper: { signature: (hex) => hex.replace(/[a-f]/, (digit) => digit.toUpperCase()) },
    }).expect(200);
    const md5 = 'D41D8CD98F00B204E9800998ECF8427E';
    await api(server, 'GET', 'channels', { tamper: { bodyMd5: md5 } }).expect(200);
  });

  it('with parameters in any order on the wire', async () => {
    const server = await sharedServer();
    const [path, query = ''] = signedUrl(server, 'GET', 'channels', {
      query: { info: 'subscription_count', filter_by_prefix: 'a' },
    }).split('?');
    const reversed = query.split('&').reverse().join('&');
    await request(server.httpUrl).get(`${path}?${reversed}`).expect(200);
  });

  it('over decoded values, however they are encoded on the wire', async () => {
    const server = await sharedServer();
    const query = { filter_by_prefix: 'presence-ä b&c=d%', info: 'user_count,subscription_count' };
    await api(server, 'GET', 'channels', { query }).expect(200, { channels: {} });
    const encoded = api(server, 'GET', 'channels', { query, tamper: { signEncodedValues: true } });
    expectRefusal(await encoded, 401, 'auth_signature');
    const url = signedUrl(server, 'GET', 'channels', { query: { info: 'subscription_count,' } });
    const asNodeSendsIt = await plainRequest(server.httpUrl, 'GET', url.replace('%2C', ','));
    expect(asNodeSendsIt.status).toBe(200);
    const spaced = signedUrl(server, 'GET', 'channels', { query: { filter_by_prefix: 'a b' } });
    const asPhpSendsIt = await plainRequest(server.httpUrl, 'GET', spaced.replace('%20', '+'));
    expect(asPhpSendsIt.status).toBe(200);
  });

  it.each(['brackets', 'indexed', 'repeated'] as const)(
    'over arrays joined with commas, sent with %s',
    async (arrayStyle) => {
      const server = await sharedServer();
      const client = await PusherClient.connect(server);
      await client.subscribePresence('presence-c', { user_id: 1 }, server);
      const query = { filter_by_prefix: 'presence-', info: ['user_count', 'subscription_count'] };
      await api(server, 'GET', 'channels', { query, arrayStyle }).expect(200, {
        channels: { 'presence-c': { user_count: 1, subscription_count: 1 } },
      });
    },
  );

  it('over names in lower case', async () => {
    const server = await sharedServer();
    await api(server, 'GET', 'channels', { query: { Zebra: '1', ape: '2' } }).expect(200);
  });

  it('without body_md5 when there is no body', async () => {
    const server = await sharedServer();
    await api(server, 'GET', 'channels').expect(200);
    await api(server, 'POST', 'users/1/terminate_connections').expect(200);
  });

  it('with any key of the application and the secret that belongs to it', async () => {
    const keys = [{ key: 'new-key', secret: 'new-secret' }];
    const server = await startServerFor({ keys });
    await api(server, 'GET', 'channels').expect(200);
    await api({ ...server, ...keys[0]! }, 'GET', 'channels').expect(200);
    const mixed = await api({ ...server, key: 'new-key' }, 'GET', 'channels');
    expectRefusal(mixed, 401, 'auth_signature');
  });

  it('whether or not the path prefix of the server is signed', async () => {
    const server = await reusedServer({ REVERB_SERVER_PATH: '/realtime' });
    await api(server, 'GET', 'channels').expect(200);
    const signedPath = '/realtime/apps/app-id/channels';
    await api(server, 'GET', 'channels', { tamper: { signedPath } }).expect(200);
    const wrong = { signedPath: '/other/apps/app-id/channels' };
    expectRefusal(await api(server, 'GET', 'channels', { tamper: wrong }), 401);
    await request(`http://127.0.0.1:${server.port}`)
      .get(signedUrl(server, 'GET', 'channels'))
      .expect(404);
  });
});

describe('a path with escapes', () => {
  it('is signed as it is sent, or decoded as libraries that leave the encoding to others do', async () => {
    const server = await reusedServer();
    const path = `/apps/app-id/users/${encodeURIComponent('Jürgen 7')}/terminate_connections`;
    await api(server, 'POST', path, { body: {} }).expect(200, {});
    const signedPath = '/apps/app-id/users/Jürgen 7/terminate_connections';
    await api(server, 'POST', path, { body: {}, tamper: { signedPath } }).expect(200, {});
    const other = { signedPath: '/apps/app-id/users/Jürgen 8/terminate_connections' };
    expectRefusal(await api(server, 'POST', path, { body: {}, tamper: other }), 401);
  });
});

describe('the timestamp protects against replays', () => {
  it('within 600 seconds to either side', async () => {
    const server = await sharedServer();
    for (const off of [-595, 0, 595]) {
      await api(server, 'GET', 'channels', { timestampSeconds: now() + off }).expect(200);
    }
    for (const off of [-605, 605, -1e9, 1e12]) {
      const late = await api(server, 'GET', 'channels', { timestampSeconds: now() + off });
      expectRefusal(late, 401, 'auth_timestamp');
    }
  });

  it('within what is configured, 0 being any time', async () => {
    const strict = await sharedServer({ REVERB_SIGNATURE_TOLERANCE: '5' });
    const late = await api(strict, 'GET', 'channels', { timestampSeconds: now() - 10 });
    expectRefusal(late, 401, /auth_timestamp is more than 5 s off/);
    const lax = await sharedServer({ REVERB_SIGNATURE_TOLERANCE: '0' });
    await api(lax, 'GET', 'channels', { timestampSeconds: 1 }).expect(200);
  });
});

describe('a request is refused with 401', () => {
  const cases: readonly [string, Tamper, RegExp][] = [
    ['an unknown key', { key: 'nobody' }, /auth_key/],
    ['an empty key', { key: '' }, /auth_key/],
    ['a key in another case', { key: 'APP-KEY' }, /auth_key/],
    ['another secret', { secret: 'guess' }, /auth_signature/],
    ['version 1', { version: '1' }, /auth_version/],
    ['version 2.0', { version: '2.0' }, /auth_version/],
    ['an empty version', { version: '' }, /auth_version/],
    ['a timestamp that is a word', { timestamp: 'now' }, /auth_timestamp/],
    ['a negative timestamp', { timestamp: '-1' }, /auth_timestamp/],
    ['an empty timestamp', { timestamp: '' }, /auth_timestamp/],
    ['a timestamp with an exponent', { timestamp: '1e9' }, /auth_timestamp/],
    ['an endless timestamp', { timestamp: '9'.repeat(400) }, /auth_timestamp/],
    ['an empty signature', { signature: '' }, /auth_signature/],
    ['a short signature', { signature: (hex) => hex.slice(1) }, /auth_signature/],
    ['a long signature', { signature: (hex) => `${hex}0` }, /auth_signature/],
    ['a signature with one digit wrong', { signature: flipLast }, /auth_signature/],
    ['a signature that is no hex', { signature: 'ü'.repeat(64) }, /auth_signature/],
    ['a signature given twice', { signature: (hex) => `${hex},${hex}` }, /auth_signature/],
    ['another method signed', { signedMethod: 'GET' }, /auth_signature/],
    ['another path signed', { signedPath: '/apps/app-id/batch_events' }, /auth_signature/],
    ['another body_md5', { bodyMd5: '0'.repeat(32) }, /body_md5/],
    ['an empty body_md5', { bodyMd5: '' }, /body_md5/],
    ['no body_md5 beside a body', { bodyMd5: null }, /body_md5/],
    ['a parameter added after signing', { afterSigning: { info: 'x' } }, /auth_signature/],
    ['no auth_key', { afterSigning: { auth_key: null } }, /auth_key/],
    ['no auth_timestamp', { afterSigning: { auth_timestamp: null } }, /auth_timestamp/],
    ['no auth_version', { afterSigning: { auth_version: null } }, /auth_version/],
    ['no auth_signature', { afterSigning: { auth_signature: null } }, /auth_signature/],
    ['body_md5 taken out after signing', { afterSigning: { body_md5: null } }, /auth_signature/],
  ];

  it.each(cases)('for %s, and nothing is delivered', async (_, tamper, sentence) => {
    const server = await reusedServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    expectRefusal(await api(server, 'POST', 'events', { body: EVENT, tamper }), 401, sentence);
    await client.roundTrip();
    expect(client.framesLike('e')).toEqual([]);
    expect(server.logs.of('error')).toEqual([]);
  });

  it('for a body that is not the one signed', async () => {
    const server = await sharedServer();
    const url = signedUrl(server, 'POST', 'events', { body: EVENT });
    const body = JSON.stringify({ ...EVENT, data: 'D' });
    expectRefusal(await request(server.httpUrl).post(url).send(body), 401, 'body_md5');
  });

  it('for the credentials of another application', async () => {
    const { server, other } = await startTwoApplications();
    const foreign = { ...server, key: other.key, secret: other.secret };
    expectRefusal(await api(foreign, 'GET', 'channels'), 401, 'auth_key');
  });

  it('for no query at all, and for one that makes no sense', async () => {
    const server = await reusedServer();
    const queries = ['', '?', '?&&=&=', '?%', '?auth_key=%zz', '?auth_key[]=app-key&auth_key[]=x'];
    const proto = '?__proto__=1&constructor=2&auth_key[__proto__]=x&auth_signature=%00';
    for (const query of [...queries, proto, `?${'a'.repeat(10_000)}`, `?${'a&'.repeat(5_000)}`]) {
      const path = `/apps/app-id/channels${query}`;
      expectRefusal(await plainRequest(server.httpUrl, 'GET', path), 401);
    }
    expect(server.logs.of('error')).toEqual([]);
  });

  it('and never says what the signature or the secret should have been', async () => {
    const server = await sharedServer();
    const tamper = { signature: '0'.repeat(64) };
    const query = { info: 'subscription_count' };
    const response = await signedRequest(server, 'GET', 'channels', { tamper, query });
    const signed = /of (".*")\.$/.exec(response.json.error)?.[1];
    expect(signed).toBeDefined();
    expect(response.text).not.toContain(server.secret);
    expect(response.text).not.toContain(sign(server.secret, JSON.parse(signed!) as string));
  });
});

describe('checks come in one order', () => {
  const broken = { secret: 'wrong', bodyMd5: 'wrong' };

  it('404 for an unknown application before anything else', async () => {
    const server = await sharedServer();
    const options = { body: '{', tamper: broken };
    expectRefusal(await api(server, 'POST', '/apps/nobody/events', options), 404, 'nobody');
  });

  it('401 before 403, 403 before 413 and 400', async () => {
    const server = await startServerFor({ enabled: false }, { REVERB_MAX_REQUEST_SIZE: '100' });
    const huge = 'x'.repeat(101);
    const refusals = [
      [{ body: '{', tamper: { secret: 'wrong' } }, 401],
      [{ body: huge, tamper: { secret: 'wrong' } }, 401],
      [{ body: '{', tamper: { bodyMd5: 'wrong' } }, 401],
      [{ body: huge, tamper: { bodyMd5: null } }, 401],
      [{ body: huge }, 403],
      [{ body: '{' }, 403],
      [{ body: EVENT }, 403],
    ] as const;
    for (const [options, status] of refusals) {
      expectRefusal(await api(server, 'POST', 'events', options), status);
    }
    expectRefusal(await api(server, 'GET', 'channels'), 403, 'disabled');
  });

  it('413 before 400', async () => {
    const server = await sharedServer({ REVERB_MAX_REQUEST_SIZE: '100' });
    expectRefusal(await api(server, 'POST', 'events', { body: '{'.repeat(101) }), 413);
    expectRefusal(await api(server, 'POST', 'events', { body: '{'.repeat(100) }), 400, 'JSON');
  });

  it('and an unsigned request is refused before its body has even arrived', async () => {
    const server = await reusedServer();
    const socket = await RawSocket.open(server.port);
    socket.write('POST /apps/app-id/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    await socket.waitUntil(() => socket.statuses.length > 0);
    expect(socket.statuses).toEqual([401]);
  });
});

function flipLast(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}
