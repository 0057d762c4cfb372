import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient, type ConnectOptions, type ConnectTarget } from './harness/pusher-client.js';
import { OPCODE, rawUpgrade } from './harness/raw-socket.js';
import { signedRequest } from './harness/signed-request.js';
import { reusedServer, sharedServer, type SharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const SENTENCES: Record<number, string> = {
  4000: 'Application only accepts SSL connections, reconnect using wss://',
  4001: 'Application does not exist',
  4003: 'Application is disabled',
  4004: 'Application is over connection quota',
  4006: 'Invalid version string format',
  4007: 'Unsupported protocol version',
  4009: 'Origin not allowed',
  4100: 'Over capacity',
};

/** The frame to the letter, and then the close with the same code. */
async function expectRefused(
  target: ConnectTarget,
  code: number,
  options: ConnectOptions = {},
): Promise<void> {
  const { errorFrame, closeCode, client } = await PusherClient.refused(target, options);
  expect(errorFrame.envelope).toEqual({ event: 'pusher:error', data: expect.any(String) });
  expect(JSON.parse(errorFrame.data)).toEqual({ code, message: SENTENCES[code] });
  expect(closeCode).toBe(code);
  expect(client.frames).toHaveLength(1);
}

/** A server with several applications; their keys are `{app_id}-key`. */
async function serve(
  applications: Record<string, object>,
  variables: Record<string, string> = {},
): Promise<SharedServer & { at: (appId: string) => ConnectTarget }> {
  const entries = Object.entries(applications).map(([app_id, settings]) => {
    return { app_id, key: `${app_id}-key`, secret: 'app-secret', ...settings };
  });
  const server = await startServer({ ...variables, REVERB_APPS: JSON.stringify(entries) });
  return { ...server, at: (appId) => ({ url: server.url, key: `${appId}-key` }) };
}

const countOf = async (server: SharedServer): Promise<number> =>
  (await signedRequest(server, 'GET', 'connections')).json.connections;

describe('A connection is refused with an error and a close of the same code', () => {
  it('4001 when nobody has its key', async () => {
    const server = await reusedServer();
    for (const key of ['nobody', 'app-id', 'app-secret', 'APP-KEY', 'app-key%20', '__proto__']) {
      await expectRefused({ url: server.url, key }, 4001);
    }
  });

  it('4003 when its application is disabled', async () => {
    const server = await serve({ on: {}, off: { enabled: false } });
    await expectRefused(server.at('off'), 4003);
    await PusherClient.connect(server.at('on'));
  });

  it.each(['', 'x', '7.0', '7x', '0x7', '1e1', ' 7', '+7', '--7', '7,7', 'NaN', '٧', 'null'])(
    '4006 when its protocol is %j',
    async (protocol) => {
      const server = await sharedServer();
      await expectRefused(server, 4006, { query: { protocol } });
    },
  );

  it('4006 when it names several protocols', async () => {
    const server = await reusedServer();
    const options = { path: '/app/app-key?protocol=7&protocol=7', query: false } as const;
    await expectRefused(server, 4006, options);
  });

  it.each(['4', '0', '-7', '8', '70', '9'.repeat(400)])(
    '4007 when its protocol is %s',
    async (protocol) => {
      const server = await sharedServer();
      await expectRefused(server, 4007, { query: { protocol } });
    },
  );

  it('4007 wherever in the query its protocol stands', async () => {
    const server = await reusedServer();
    const options = { path: '/app/app-key?client=who?&protocol=8', query: false } as const;
    await expectRefused(server, 4007, options);
  });

  it('with the first check that fails, in the order of the contract', async () => {
    const server = await serve(
      {
        full: { allowed_origins: ['good.example'], max_connections: 1 },
        disabled: { enabled: false, tls_only: true, allowed_origins: ['good.example'] },
        secure: { tls_only: true, allowed_origins: ['good.example'], max_connections: 1 },
        free: {},
      },
      { REVERB_MAX_CONNECTIONS: '1' },
    );
    const good = { Origin: 'https://good.example' };
    const bad = { Origin: 'https://bad.example' };
    await PusherClient.connect(server.at('full'), { headers: good });
    const allWrong = { headers: bad, query: { protocol: 'x' } };
    await expectRefused(server.at('nobody'), 4001, allWrong);
    await expectRefused(server.at('disabled'), 4003, allWrong);
    await expectRefused(server.at('secure'), 4000, allWrong);
    await expectRefused(server.at('full'), 4006, allWrong);
    await expectRefused(server.at('full'), 4007, { headers: bad, query: { protocol: 8 } });
    await expectRefused(server.at('full'), 4009, { headers: bad });
    await expectRefused(server.at('full'), 4004, { headers: good });
    await expectRefused(server.at('free'), 4100);
  });
});

describe('A refused connection', () => {
  const SUBSCRIBE = '{"event":"pusher:subscribe","data":{"channel":"news"}}';

  it('can neither subscribe nor receive, even if it does not answer the close', async () => {
    const server = await reusedServer({ REVERB_ALLOWED_ORIGINS: 'good.example' });
    const refused = await rawUpgrade(server.port, '/app/app-key?protocol=7');
    for (let i = 0; i < 3; i++) refused.sendFrame(SUBSCRIBE);
    const { frames, reason } = await refused.expectClose(4009, { answer: false });
    refused.sendFrame(SUBSCRIBE);
    refused.sendFrame({ opcode: OPCODE.ping });
    expect(frames.map(({ text }) => JSON.parse(text).event)).toEqual(['pusher:error']);
    expect(reason).toBe('Origin not allowed');
    const published = await signedRequest(server, 'POST', 'events', {
      body: { name: 'e', channels: ['news'], data: '1', info: 'subscription_count' },
    });
    expect(published.json).toEqual({ channels: { news: { subscription_count: 0 } } });
    expect((await signedRequest(server, 'GET', 'channels')).json).toEqual({ channels: {} });
    expect(await countOf(server)).toBe(0);
    expect(refused.received).toHaveLength(0);
  });

  it('is hung up on when it answers the close, and soon when it does not', async () => {
    const server = await sharedServer();
    const polite = await rawUpgrade(server.port, '/app/nobody');
    const rude = await rawUpgrade(server.port, '/app/nobody');
    await polite.expectClose(4001);
    await polite.expectDropped();
    await rude.expectClose(4001, { answer: false });
    await rude.expectDropped(8_000);
  });

  it('may be the first of many, and harms nobody', async () => {
    const server = await reusedServer();
    const neighbour = await PusherClient.connect(server);
    await neighbour.subscribe('news');
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const socket = await rawUpgrade(server.port, `/app/nobody-${i}`);
        await (i % 2 ? socket.destroy({ reset: i % 4 === 1 }) : socket.expectClose(4001));
      }),
    );
    await signedRequest(server, 'POST', 'events', {
      body: { name: 'still', channels: ['news'], data: 'here' },
    });
    await neighbour.expectFrame('still');
    expect(server.logs.lines.filter(({ level }) => level !== 'debug' && level !== 'log')).toEqual(
      [],
    );
  });
});

describe('The connection quota of an application', () => {
  it('counts every open socket, subscribed or not, and refuses the next with 4004', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_CONNECTIONS: '2' });
    const subscribed = await PusherClient.connect(server);
    await subscribed.subscribe('news');
    await PusherClient.connect(server);
    await expectRefused(server, 4004);
    expect(await countOf(server)).toBe(2);
  });

  it('is free again when a socket closes, breaks or drops, and is not used up by refusals', async () => {
    const server = await sharedServer({ REVERB_APP_MAX_CONNECTIONS: '1' });
    const leave: ((client: PusherClient) => Promise<unknown>)[] = [
      (client) => client.close(),
      (client) => client.terminate(),
      async (client) => {
        client.send('x'.repeat(20_000));
        await client.expectClose(1009);
      },
    ];
    for (const go of leave) {
      const client = await PusherClient.connect(server);
      await expectRefused(server, 4004);
      await expectRefused(server, 4006, { query: { protocol: 'x' } });
      await go(client);
      await eventually(async () => expect(await countOf(server)).toBe(0));
    }
    await PusherClient.connect(server);
  });

  it('holds when many come at once', async () => {
    const server = await startServer({ REVERB_APP_MAX_CONNECTIONS: '5' });
    const sockets = await Promise.all(
      Array.from({ length: 25 }, () => rawUpgrade(server.port, '/app/app-key?protocol=7')),
    );
    const firsts = await Promise.all(
      sockets.map(async (socket) => (await socket.nextFrame()).text),
    );
    const admitted = firsts.filter((text) => text.includes('connection_established'));
    // A socket id may have any digits.
    const refused = firsts.filter((text) => /code\\*":4004/.test(text));
    expect([admitted.length, refused.length]).toEqual([5, 20]);
  });

  it('is each application’s own, and null is none', async () => {
    const server = await serve(
      { small: { max_connections: 1 }, other: {}, endless: { max_connections: null } },
      { REVERB_APP_MAX_CONNECTIONS: '2' },
    );
    await PusherClient.connect(server.at('small'));
    await expectRefused(server.at('small'), 4004);
    for (let i = 0; i < 2; i++) await PusherClient.connect(server.at('other'));
    await expectRefused(server.at('other'), 4004);
    for (let i = 0; i < 4; i++) await PusherClient.connect(server.at('endless'));
  });
});

describe('The connection cap of a node', () => {
  it('counts all applications, refuses with 4100, and takes nothing from the quota', async () => {
    const server = await serve(
      { a: { max_connections: 2 }, b: {} },
      { REVERB_MAX_CONNECTIONS: '2' },
    );
    const first = await PusherClient.connect(server.at('a'));
    await PusherClient.connect(server.at('b'));
    for (let i = 0; i < 3; i++) await expectRefused(server.at('a'), 4100);
    await first.close();
    await eventually(() => PusherClient.connect(server.at('a')));
  });
});

describe('An application that demands TLS', () => {
  const forwarded = (proto: string) => ({ headers: { 'X-Forwarded-Proto': proto } });

  it('refuses a plain connection with 4000, whatever it claims', async () => {
    const server = await startServer({ REVERB_APP_TLS_ONLY: 'true' });
    await expectRefused(server, 4000);
    await expectRefused(server, 4000, forwarded('https'));
    await expectRefused(server, 4000, { headers: { Forwarded: 'proto=https' } });
  });

  it('takes the word of a trusted proxy', async () => {
    const server = await startServer({
      REVERB_APP_TLS_ONLY: 'true',
      REVERB_TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.0/8',
    });
    for (const proto of ['https', 'HTTPS', 'wss', 'https, http', ' https ']) {
      await PusherClient.connect(server, forwarded(proto));
    }
    for (const proto of ['http', 'ws', '', 'http, https', 'httpss', 'https://']) {
      await expectRefused(server, 4000, forwarded(proto));
    }
    await expectRefused(server, 4000);
  });

  it('does not take the word of another proxy', async () => {
    const server = await startServer({
      REVERB_APP_TLS_ONLY: 'true',
      REVERB_TRUSTED_PROXIES: '10.0.0.0/8,::1,127.0.0.2',
    });
    await expectRefused(server, 4000, forwarded('https'));
  });

  it('takes a connection over TLS', async () => {
    const server = await startServer({
      REVERB_APP_TLS_ONLY: 'true',
      REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
      REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
    });
    await PusherClient.connect(server, { rejectUnauthorized: false, ...forwarded('http') });
  });
});
