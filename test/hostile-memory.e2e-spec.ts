import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { closeAll, eventually } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { frame, OPCODE, RawSocket, rawHttp, rawUpgrade } from './harness/raw-socket.js';
import { signedRequest } from './harness/signed-request.js';
import { ServerProcess } from './harness/server-process.js';
import { brokenFrames } from './hostile/frames.js';
import { withSignature } from './hostile/hostile-client.js';
import { hostileMessage } from './hostile/messages.js';
import { bytesOf, eventWith, hostileRequest, spoiltField } from './hostile/requests.js';

/** The same in every round, so that what is kept for each different thing is there after the first. */
const SEED = Number(process.env.HOSTILE_SEED ?? 20_261_121);
const WARM_UP_ROUNDS = 3;
/** Times more to find slower leaks; what is allowed stays the same. */
const ROUNDS = 12 * Number(process.env.HOSTILE_EFFORT ?? 1);
const MEGABYTE = 1024 * 1024;
/** A leak of 1 KB for each connection, or of 100 bytes for each message, would be more. */
const MAX_HEAP_GROWTH = 2.2 * MEGABYTE;
const MAX_RSS_GROWTH = 24 * MEGABYTE;

const messages = fc.sample(hostileMessage, { seed: SEED, numRuns: 2_000 });
const frames = fc.sample(brokenFrames, { seed: SEED, numRuns: 100 });
const requests = fc.sample(hostileRequest, { seed: SEED, numRuns: 200 }).map(bytesOf);
const fields = fc.sample(spoiltField, { seed: SEED, numRuns: 200 });

afterEach(closeAll);

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** What the process still needs once all garbage is collected. */
async function memoryOf(server: ServerProcess): Promise<Memory> {
  const position = server.output.length;
  server.kill('SIGUSR2');
  const [, memory] = await server.said(/MEMORY (\{.*\})\n/, position);
  return JSON.parse(memory!) as Memory;
}

async function inParallel<T>(
  things: readonly T[],
  width: number,
  run: (thing: T) => Promise<void>,
) {
  const left = things.values();
  const work = async () => {
    for (const thing of left) await run(thing);
  };
  await Promise.all(Array.from({ length: width }, work));
}

/** Sends a part of the messages, comes again whenever it is thrown out, and goes without a word. */
async function talk(server: ServerProcess, texts: readonly (string | Uint8Array)[]): Promise<void> {
  const { key, secret } = server;
  let client: PusherClient | undefined;
  for (const payload of texts) {
    if (client?.isOpen !== true) client = await PusherClient.connect(server);
    const sender = { key, secret, socketId: client.socketId, subscribed: new Set<string>() };
    client.send(
      typeof payload === 'string' ? withSignature(payload, sender) : Buffer.from(payload),
    );
    if (client.frames.length % 10 === 0) await client.ping().catch(() => undefined);
  }
  await client?.terminate();
}

async function doRound(server: ServerProcess): Promise<void> {
  const talks = Array.from({ length: 40 }, (_, i) => messages.slice(i * 50, i * 50 + 50));
  await inParallel(talks, 10, (texts) => talk(server, texts));
  await inParallel(frames, 10, async ({ bytes }) => {
    const socket = await rawUpgrade(server.port, '/app/app-key');
    socket.write(bytes);
    await socket.expectDropped();
  });
  await inParallel(requests, 10, async (bytes) => void (await rawHttp(server.port, bytes)));
  await inParallel(fields, 10, async (spoilt) => {
    const body = eventWith(spoilt, { name: 'e', data: 'd', channels: ['hostile'] });
    await signedRequest(server, 'POST', 'events', { body });
  });
  await inParallel(
    Array.from({ length: 300 }, (_, i) => i),
    20,
    (i) => comeAndGo(server, i),
  );
  await flood(server);
}

async function comeAndGo(server: ServerProcess, i: number): Promise<void> {
  const socket = await RawSocket.open(server.port);
  const head =
    'GET /app/app-key HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  const rest = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  const text = head + rest;
  socket.write(text.slice(0, i < 100 ? i : undefined));
  if (i >= 200) {
    await socket.waitUntil(() => socket.text.includes('established'));
    const data = { channel: `hostile-${i}` };
    socket.write(frame({ payload: JSON.stringify({ event: 'pusher:subscribe', data }) }));
  }
  await socket.destroy({ reset: i % 2 === 0 });
}

/** Asks for more than it reads. */
async function flood(server: ServerProcess): Promise<void> {
  const socket = await rawUpgrade(server.port, '/app/app-key');
  socket.pauseReading();
  const ping = frame({ opcode: OPCODE.ping, payload: Buffer.alloc(125) });
  const pings = Buffer.concat(Array.from({ length: 4_000 }, () => ping));
  // More each time, until the buffers of the system are full too.
  await eventually(
    async () => {
      socket.write(pings);
      const { json } = await signedRequest(server, 'GET', 'connections');
      expect(json).toEqual({ connections: 0 });
    },
    { withinMs: 10_000 },
  );
  await socket.destroy();
}

describe('Hostile input', () => {
  it('costs no memory, round after round', async () => {
    const server = await ServerProcess.start({
      nodeArgs: ['--expose-gc', '--import', resolve('test/fixtures/report-memory.mjs')],
      variables: { REVERB_LOG_FORMAT: 'json', REVERB_LOG_LEVEL: 'log' },
    });
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await doRound(server);
    const before = await memoryOf(server);
    for (let round = 0; round < ROUNDS; round++) await doRound(server);
    const after = await memoryOf(server);
    const grown = (part: keyof Memory) => after[part] - before[part];
    process.stderr.write(
      `heap ${megabytes(before.heapUsed)} + ${megabytes(grown('heapUsed'))}, ` +
        `external ${megabytes(before.external)} + ${megabytes(grown('external'))}, ` +
        `resident ${megabytes(before.rss)} + ${megabytes(grown('rss'))}\n`,
    );
    expect(grown('heapUsed')).toBeLessThan(MAX_HEAP_GROWTH);
    expect(grown('external')).toBeLessThan(MAX_HEAP_GROWTH);
    expect(grown('rss')).toBeLessThan(MAX_RSS_GROWTH);
    // It had nothing to say about all that, and goes on.
    expect(server.stdout.trim().split('\n')).toHaveLength(1);
    expect(server.stderr.replace(/^MEMORY .*\n/gm, '')).toBe('');
    const client = await PusherClient.connect(server);
    await client.subscribe('news');
    server.kill('SIGTERM');
    await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
  }, 300_000);
});

const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(2)} MB`;
