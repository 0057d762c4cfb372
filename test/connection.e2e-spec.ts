import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import * as fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { CoarseClock } from '../src/connections/coarse-clock.js';
import { Connection, type ConnectionEnvironment } from '../src/connections/connection.js';
import type { DirectWriter } from '../src/connections/delivery/direct-write.js';
import { directWriterOfProcess } from '../src/connections/delivery/direct-write.detection.js';
import { FanOut, Seat } from '../src/connections/delivery/fan-out.js';
import { FlushQueue } from '../src/connections/delivery/flush-queue.js';
import type { Outbox } from '../src/connections/delivery/outbox.js';
import { textFrame } from '../src/connections/frame.js';
import { decodeText, FanOutModel, type ModelFrame } from './harness/fan-out-model.js';
import { eventually } from './harness/eventually.js';

type WritePath = 'direct' | 'stream' | 'tls';

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const fixture = (name: string) => readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url));

/** More than the kernel keeps for a reader that stopped. */
const MORE_THAN_THE_KERNEL_TAKES = 24 * 1024 * 1024;

/** A server that does nothing but make connections. */
class Host implements ConnectionEnvironment {
  readonly clock = new CoarseClock();
  directWriter: DirectWriter | null = null;
  directWrites = 0;
  maxOutboxSize = Infinity;
  readonly overflown: Connection[] = [];
  readonly closings: { readonly connection: Connection; readonly code: number }[] = [];
  readonly messages: string[] = [];
  private readonly server: Server;
  private readonly webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  private readonly clients: WebSocket[] = [];
  private onNext: ((connection: Connection) => void) | undefined;

  constructor(private readonly path: WritePath) {
    this.server =
      path === 'tls'
        ? createHttpsServer({ key: fixture('first.key'), cert: fixture('first.crt') })
        : createHttpServer();
    this.server.on('upgrade', (request, socket, head) => {
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.accept(webSocket, socket as Socket);
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    if (this.path !== 'stream') this.directWriter = this.counting(await directWriterOfProcess());
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async connect(): Promise<{ connection: Connection; client: Client }> {
    const accepted = new Promise<Connection>((resolve) => (this.onNext = resolve));
    const { port } = this.server.address() as AddressInfo;
    const scheme = this.path === 'tls' ? 'wss' : 'ws';
    const webSocket = new WebSocket(`${scheme}://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
      perMessageDeflate: false,
    });
    this.clients.push(webSocket);
    const client = new Client(webSocket);
    await new Promise((resolve) => webSocket.once('open', resolve));
    return { connection: await accepted, client };
  }

  onMessage(_: Connection, message: Buffer): undefined {
    this.messages.push(message.toString());
  }

  onOverflow(connection: Connection): void {
    this.overflown.push(connection);
    setImmediate(() => connection.close(4100, 'Slow consumer'));
  }

  onClosed(): void {}

  onClosing(connection: Connection, code: number): void {
    this.closings.push({ connection, code });
    for (const [channel, seat] of connection.subscriptions) {
      seat.fanOut.remove(seat);
      connection.giveUp(channel);
    }
  }

  private counting(writer: DirectWriter | null): DirectWriter | null {
    if (writer === null) return null;
    const write = writer.write.bind(writer);
    writer.write = (...call) => {
      this.directWrites++;
      return write(...call);
    };
    return writer;
  }

  private accept(webSocket: WebSocket, socket: Socket): void {
    const description = {
      library: 'js',
      version: '8.6.0',
      address: '127.0.0.1',
      origin: undefined,
    };
    const connection = new Connection('1.1', description, webSocket, socket, this);
    webSocket.on('message', (data: Buffer) => connection.inbox.push(data));
    webSocket.on('error', () => connection.broken());
    webSocket.on('close', (code) => connection.closed(code));
    connection.establish();
    this.onNext?.(connection);
  }
}

/** Keeps what arrives. */
class Client {
  readonly texts: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private onArrival: (() => void) | undefined;

  constructor(readonly webSocket: WebSocket) {
    webSocket.on('error', () => {});
    webSocket.on('message', (data: Buffer) => {
      this.texts.push(data.toString());
      this.onArrival?.();
    });
    this.closed = new Promise((resolve) => {
      webSocket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  get frames(): ModelFrame[] {
    return this.texts.map(decodeText);
  }

  async receives(count: number): Promise<void> {
    if (this.texts.length >= count) return;
    await new Promise<void>((resolve, reject) => {
      this.onArrival = () => {
        if (this.texts.length >= count) resolve();
      };
      void this.closed.then(() =>
        reject(new Error(`closed after ${this.texts.length} of ${count} frames`)),
      );
    });
  }
}

const PATHS: readonly (readonly [WritePath, string])[] = [
  ['direct', 'written straight to the handle'],
  ['stream', 'written through the stream'],
  ['tls', 'written through TLS'],
];

const CHANNELS = ['red', 'green'];
const RECEIVERS = 3;

type Step =
  | {
      readonly do: 'join' | 'leave' | 'settle';
      readonly channel: string;
      readonly who: number;
    }
  | {
      readonly do: 'broadcast';
      readonly channel: string;
      readonly size: number;
      readonly except: number | undefined;
    }
  | { readonly do: 'direct' | 'stall' | 'readOn' | 'close' | 'vanish'; readonly who: number }
  | { readonly do: 'turn' };

const channel = fc.constantFrom(...CHANNELS);
const who = fc.nat({ max: RECEIVERS - 1 });
const size = fc.constantFrom(0, 100, 300, 66_000, 1_500_000);
const except = fc.option(who, { nil: undefined, freq: 2 });
const one = <D extends string>(name: D) => fc.record({ do: fc.constant(name), who });
const onSeat = <D extends string>(name: D) => fc.record({ do: fc.constant(name), channel, who });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: onSeat('join' as const) },
  { weight: 3, arbitrary: onSeat('leave' as const) },
  { weight: 3, arbitrary: onSeat('settle' as const) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('broadcast' as const), channel, size, except }),
  },
  { weight: 8, arbitrary: one('direct' as const) },
  { weight: 3, arbitrary: one('stall' as const) },
  { weight: 3, arbitrary: one('readOn' as const) },
  { weight: 1, arbitrary: one('close' as const) },
  { weight: 1, arbitrary: one('vanish' as const) },
  { weight: 14, arbitrary: fc.constant({ do: 'turn' as const }) },
);

/** Connections and their model, told the same things. */
class Trial {
  private readonly model = new FanOutModel();
  private readonly queue: FlushQueue;
  private readonly fanOuts = new Map<string, FanOut>();
  private readonly seats = new Map<string, Seat>();
  private readonly connections: Connection[] = [];
  private readonly clients: Client[] = [];
  private readonly vanished = new Set<number>();
  private readonly closed = new Set<number>();

  constructor(
    private readonly host: Host,
    budget: number,
  ) {
    this.queue = new FlushQueue(budget);
    for (const name of CHANNELS) this.fanOuts.set(name, new FanOut(this.queue));
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (let i = 0; i < RECEIVERS; i++) {
      const { connection, client } = await this.host.connect();
      this.connections.push(connection);
      this.clients.push(client);
      for (const name of CHANNELS) this.join(name, i);
    }
    for (const each of steps) await this.take(each);
    for (const { webSocket } of this.clients) webSocket.resume();
    while ([...this.fanOuts.values()].some(({ hasPending }) => hasPending)) await endOfTurn();
    for (let i = 0; i < RECEIVERS; i++) await this.checkReceiver(i);
    assert.equal(this.queue.pendingBytes, 0);
  }

  private async checkReceiver(i: number): Promise<void> {
    const client = this.clients[i]!;
    if (this.vanished.has(i)) {
      await client.closed;
      assert.equal(this.model.faultOf(i, client.frames, false), undefined);
      return;
    }
    await client.receives(this.model.countOf(i));
    assert.equal(this.model.faultOf(i, client.frames), undefined);
    if (this.closed.has(i)) {
      assert.deepEqual(await client.closed, { code: 4200, reason: 'bye' });
    } else {
      await eventually(() => assert.equal(this.connections[i]!.unsentBytes, 0));
    }
  }

  private async take(each: Step): Promise<void> {
    if (each.do === 'turn') return endOfTurn();
    if (each.do === 'broadcast') {
      const bytes = this.model.broadcast(each.channel, each.size, each.except);
      const excepted = each.except === undefined ? undefined : this.connections[each.except];
      return this.fanOuts.get(each.channel)!.broadcast(bytes, excepted);
    }
    if (this.closed.has(each.who) || this.vanished.has(each.who)) return;
    switch (each.do) {
      case 'join':
        return this.join(each.channel, each.who);
      case 'leave':
        return this.leave(each.channel, each.who);
      case 'settle':
        if (!this.model.has(each.channel, each.who)) return;
        this.model.settle(each.channel, each.who);
        return this.seats.get(`${each.channel} ${each.who}`)!.settle();
      case 'direct':
        return this.connections[each.who]!.write(this.model.direct(each.who));
      case 'stall':
        return this.clients[each.who]!.webSocket.pause();
      case 'readOn':
        return this.clients[each.who]!.webSocket.resume();
      case 'close':
        return this.close(each.who);
      case 'vanish':
        this.vanished.add(each.who);
        this.clients[each.who]!.webSocket.terminate();
    }
  }

  private join(name: string, i: number): void {
    if (this.model.has(name, i)) return;
    const connection = this.connections[i]!;
    const fanOut = this.fanOuts.get(name)!;
    const seat = new Seat(connection, fanOut);
    fanOut.add(seat);
    connection.take(name, seat);
    this.seats.set(`${name} ${i}`, seat);
    this.model.join(name, i);
  }

  private leave(name: string, i: number): void {
    if (!this.model.has(name, i)) return;
    this.model.leave(name, i);
    this.fanOuts.get(name)!.remove(this.seats.get(`${name} ${i}`)!);
    this.connections[i]!.giveUp(name);
  }

  private close(i: number): void {
    this.closed.add(i);
    for (const name of CHANNELS) if (this.model.has(name, i)) this.model.settle(name, i);
    this.connections[i]!.close(4200, 'bye', this.model.direct(i));
    for (const name of CHANNELS) if (this.model.has(name, i)) this.model.leave(name, i);
  }
}

describe.each(PATHS)('What is %s (%s)', (path) => {
  let host: Host;

  beforeEach(async () => {
    host = new Host(path);
    await host.start();
  });

  afterEach(() => host.stop());

  /** Writes to a reader that stopped until something is queued for it. */
  async function stall(connection: Connection, client: Client, bytes: Buffer): Promise<number> {
    client.webSocket.pause();
    let count = 0;
    do {
      connection.write(bytes);
      count++;
      await endOfTurn();
    } while (connection.unsentBytes === 0 && count * bytes.length < MORE_THAN_THE_KERNEL_TAKES);
    expect(connection.unsentBytes).toBeGreaterThan(0);
    return count;
  }

  it('takes that path', async () => {
    const { connection, client } = await host.connect();
    connection.write(textFrame('hello'));
    await client.receives(1);
    expect(client.texts).toEqual(['hello']);
    expect(host.directWrites).toBe(path === 'direct' ? 1 : 0);
  });

  it('arrives as it is due, whatever happens in whatever order', async () => {
    await expect(
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: RECEIVERS + 1 }),
          fc.array(step, { minLength: 20, maxLength: 80 }),
          async (budget, steps) => {
            await new Trial(host, budget).run(steps);
          },
        ),
        { numRuns: 25, endOnFailure: true },
      ),
    ).resolves.toBeUndefined();
  }, 60_000);

  it('waits for a slow reader, and nothing overtakes what waits', async () => {
    const { connection, client } = await host.connect();
    const large = 'x'.repeat(300_000);
    client.webSocket.pause();
    const expected: string[] = [];
    for (let i = 0; i < 100; i++) {
      for (const text of [`${i} ${large}`, `${i} small`]) {
        connection.write(textFrame(text));
        expected.push(text);
      }
      if (i % 3 === 0) await endOfTurn();
    }
    expect(connection.unsentBytes).toBeGreaterThan(0);
    client.webSocket.resume();
    await client.receives(expected.length);
    expect(client.texts.map((text) => text.slice(0, 20))).toEqual(
      expected.map((text) => text.slice(0, 20)),
    );
    await eventually(() => expect(connection.unsentBytes).toBe(0));
    connection.write(textFrame('after'));
    await client.receives(expected.length + 1);
    expect(client.texts.at(-1)).toBe('after');
  });

  it('and stays unread beyond the limit makes a slow consumer, once; it is told after what it was sent before', async () => {
    host.maxOutboxSize = 100_000;
    const { connection, client } = await host.connect();
    const written = await stall(connection, client, textFrame('x'.repeat(90_000)));
    for (let i = 0; i < 5; i++) connection.write(textFrame('x'.repeat(90_000)));
    expect(host.overflown).toEqual([connection]);
    await endOfTurn();
    expect(host.closings).toEqual([{ connection, code: 4100 }]);
    client.webSocket.resume();
    expect(await client.closed).toEqual({ code: 4100, reason: 'Slow consumer' });
    expect(client.texts.length).toBeGreaterThan(0);
    expect(client.texts.length).toBeLessThanOrEqual(written + 5);
    expect(client.texts.every((text) => text.length === 90_000)).toBe(true);
    await eventually(() => expect(connection.phase).toBe('closed'));
  });

  it('and is large, written while nothing waits, makes no slow consumer', async () => {
    host.maxOutboxSize = 1000;
    const { connection, client } = await host.connect();
    connection.write(textFrame('x'.repeat(MORE_THAN_THE_KERNEL_TAKES)));
    expect(host.overflown).toEqual([]);
    await client.receives(1);
    expect(client.texts[0]).toHaveLength(MORE_THAN_THE_KERNEL_TAKES);
    await eventually(() => expect(connection.unsentBytes).toBe(0));
    expect(connection.isOpen).toBe(true);
  });

  it('to a slow reader does not keep its neighbours waiting', async () => {
    host.maxOutboxSize = 200_000;
    const queue = new FlushQueue();
    const fanOut = new FanOut(queue);
    const slow = await host.connect();
    const quick = await host.connect();
    for (const { connection } of [slow, quick]) {
      const seat = new Seat(connection, fanOut);
      fanOut.add(seat);
      connection.take('red', seat);
    }
    slow.client.webSocket.pause();
    let count = 0;
    while (host.overflown.length === 0) {
      fanOut.broadcast(textFrame(`${count++} ${'x'.repeat(60_000)}`));
      await endOfTurn();
      await quick.client.receives(count);
    }
    expect(host.overflown).toEqual([slow.connection]);
    await endOfTurn();
    expect(fanOut.size).toBe(1);
    fanOut.broadcast(textFrame('after'));
    await quick.client.receives(count + 1);
    expect(quick.connection.isOpen).toBe(true);
  });

  it('before a close arrives before it, the last words last', async () => {
    const { connection, client } = await host.connect();
    const fanOut = new FanOut(new FlushQueue());
    const seat = new Seat(connection, fanOut);
    fanOut.add(seat);
    connection.take('red', seat);
    fanOut.broadcast(textFrame('due'));
    connection.close(4201, 'late', textFrame('last words'));
    connection.write(textFrame('too late'));
    fanOut.broadcast(textFrame('too late'));
    expect(await client.closed).toEqual({ code: 4201, reason: 'late' });
    expect(client.texts).toEqual(['due', 'last words']);
  });

  it('before a close arrives before it, also when it has to wait', async () => {
    const { connection, client } = await host.connect();
    const written = await stall(connection, client, textFrame('x'.repeat(500_000)));
    connection.close(4200, 'bye', textFrame('last words'));
    expect(connection.phase).toBe('closing');
    client.webSocket.resume();
    expect(await client.closed).toEqual({ code: 4200, reason: 'bye' });
    expect(client.texts.at(-1)).toBe('last words');
    expect(client.texts.length).toBeGreaterThan(written);
    await eventually(() => expect(connection.phase).toBe('closed'));
  });

  it('to a peer that is gone harms nobody', async () => {
    const { connection, client } = await host.connect();
    const bytes = textFrame('x'.repeat(100_000));
    await stall(connection, client, bytes);
    client.webSocket.terminate();
    await eventually(() => {
      connection.write(bytes);
      expect(connection.phase).toBe('closed');
    });
    connection.write(bytes);
    expect(host.closings).toEqual([{ connection, code: 1006 }]);
    expect(connection.isOpen).toBe(false);
  });

  it('to a socket that was destroyed in the same turn goes nowhere', async () => {
    const { connection } = await host.connect();
    connection.terminate();
    expect(() => connection.write(textFrame('x'))).not.toThrow();
    connection.close(4200, 'bye', textFrame('last words'));
    await endOfTurn();
    expect(host.closings).toEqual([{ connection, code: 1006 }]);
    expect(connection.phase).toBe('closed');
  });
});

describe('Closing a connection', () => {
  let host: Host;

  beforeEach(async () => {
    host = new Host('direct');
    await host.start();
  });

  afterEach(() => host.stop());

  it('twice is closing once', async () => {
    const { connection, client } = await host.connect();
    connection.close(4200, 'first');
    connection.close(4201, 'second', textFrame('last words'));
    expect(await client.closed).toEqual({ code: 4200, reason: 'first' });
    expect(client.texts).toEqual([]);
    expect(host.closings).toEqual([{ connection, code: 4200 }]);
  });

  it('is the last that is written to it', async () => {
    const { connection, client } = await host.connect();
    connection.write(textFrame('before'));
    connection.close(4200, 'bye');
    connection.write(textFrame('after'));
    await client.closed;
    connection.write(textFrame('later'));
    expect(client.texts).toEqual(['before']);
    expect(host.directWrites).toBe(1);
  });

  it('happens when a direct write turns out to have failed', async () => {
    const { connection } = await host.connect();
    const { outbox } = connection as unknown as { outbox: Outbox };
    outbox.onQueued(100);
    expect(connection.unsentBytes).toBe(100);
    outbox.onDrained(100, true);
    await eventually(() => expect(host.closings).toEqual([{ connection, code: 1006 }]));
    expect(connection.unsentBytes).toBe(0);
  });

  it('that the client closes itself ends it with the code of the client', async () => {
    const { connection, client } = await host.connect();
    client.webSocket.close(1000, 'enough');
    await client.closed;
    await eventually(() => expect(host.closings).toEqual([{ connection, code: 1000 }]));
    connection.close(4200, 'bye');
    connection.terminate();
    connection.broken();
    expect(connection.phase).toBe('closed');
    expect(host.closings).toHaveLength(1);
  });

  it('with a reason that is too long shortens it between two characters', async () => {
    const { connection, client } = await host.connect();
    connection.close(4009, `${'x'.repeat(121)}é and more`);
    expect(await client.closed).toEqual({ code: 4009, reason: `${'x'.repeat(121)}é` });
    const other = await host.connect();
    other.connection.close(4009, `${'x'.repeat(122)}é`);
    expect(await other.client.closed).toEqual({ code: 4009, reason: 'x'.repeat(122) });
  });

  it('that is read no further, as its inbox is full, still hears the answer of the peer', async () => {
    const { connection, client } = await host.connect();
    // One message is never done with, so that the others wait.
    host.onMessage = (() => new Promise<void>(() => {})) as unknown as Host['onMessage'];
    for (let i = 0; i < 200; i++) client.webSocket.send(String(i));
    const { socket } = (connection as unknown as { outbox: { socket: Socket } }).outbox;
    await eventually(() => expect(socket.isPaused()).toBe(true));
    connection.close(4200, 'bye');
    expect(await client.closed).toEqual({ code: 4200, reason: 'bye' });
    await eventually(() => expect(connection.phase).toBe('closed'));
  });

  it('drops what still waits in the inbox, and what comes later', async () => {
    const { connection, client } = await host.connect();
    client.webSocket.send('before');
    await eventually(() => expect(host.messages).toEqual(['before']));
    connection.close(4200, 'bye');
    client.webSocket.send('after');
    await client.closed;
    expect(host.messages).toEqual(['before']);
  });
});
