import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  DirectWriter,
  handleOf,
  NOT_TAKEN,
  type DirectWriteTarget,
  type WriteRequest,
} from './direct-write.js';

/** Time enough for a loopback connection on a busy machine. */
const DETECTION_MS = 5000;
const CHUNK_SIZE = 1024 * 1024;
/** More than any kernel takes at once. */
const MAX_CHUNKS = 64;

/** Not state of a server, but what was found out about the Node that runs. */
let found: Promise<DirectWriter | null> | undefined;

/**
 * The writer of this process, for all servers in it, as {@link detectDirectWrites} found it when it was
 * first asked for. Where none was found it is looked for again: the machine may have been too busy.
 */
export async function directWriterOfProcess(): Promise<DirectWriter | null> {
  found ??= detectDirectWrites();
  const writer = await found;
  if (writer === null) found = undefined;
  return writer;
}

/**
 * Finds out on a loopback connection whether direct writes work here: that bytes arrive, in order,
 * that what the kernel does not take at once is queued and reported, and that what is written
 * through the stream comes behind it.
 * @returns null where they do not
 */
export async function detectDirectWrites(): Promise<DirectWriter | null> {
  const server = createServer();
  const sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), DETECTION_MS);
  });
  try {
    return await Promise.race([tryOut(server, sockets), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function tryOut(server: Server, sockets: Socket[]): Promise<DirectWriter | null> {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  // One of several workers would else share the port with the others, and get connections of theirs.
  await once(server.listen({ port: 0, host: '127.0.0.1', exclusive: true }), 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(far);
  await once(far, 'connect');
  const near = await accepted;
  sockets.push(near);
  near.on('error', () => near.destroy());
  const Request = await requestConstructorOf(near, far);
  return (await deliversInOrder(Request, near, far)) ? new DirectWriter(Request) : null;
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
  if (new Request().getAsyncId() !== NOT_TAKEN)
    throw new Error('a request does not tell its state');
  return Request;
}

/** Writes until the kernel's buffers are full, so that a write must queue, and then through the stream. */
async function deliversInOrder(
  Request: new () => WriteRequest,
  near: Socket,
  far: Socket,
): Promise<boolean> {
  const handle = handleOf(near);
  if (handle === null) return false;
  const written: Buffer[] = [];
  const told = { queued: 0, drained: 0 };
  const target: DirectWriteTarget = {
    onQueued: (bytes) => (told.queued += bytes),
    onDrained: (bytes, failed) => (told.drained += failed ? 0 : bytes),
  };
  far.pause();
  while (told.queued === 0 && written.length < MAX_CHUNKS) {
    const chunk = Buffer.alloc(CHUNK_SIZE, written.length);
    // No request is used twice before it is known that they tell their state.
    if (!new DirectWriter(Request).write(handle, chunk, target)) return false;
    if (handle.writeQueueSize > 0 && told.queued === 0) return false;
    written.push(chunk);
  }
  const last = Buffer.from('.');
  near.write(last);
  written.push(last);
  const expected = Buffer.concat(written);
  const received = await readAll(far, expected.length);
  await new Promise((resolve) => setImmediate(resolve));
  return told.queued === CHUNK_SIZE && told.drained === CHUNK_SIZE && received.equals(expected);
}

function readAll(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) resolve(Buffer.concat(chunks));
    });
    socket.resume();
  });
}

function once(emitter: Server | Socket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve);
    emitter.once('error', reject);
    emitter.once('close', () => reject(new Error('closed')));
  });
}
