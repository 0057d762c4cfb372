import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { eventually } from '../../../test/harness/eventually.js';
import { DirectWriter, handleOf, type DirectWriteTarget } from './direct-write.js';
import { detectDirectWrites, directWriterOfProcess } from './direct-write.detection.js';

/** More than the kernel keeps for a reader that stopped. */
const MANY_CHUNKS = 64;
const CHUNK = Buffer.alloc(1024 * 1024, 'x');

/** Keeps what it is told. */
class Target implements DirectWriteTarget {
  queued = 0;
  drained = 0;
  failures = 0;

  onQueued(bytes: number): void {
    this.queued += bytes;
  }

  onDrained(bytes: number, failed: boolean): void {
    this.drained += bytes;
    if (failed) this.failures++;
  }
}

/** Two sockets that are connected to each other, and what came out at the far one. */
class Pair {
  readonly server = createServer();
  readonly received: Buffer[] = [];
  near!: Socket;
  far!: Socket;

  static async open(): Promise<Pair> {
    const pair = new Pair();
    const { server } = pair;
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    pair.far = connect((server.address() as AddressInfo).port, '127.0.0.1');
    pair.near = await accepted;
    pair.near.on('error', () => {});
    pair.far.on('error', () => {});
    pair.far.on('data', (chunk: Buffer) => pair.received.push(chunk));
    return pair;
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }

  get receivedBytes(): number {
    return this.received.reduce((sum, { length }) => sum + length, 0);
  }

  async close(): Promise<void> {
    this.near.destroy();
    this.far.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('A direct write', () => {
  let writer: DirectWriter;
  let pair: Pair;

  beforeEach(async () => {
    writer = (await detectDirectWrites())!;
    pair = await Pair.open();
  });

  afterEach(() => pair.close());

  const write = (bytes: Buffer, target: DirectWriteTarget) =>
    writer.write(handleOf(pair.near)!, bytes, target);

  /** Writes until the kernel takes no more. @returns the bytes written */
  function fill(target: Target): number {
    pair.far.pause();
    let written = 0;
    for (let i = 0; i < MANY_CHUNKS && target.queued === 0; i++) {
      expect(write(CHUNK, target)).toBe(true);
      written += CHUNK.length;
    }
    expect(target.queued).toBe(CHUNK.length);
    return written;
  }

  it('arrives, with nobody told as nothing is queued', async () => {
    const target = new Target();
    expect(write(Buffer.from('a'), target)).toBe(true);
    expect(write(Buffer.from('b'), target)).toBe(true);
    await eventually(() => expect(pair.text).toBe('ab'));
    expect(target).toMatchObject({ queued: 0, drained: 0 });
  });

  it('comes in order with what the stream writes before and after it', async () => {
    const target = new Target();
    pair.near.write('1');
    expect(pair.near.writableLength).toBe(0);
    write(Buffer.from('2'), target);
    pair.near.write('3');
    write(Buffer.from('4'), target);
    await eventually(() => expect(pair.text).toBe('1234'));
  });

  it('is queued when the kernel does not take it, and said to be out when it is', async () => {
    const target = new Target();
    const written = fill(target);
    await new Promise((resolve) => setImmediate(resolve));
    expect(target.drained).toBe(0);
    pair.far.resume();
    await eventually(() => expect(pair.receivedBytes).toBe(written));
    await eventually(() => expect(target).toMatchObject({ drained: CHUNK.length, failures: 0 }));
  });

  it('that is queued goes before what is written through the stream', async () => {
    const target = new Target();
    const written = fill(target);
    pair.near.write('last');
    expect(pair.near.writableLength).toBeGreaterThan(0);
    pair.far.resume();
    await eventually(() => expect(pair.receivedBytes).toBe(written + 4));
    expect(Buffer.concat(pair.received).subarray(-5).toString()).toBe('xlast');
  });

  it('that is queued keeps its bytes, and other sockets are written to meanwhile', async () => {
    const other = await Pair.open();
    const target = new Target();
    fill(target);
    for (let i = 0; i < 100; i++) {
      writer.write(handleOf(other.near)!, Buffer.from(`${i} `), new Target());
    }
    const expected = Array.from({ length: 100 }, (_, i) => `${i} `).join('');
    await eventually(() => expect(other.text).toBe(expected));
    pair.far.resume();
    await eventually(() => expect(target.drained).toBe(CHUNK.length));
    expect(Buffer.concat(pair.received).every((byte) => byte === CHUNK[0])).toBe(true);
    await other.close();
  });

  it('that is queued fails when the peer goes', async () => {
    const target = new Target();
    fill(target);
    pair.far.resetAndDestroy();
    await eventually(() => expect(target).toMatchObject({ drained: CHUNK.length, failures: 1 }));
  });

  it('that is queued fails when the socket is destroyed, which has no handle from then on', async () => {
    const target = new Target();
    fill(target);
    pair.near.destroy();
    expect(handleOf(pair.near)).toBeNull();
    await eventually(() => expect(target).toMatchObject({ drained: CHUNK.length, failures: 1 }));
  });

  it('to a peer that is gone is refused, and the writer serves the others', async () => {
    const other = await Pair.open();
    const target = new Target();
    pair.near.pause();
    pair.far.resetAndDestroy();
    await eventually(() => {
      // Once the stream has noticed there is no handle any more.
      const handle = handleOf(pair.near);
      expect(handle !== null && writer.write(handle, CHUNK, target)).toBe(false);
    });
    expect(writer.write(handleOf(other.near)!, Buffer.from('a'), target)).toBe(true);
    await eventually(() => expect(other.text).toBe('a'));
    await other.close();
  });
});

describe('A request that the handle took over', () => {
  /** Takes over every second write, and says nothing of a queue: the bytes were out at once. */
  class FakeHandle {
    readonly writeQueueSize = 0;
    readonly requests: FakeRequest[] = [];

    writeBuffer(request: FakeRequest): number {
      if (request.isTaken) throw new Error('The process would have ended here.');
      this.requests.push(request);
      request.isTaken = this.requests.length % 2 === 0;
      return 0;
    }
  }

  class FakeRequest {
    isTaken = false;
    oncomplete?: (status: number) => void;

    getAsyncId(): number {
      return this.isTaken ? 5 : -1;
    }
  }

  it('is not used again, even when its bytes are out already', () => {
    const writer = new DirectWriter(FakeRequest as never);
    const handle = new FakeHandle();
    const target = new Target();
    for (let i = 0; i < 4; i++) {
      expect(writer.write(handle as never, Buffer.from('abc'), target)).toBe(true);
    }
    expect(target).toMatchObject({ queued: 6, drained: 0 });
    const [first, second, third, fourth] = handle.requests;
    expect(first).toBe(second);
    expect(third).toBe(fourth);
    expect(second).not.toBe(third);
    second!.oncomplete?.(0);
    fourth!.oncomplete?.(0);
    expect(target).toMatchObject({ queued: 6, drained: 6, failures: 0 });
  });
});

type Handle = NonNullable<ReturnType<typeof handleOf>>;
type Write = Handle['writeBuffer'];
type Request = Parameters<Write>[0];

/** What Node's sockets inherit the methods of their handles and of their write requests from. */
async function prototypes(): Promise<{ handle: Handle; request: Request }> {
  const pair = await Pair.open();
  const handle = handleOf(pair.near)!;
  let request: Request | undefined;
  const original = handle.writeBuffer;
  handle.writeBuffer = (used, bytes) => {
    request = used;
    return original.call(handle, used, bytes);
  };
  pair.near.write(Buffer.from('.'));
  await pair.close();
  return {
    handle: Object.getPrototypeOf(handle) as Handle,
    request: Object.getPrototypeOf(request) as Request,
  };
}

/** Puts something over a property while something else is done. */
async function withProperty(
  object: object,
  name: string,
  value: unknown,
  body: () => Promise<void>,
): Promise<void> {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  try {
    await body();
  } finally {
    Reflect.deleteProperty(object, name);
  }
}

describe('Detection', () => {
  it('finds a writer here', async () => {
    expect(await detectDirectWrites()).not.toBeNull();
  });

  it('leaves nothing open', async () => {
    const before = openSockets();
    await detectDirectWrites();
    await eventually(() => expect(openSockets()).toBe(before));
  });

  it.each<[string, 'handle' | 'request', string, (original: Write) => unknown]>([
    ['there is no such write', 'handle', 'writeBuffer', () => undefined],
    ['the queue of a handle is not to be seen', 'handle', 'writeQueueSize', () => undefined],
    ['requests do not tell their state', 'request', 'getAsyncId', () => undefined],
    ['no request is ever said to be taken over', 'request', 'getAsyncId', () => () => -1],
    ['every request is said to be taken over', 'request', 'getAsyncId', () => () => 5],
    ['a write is refused', 'handle', 'writeBuffer', () => () => -1],
    ['what should be a write is none', 'handle', 'writeBuffer', () => null],
    [
      'other bytes arrive',
      'handle',
      'writeBuffer',
      (original) =>
        function write(this: Handle, request: Request, bytes: Buffer) {
          return original.call(this, request, Buffer.alloc(bytes.length, '?'));
        },
    ],
    [
      'the end of a write is not told',
      'handle',
      'writeBuffer',
      (original) =>
        function write(this: Handle, request: Request, bytes: Buffer) {
          const result = original.call(this, request, bytes);
          queueMicrotask(() => {
            if (bytes.length > 100_000) request.oncomplete = () => {};
          });
          return result;
        },
    ],
  ])('finds none where %s', async (_, where, name, change) => {
    const found = await prototypes();
    const { writeBuffer } = found.handle;
    await withProperty(found[where], name, change(writeBuffer), async () => {
      expect(await detectDirectWrites()).toBeNull();
    });
    expect(await detectDirectWrites()).not.toBeNull();
  });
});

describe('The writer of a process', () => {
  it('is looked for again where none was found, and else is one for all', async () => {
    const { handle } = await prototypes();
    await withProperty(handle, 'writeBuffer', undefined, async () => {
      expect(await directWriterOfProcess()).toBeNull();
    });
    const [first, second] = await Promise.all([directWriterOfProcess(), directWriterOfProcess()]);
    expect(first).not.toBeNull();
    expect(second).toBe(first);
    expect(await directWriterOfProcess()).toBe(first);
  });
});

/** Sockets and servers that keep the process alive. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}
