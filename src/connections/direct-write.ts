import { connect, createServer, type Server, type Socket } from 'node:net';

/*
 * Writes a Buffer straight to the operating system through a TCP socket's handle, past the stream
 * in front of it, which costs more than the write itself. What this uses of Node is undocumented,
 * so it is found out on a real socket at start, and whoever gets null writes through the stream.
 *
 * What it relies on (Node 20 to 24): `socket._handle.writeBuffer(request, buffer)` takes what the
 * kernel takes at once; the rest is queued in the handle, which then shows a `writeQueueSize` above
 * 0, and `request.oncomplete` is called when that is out. A request whose write did not queue can be
 * used again.
 */

/** The part of libuv's stream handle that is used. */
interface StreamHandle {
  readonly writeQueueSize: number;
  writeBuffer(request: WriteRequest, buffer: Buffer): number;
}

interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** Keeps the bytes alive until they are out. */
  buffer?: Buffer;
  target?: DirectWriteTarget;
}

/** Whoever writes directly: told how many bytes stay queued, and when they are out. */
export interface DirectWriteTarget {
  onQueued(bytes: number): void;
  /** `failed`: the peer is gone. */
  onDrained(bytes: number, failed: boolean): void;
}

/** The handle under a socket, null once it is closed. */
export function handleOf(socket: Socket): StreamHandle | null {
  return (socket as unknown as { _handle: StreamHandle | null })._handle;
}

/** Writes directly. One serves a whole process. */
export class DirectWriter {
  private idle: WriteRequest;

  constructor(private readonly Request: new () => WriteRequest) {
    this.idle = new Request();
  }

  /**
   * Writes now. The caller makes sure that nothing is queued, neither in the stream nor in the
   * handle, else bytes would overtake each other.
   * @returns false when the peer is gone
   */
  write(handle: StreamHandle, buffer: Buffer, target: DirectWriteTarget): boolean {
    const request = this.idle;
    if (handle.writeBuffer(request, buffer) !== 0) return false;
    if (handle.writeQueueSize > 0) {
      request.buffer = buffer;
      request.target = target;
      request.oncomplete = onComplete;
      this.idle = new this.Request();
      target.onQueued(buffer.length);
    }
    return true;
  }
}

function onComplete(this: WriteRequest, status: number): void {
  this.target?.onDrained(this.buffer?.length ?? 0, status < 0);
}

/**
 * Finds out on a loopback connection whether direct writes work here: that bytes arrive, in order,
 * and that what the kernel does not take at once is queued and reported.
 * @returns null where they do not
 */
export async function detectDirectWrites(): Promise<DirectWriter | null> {
  let server: Server | undefined;
  let near: Socket | undefined;
  let far: Socket | undefined;
  try {
    server = createServer().listen(0, '127.0.0.1');
    const accepted = new Promise<Socket>((resolve) => server?.once('connection', resolve));
    await once(server, 'listening');
    far = connect((server.address() as { port: number }).port, '127.0.0.1');
    near = await accepted;
    const Request = await requestConstructorOf(near, far);
    const writer = new DirectWriter(Request);
    return (await deliversInOrder(writer, near, far)) ? writer : null;
  } catch {
    return null;
  } finally {
    near?.destroy();
    far?.destroy();
    server?.close();
  }
}

/** Takes the constructor from a write that Node itself makes. */
async function requestConstructorOf(near: Socket, far: Socket): Promise<new () => WriteRequest> {
  const handle = handleOf(near);
  if (handle === null || typeof handle.writeBuffer !== 'function') throw new Error('no handle');
  if (typeof handle.writeQueueSize !== 'number') throw new Error('no write queue size');
  let Request: (new () => WriteRequest) | undefined;
  const original = handle.writeBuffer;
  handle.writeBuffer = (request, buffer) => {
    Request = request.constructor as new () => WriteRequest;
    return original.call(handle, request, buffer);
  };
  const arrived = once(far, 'data');
  near.write(Buffer.from('.'));
  await arrived;
  handle.writeBuffer = original;
  if (Request === undefined) throw new Error('the stream does not write through its handle');
  return Request;
}

/** Writes until the kernel's buffers are full, so that a write must queue. */
async function deliversInOrder(writer: DirectWriter, near: Socket, far: Socket): Promise<boolean> {
  const handle = handleOf(near);
  if (handle === null) return false;
  const chunk = Buffer.alloc(1024 * 1024, 'revurb');
  let written = 0;
  let queued = 0;
  let drained = 0;
  far.pause();
  while (queued === 0 && written < 64 * chunk.length) {
    const accepted = writer.write(handle, chunk, {
      onQueued: (bytes) => (queued += bytes),
      onDrained: (bytes, failed) => (drained += failed ? 0 : bytes),
    });
    if (!accepted) return false;
    written += chunk.length;
  }
  const received = await readAll(far, written);
  await new Promise((resolve) => setImmediate(resolve));
  const expected = Buffer.concat(Array.from({ length: written / chunk.length }, () => chunk));
  return queued === chunk.length && drained === queued && received.equals(expected);
}

function readAll(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => reject(new Error('bytes are missing')), 2000);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < length) return;
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    socket.resume();
  });
}

function once(emitter: Server | Socket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve);
    emitter.once('error', reject);
  });
}
