import { closeAll, PusherClient } from './harness/pusher-client.js';
import { rawUpgrade } from './harness/raw-socket.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const withOrigin = (origin: string | undefined) =>
  origin === undefined ? {} : { headers: { Origin: origin } };

describe('A page may connect when its origin is allowed, else it is refused with 4009', () => {
  it.each<[string, { allowed: (string | undefined)[]; refused: (string | undefined)[] }]>([
    ['*', { allowed: [undefined, 'null', 'https://anyone.example', 'nonsense', ''], refused: [] }],
    ['good.example,*', { allowed: [undefined, 'https://evil.example'], refused: [] }],
    [
      'good.example',
      {
        allowed: [
          'https://good.example',
          'http://good.example:8080',
          'HTTPS://GOOD.Example',
          'capacitor://good.example',
        ],
        refused: [
          undefined,
          '',
          'null',
          'good.example',
          'https://www.good.example',
          'https://good.example.evil.example',
          'https://notgood.example',
          'https://evil.example/good.example',
          'https://evil.example#good.example',
          'https://good.example@evil.example',
          'https://goodxexample',
          'file://',
        ],
      },
    ],
    [
      '*.good.example,GOOD.example',
      {
        allowed: [
          'https://a.good.example',
          'https://a.b.good.example',
          'https://good.example',
          'http://A.GOOD.EXAMPLE',
        ],
        refused: ['https://evilgood.example', 'https://good.example.evil', 'https://a.bad.example'],
      },
    ],
    [
      'app-*.good.example',
      {
        allowed: ['https://app-1.good.example', 'https://app-.good.example'],
        refused: ['https://app.good.example', 'https://x-app-1.good.example'],
      },
    ],
    [
      'https://good.example',
      {
        allowed: ['https://good.example', 'https://good.example:443'],
        refused: ['http://good.example', 'https://good.example:8443', 'wss://good.example'],
      },
    ],
    [
      'http://*.good.example',
      {
        allowed: ['http://a.good.example', 'http://a.good.example:80'],
        refused: ['https://a.good.example', 'http://a.good.example:8080', 'http://good.example'],
      },
    ],
    [
      'localhost:3000',
      {
        allowed: ['http://localhost:3000', 'https://localhost:3000'],
        refused: ['http://localhost', 'http://localhost:30000', 'http://localhost:3001'],
      },
    ],
    [
      'https://good.example:8443,[::1]:3000,127.0.0.1',
      {
        allowed: ['https://good.example:8443', 'http://[::1]:3000', 'http://127.0.0.1:5173'],
        refused: ['https://good.example', 'http://[::1]', 'http://[::2]:3000', 'http://127.0.0.10'],
      },
    ],
  ])('as %s says', async (list, { allowed, refused }) => {
    const server = await sharedServer({ REVERB_ALLOWED_ORIGINS: list });
    for (const origin of allowed) {
      await PusherClient.connect(server, withOrigin(origin));
    }
    for (const origin of refused) {
      const { errorFrame, closeCode } = await PusherClient.refused(server, withOrigin(origin));
      expect([origin, errorFrame.json, closeCode]).toEqual([
        origin,
        { code: 4009, message: 'Origin not allowed' },
        4009,
      ]);
    }
  });

  it('of each application its own list', async () => {
    const server = await startServer({
      REVERB_ALLOWED_ORIGINS: 'default.example',
      REVERB_APPS: JSON.stringify([
        { app_id: 'a', key: 'a', secret: 's', allowed_origins: ['a.example'] },
        { app_id: 'b', key: 'b', secret: 's' },
      ]),
    });
    const [a, b] = ['a', 'b'].map((key) => ({ url: server.url, key })) as [never, never];
    await PusherClient.connect(a, withOrigin('https://a.example'));
    await PusherClient.refused(a, withOrigin('https://default.example'));
    await PusherClient.connect(b, withOrigin('https://default.example'));
    await PusherClient.refused(b, withOrigin('https://a.example'));
  });

  it('and two origins at once are none', async () => {
    const server = await startServer({ REVERB_ALLOWED_ORIGINS: 'good.example' });
    const socket = await rawUpgrade(server.port, '/app/app-key', {
      Origin: ['https://evil.example', 'https://good.example'],
    });
    await socket.expectClose(4009);
  });
});
