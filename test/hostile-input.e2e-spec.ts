import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import {
  closePayload,
  frame,
  OPCODE,
  RawSocket,
  rawHttp,
  rawUpgrade,
} from './harness/raw-socket.js';
import { parseJson, signedRequest, signedUrl } from './harness/signed-request.js';
import { reusedServer, type ReusedServer } from './harness/shared-server.js';
import { expectedAnswers } from './hostile/expected-answers.js';
import { brokenFrames } from './hostile/frames.js';
import { HostileClient, withSignature } from './hostile/hostile-client.js';
import { hostileMessage } from './hostile/messages.js';
import {
  bytesOf,
  eventWith,
  expectedStatus,
  hostileRequest,
  spoiltField,
} from './hostile/requests.js';
import { expectNothingNoticed, Witness } from './hostile/witness.js';

/** Set it to see a run again. */
const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
/** Multiplies the number of generated cases. */
const EFFORT = Number(process.env.HOSTILE_EFFORT ?? 1);

const API_STATUSES = [200, 204, 400, 401, 403, 404, 405, 408, 413, 426, 429, 431, 503];

let server: ReusedServer;

beforeAll(() => void process.stderr.write(`HOSTILE_SEED=${SEED}\n`));

afterEach(closeAll);

/** Lets something loose on a server, and makes sure that nobody else noticed and nothing is left. */
async function survive(attack: () => Promise<unknown>): Promise<void> {
  server = await reusedServer({
    REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
    // Nor shall a pusher:ping come to the witness.
    REVERB_APP_PING_INTERVAL: '600',
    REVERB_REQUEST_TIMEOUT: '2',
  });
  const witness = await Witness.of(server);
  try {
    await attack();
  } finally {
    await witness.hearLast();
  }
  await expectNothingNoticed(witness);
}

/** Checks a property of generated things, the seed being printed above. */
const forAll = <T>(
  numRuns: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, check), {
    seed: SEED,
    numRuns: numRuns * EFFORT,
  });

/** Runs many of something, some at a time. */
async function inParallel(total: number, width: number, run: (i: number) => Promise<unknown>) {
  let next = 0;
  const work = async () => {
    while (next < total) await run(next++);
  };
  await Promise.all(Array.from({ length: width }, work));
}

describe('A WebSocket message, whatever it holds,', () => {
  it('gets the answer the protocol has for it, and nobody else notices', () =>
    survive(async () => {
      const client = new HostileClient(server);
      await forAll(1_500, hostileMessage, async (payload) => {
        await client.ready();
        const isBinary = typeof payload !== 'string';
        const bytes = Buffer.from(isBinary ? payload : withSignature(payload, client.sender));
        const expected = expectedAnswers(bytes, client.sender);
        const pongs = expected.filter((line) => line === 'pong').length;
        expect(await client.ask(bytes, isBinary, pongs)).toEqual(expected);
      });
      await client.leave();
    }));

  it('is passed on or refused when it is nested deeply', () =>
    survive(async () => {
      const [eve, mallory] = [
        await PusherClient.connect(server),
        await PusherClient.connect(server),
      ];
      for (const client of [eve, mallory]) await client.subscribePrivate('private-hostile', server);
      for (const levels of [10, 100, 1_000, 4_900]) {
        const data = '['.repeat(levels) + ']'.repeat(levels);
        eve.send(`{"event":"client-deep","channel":"private-hostile","data":${data}}`);
        const isAnswered = () => eve.pendingFrames.length + mallory.pendingFrames.length > 0;
        await eventually(() => expect(isAnswered()).toBe(true));
        for (const { json } of eve.pendingFrames) expect(json.code).toBe(4200);
        for (const { raw } of mallory.pendingFrames) expect(raw).toContain(data);
        for (const client of [eve, mallory]) client.discardPending();
      }
      for (const client of [eve, mallory]) await client.close();
    }));
});

describe('A WebSocket frame', () => {
  it('that breaks the protocol closes with the code for that', () =>
    survive(() =>
      forAll(250, brokenFrames, async ({ bytes, code }) => {
        const socket = await rawUpgrade(server.port, '/app/app-key');
        await socket.nextFrame();
        socket.write(bytes);
        await socket.expectClose(code);
        await socket.expectDropped();
      }),
    ));

  it('of random bytes is answered within the protocol', () =>
    survive(() =>
      forAll(150, fc.uint8Array({ minLength: 2, maxLength: 400 }), async (bytes) => {
        const socket = await rawUpgrade(server.port, '/app/app-key');
        await socket.nextFrame();
        socket.write(bytes);
        socket.end();
        await socket.expectDropped();
        // All there is to read: refusals, answers to control frames, a close.
        while (socket.received.length > 0) {
          const { opcode, closeCode, text } = await socket.nextFrame();
          if (opcode === OPCODE.text) expect(parseJson(text)?.event).toBe('pusher:error');
          else if (opcode === OPCODE.close) expect(closeCode).toBeGreaterThanOrEqual(1000);
          else expect(opcode).toBe(OPCODE.pong);
        }
      }),
    ));

  it('may close with any legal code, which is returned', () =>
    survive(() =>
      inParallel(6, 6, async (i) => {
        const code = [undefined, 1000, 1001, 3000, 4000, 4999][i];
        const socket = await rawUpgrade(server.port, '/app/app-key');
        await socket.nextFrame();
        socket.sendFrame({ opcode: OPCODE.close, payload: closePayload(code, code ? 'bye' : '') });
        await socket.expectClose(code ?? 1005);
        await socket.expectDropped();
      }),
    ));

  it('may come byte by byte, and in many fragments with pings between', () =>
    survive(async () => {
      const socket = await rawUpgrade(server.port, '/app/app-key');
      await socket.nextFrame();
      const message = JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'hostile' } });
      for (const byte of frame({ payload: message })) {
        socket.write(Buffer.from([byte]));
        await sleep(1);
      }
      expect((await socket.nextFrame()).text).toContain('subscription_succeeded');
      const characters = [...'{"event":"pusher:ping","data":"ü🎉"}'];
      for (const [i, character] of characters.entries()) {
        socket.sendFrame({
          opcode: i === 0 ? OPCODE.text : OPCODE.continuation,
          fin: i === characters.length - 1,
          payload: character,
        });
        socket.sendFrame({ opcode: OPCODE.ping, payload: String(i) });
      }
      const answers = await Promise.all(characters.map(() => socket.nextFrame()));
      expect(answers.map(({ opcode }) => opcode)).toEqual(characters.map(() => OPCODE.pong));
      expect((await socket.nextFrame()).text).toContain('pusher:pong');
      await socket.destroy();
    }));

  it('may end in the middle, by a close of the socket or a reset', () =>
    survive(() =>
      inParallel(200, 20, async (i) => {
        const socket = await rawUpgrade(server.port, '/app/app-key');
        await socket.nextFrame();
        socket.sendFrame(
          JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'hostile' } }),
        );
        const bytes = frame({ payload: '{"event":"pusher:ping"}', lengthOverride: 20 + i });
        socket.write(bytes.subarray(0, 1 + (i % bytes.length)));
        await socket.destroy({ reset: i % 2 === 0 });
      }),
    ));
});

describe('A peer that does not read', () => {
  it.each([
    ['PINGs', { opcode: OPCODE.ping, payload: Buffer.alloc(125, 'p') }],
    ['pusher:pings', { payload: '{"event":"pusher:ping"}' }],
    ['nonsense', { payload: 'nonsense' }],
  ])('is closed, however many %s it sends', (_, spec) =>
    survive(async () => {
      const socket = await rawUpgrade(server.port, '/app/app-key');
      await socket.nextFrame();
      socket.pauseReading();
      const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frame(spec)));
      const size = async () => (await signedRequest(server, 'GET', 'connections')).json.connections;
      for (let i = 0; i < 200 && (await size()) > 1; i++) {
        socket.write(flood);
        await sleep(5);
      }
      expect(await size()).toBe(1);
      await socket.destroy();
    }),
  );
});

describe('A request', () => {
  it('of any method, path, query, headers and body is answered as the contract says', () =>
    survive(() =>
      forAll(500, hostileRequest, async (hostile) => {
        const { text, statuses } = await rawHttp(server.port, bytesOf(hostile));
        expect(statuses).toHaveLength(1);
        const [status] = statuses as [number];
        expect(API_STATUSES).toContain(status);
        const isHealth = /^\/(up|health\/(live|ready))\/?(\?|$)/.test(hostile.path);
        const isPreflight = hostile.method === 'OPTIONS' && status === 204;
        if (!isPreflight && !(isHealth && status === 200)) {
          expect(status).toBeGreaterThanOrEqual(400);
          const body = text.slice(text.indexOf('\r\n\r\n') + 4);
          expect(text.toLowerCase()).toContain('content-type: application/json');
          if (hostile.method === 'HEAD') expect(body).toBe('');
          else expect(parseJson(body)).toEqual({ error: expect.any(String) });
        }
      }),
    ));

  it('for a path that only the server itself knows finds nothing', () =>
    survive(async () => {
      for (const path of ['up', 'health/live', 'health/ready', 'no-such-call', 'apps/-/channels']) {
        for (const root of [
          'revurb-routes',
          'revurb%2Droutes',
          'REVURB-ROUTES',
          '/revurb-routes',
        ]) {
          const answer = await signedRequest(server, 'GET', `/${root}/${path}`);
          expect([path, answer.status, answer.json]).toEqual([path, ...expectedAnswer(404)]);
        }
      }
    }));

  it('with one field of its event spoilt, signed, gets the status for that field', () =>
    survive(() =>
      forAll(400, spoiltField, async (spoilt) => {
        const event = eventWith(spoilt, { name: 'e', data: 'd', channels: ['hostile'] });
        const answer = await signedRequest(server, 'POST', 'events', { body: event });
        expect([answer.status, answer.json]).toEqual(expectedAnswer(expectedStatus(spoilt, false)));
      }),
    ));

  it('with one field of one event of its batch spoilt, signed, gets the same', () =>
    survive(() =>
      forAll(400, fc.tuple(spoiltField, fc.nat(3)), async ([spoilt, position]) => {
        const good = { name: 'e', data: 'd', channel: 'hostile' };
        const batch = Array.from({ length: 4 }, (_, i) =>
          i === position ? eventWith(spoilt, good) : good,
        );
        const answer = await signedRequest(server, 'POST', 'batch_events', { body: { batch } });
        expect([answer.status, answer.json]).toEqual(expectedAnswer(expectedStatus(spoilt, true)));
      }),
    ));

  it('with any JSON or text for a body, signed, is refused with a sentence', () =>
    survive(() =>
      forAll(
        200,
        fc.tuple(fc.constantFrom('events', 'batch_events'), fc.oneof(fc.json(), fc.string())),
        async ([call, body]) => {
          const answer = await signedRequest(server, 'POST', call, { body });
          expect([answer.status, answer.json]).toEqual(expectedAnswer(400));
        },
      ),
    ));

  /** Status and body; what a publish answers that asks for nothing is not looked at. */
  function expectedAnswer(status: number) {
    return [status, status === 200 ? expect.any(Object) : { error: expect.any(String) }];
  }
});

describe('What is hardly HTTP', () => {
  const head = (method: string, path: string, ...lines: string[]) =>
    [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n');
  const post = (...lines: string[]) => head('POST', '/apps/app-id/events', ...lines);

  /** A signed publish to the witness, which must never be carried out. */
  function smuggled(): string {
    const body = '{"name":"smuggled","channel":"witness","data":"1"}';
    const path = signedUrl(server, 'POST', 'events', { body });
    return head('POST', path, `Content-Length: ${body.length}`) + body;
  }

  it.each<[string, () => string | Buffer]>([
    ['random text', () => 'what is this?\r\n\r\n'],
    ['a TLS greeting', () => Buffer.from('16030100050100000100', 'hex')],
    ['a preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a version from the future', () => 'GET /up HTTP/9.9\r\n\r\n'],
    ['no Host', () => 'GET /up HTTP/1.1\r\n\r\n'],
    ['a method nobody knows', () => head('FROB', '/up')],
    ['a blank in the path', () => head('GET', '/up and away')],
    ['a NUL in the path', () => head('GET', '/up\0')],
    ['a NUL in a header', () => head('GET', '/up', 'A: b\0c')],
    ['a header without colon', () => head('GET', '/up', 'nonsense')],
    ['a header without name', () => head('GET', '/up', ': value')],
    ['a folded header', () => head('GET', '/up', 'A: b', ' c')],
    ['a blank before the colon', () => post('Content-Length : 5') + smuggled()],
    ['two lengths', () => post('Content-Length: 5', 'Content-Length: 6') + smuggled()],
    ['a list of lengths', () => post('Content-Length: 0, 5') + smuggled()],
    ['a negative length', () => post('Content-Length: -1') + smuggled()],
    ['a length in hex', () => post('Content-Length: 0x5') + smuggled()],
    ['a length beyond numbers', () => post(`Content-Length: ${'9'.repeat(40)}`) + smuggled()],
    [
      'both a length and chunks',
      () => `${post('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled()}`,
    ],
    ['chunks of an unknown coding', () => `${post('Transfer-Encoding: xchunked')}${smuggled()}`],
    ['chunks that are not last', () => `${post('Transfer-Encoding: chunked, gzip')}${smuggled()}`],
    ['a chunk of no size', () => `${post('Transfer-Encoding: chunked')}zz\r\n${smuggled()}`],
    ['a chunk of huge size', () => `${post('Transfer-Encoding: chunked')}${'f'.repeat(17)}\r\n`],
    ['a chunk longer than it says', () => `${post('Transfer-Encoding: chunked')}1\r\nab\r\n`],
    [
      'a chunk with an endless extension',
      () => `${post('Transfer-Encoding: chunked')}1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
    ],
    ['more headers than fit', () => head('GET', '/up', ...flood(1_000, 100))],
    ['a header that does not fit', () => head('GET', '/up', `A: ${'x'.repeat(100_000)}`)],
    ['a path that does not fit', () => head('GET', `/apps/${'x'.repeat(100_000)}`)],
  ])('%s is refused, and what follows is not carried out', (_, bytes) =>
    survive(async () => {
      const reply = await rawHttp(server.port, bytes());
      expect(reply.isClosed).toBe(true);
      expect(reply.statuses.length).toBeGreaterThan(0);
      for (const status of reply.statuses)
        expect([400, 401, 404, 405, 408, 413, 431]).toContain(status);
    }),
  );

  function flood(count: number, length: number): string[] {
    return Array.from({ length: count }, (_, i) => `X-${i}: ${'x'.repeat(length)}`);
  }

  it('a body longer than it says is refused, and the rest is not carried out', () =>
    survive(async () => {
      const body = '{"name":"e","channel":"hostile","data":"d"}';
      const url = signedUrl(server, 'POST', 'events', { body });
      const cut = head('POST', url, `Content-Length: ${body.length - 5}`) + body;
      const reply = await rawHttp(server.port, cut);
      expect(reply.isClosed).toBe(true);
      // The 401 may be overtaken by the end of the connection.
      expect([401, 400]).toEqual(expect.arrayContaining(reply.statuses));
      expect(reply.statuses.at(-1)).toBe(400);
      const inside = head('POST', url, `Content-Length: ${body.length}`) + body;
      const both = await rawHttp(server.port, inside + smuggled().slice(0, -9), {
        until: (text) => text.includes('{}'),
      });
      expect(both.statuses).toEqual([200]);
    }));

  it('a body shorter than it says ends with 408', () =>
    survive(async () => {
      const body = '{"name":"e","channel":"hostile","data":"d"}';
      const url = signedUrl(server, 'POST', 'events', { body });
      const lying = head('POST', url, `Content-Length: ${body.length + 5}`) + body;
      const reply = await rawHttp(server.port, lying, { timeoutMs: 5_000 });
      expect([reply.statuses, reply.isClosed]).toEqual([[408], true]);
    }));

  it('a request may end anywhere, by a close of the socket or a reset', () =>
    survive(async () => {
      const whole = smuggled();
      await inParallel(200, 20, async (i) => {
        const socket = await RawSocket.open(server.port);
        socket.write(whole.slice(0, Math.floor((whole.length * i) / 200)));
        if (i % 3 === 0) await sleep(2);
        await socket.destroy({ reset: i % 2 === 0 });
      });
    }));

  it('a hundred requests at once on one connection are answered in order', () =>
    survive(async () => {
      const paths = Array.from({ length: 100 }, (_, i) => (i % 2 ? '/up' : `/apps/none/${i}`));
      const all = paths.map((path, i) =>
        head('GET', path, ...(i === 99 ? ['Connection: close'] : [])),
      );
      const { statuses } = await rawHttp(server.port, all.join(''));
      expect(statuses).toEqual(paths.map((path) => (path === '/up' ? 200 : 404)));
    }));
});

describe('An upgrade', () => {
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
  const UPGRADE_PATHS = [
    ['/app/app-key', '/app/app-key', '/app/app-key', '/app/none', '/app/', '/app', '/'],
    ['/app/app-key/', '/app/a/b', '/app/%zz', '/app/__proto__', '/apps/app-id/events'],
    ['/app/%61pp-key', '//app/app-key', '/APP/app-key', `/app/${'x'.repeat(3_000)}`],
  ].flat();

  it('of any path and headers is answered as the contract says', () =>
    survive(() =>
      forAll(
        300,
        fc.record({
          method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'OPTIONS'),
          path: fc.constantFrom(...UPGRADE_PATHS),
          protocol: fc.constantFrom(
            undefined,
            '7',
            '5',
            '4',
            '8',
            'x',
            '',
            '7.0',
            '-7',
            '9e9',
            '%zz',
          ),
          version: fc.constantFrom('13', '13', '13', '8', '', '13, 8', 'x'),
          key: fc.constantFrom(KEY, KEY, KEY, null, '', 'short', `${KEY}=`, 'ä'.repeat(22)),
          upgrade: fc.constantFrom('websocket', 'websocket', 'WebSocket', 'h2c', 'websocket, h2c'),
        }),
        async ({ method, path, protocol, version, key, upgrade }) => {
          const target = protocol === undefined ? path : `${path}?protocol=${protocol}`;
          const headers = {
            'Sec-WebSocket-Version': version,
            'Sec-WebSocket-Key': key,
            Upgrade: upgrade,
          };
          const socket = await rawUpgrade(server.port, target, headers, { method });
          // What only offers something else is an ordinary request, whatever its headers.
          const isUpgrade = upgrade.toLowerCase() === 'websocket';
          const isOurs = /^\/app\/[^/]+$/.test(path) && path !== '/app/%zz';
          const expected = !isUpgrade
            ? [401, 404, 405, 426]
            : !isOurs
              ? [404]
              : method !== 'GET'
                ? [405]
                : version !== '13'
                  ? key === KEY
                    ? [426]
                    : [400, 426]
                  : key === KEY
                    ? [101]
                    : [400];
          expect(expected).toContain(socket.status);
          if (socket.status === 101) {
            const code = expectedCode(path, protocol);
            if (code === undefined)
              expect((await socket.nextFrame()).text).toContain('established');
            else await socket.expectClose(code);
            await socket.destroy();
          } else {
            if (isUpgrade) await socket.expectDropped();
            else await socket.destroy();
            const { text, head } = socket;
            expect(parseJson(text)).toEqual({ error: expect.any(String) });
            expect(head).toMatch(/^HTTP\/1\.1 4/);
          }
        },
      ),
    ));

  function expectedCode(path: string, protocol: string | undefined): number | undefined {
    if (!path.endsWith('pp-key')) return 4001;
    if (protocol === undefined) return undefined;
    if (!/^-?\d+$/.test(protocol)) return 4006;
    return ['5', '6', '7'].includes(protocol) ? undefined : 4007;
  }

  it('may be given up at any point', () => {
    const request = [
      ['GET /app/app-key HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'],
      ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`, '', ''],
    ];
    const text = request.flat().join('\r\n');
    return survive(() =>
      inParallel(300, 20, async (i) => {
        const socket = await RawSocket.open(server.port);
        socket.write(text.slice(0, i < 200 ? i : undefined));
        if (i % 3 === 0) await sleep(2);
        await socket.destroy({ reset: i % 2 === 0 });
      }),
    );
  });

  it('and its end, two thousand times, leave nothing behind', () =>
    survive(async () => {
      const subscribe = JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'hostile' } });
      await inParallel(2_000, 50, async (i) => {
        const socket = await rawUpgrade(server.port, '/app/app-key');
        if (i % 4 > 0) socket.sendFrame(subscribe);
        if (i % 4 > 1) await socket.nextFrame();
        if (i % 8 === 7) socket.sendFrame({ opcode: OPCODE.close, payload: closePayload(1000) });
        await socket.destroy({ reset: i % 3 === 0 });
      });
    }));
});
