import type { Socket } from 'node:net';

/*
 * Writes a Buffer straight to the operating system through a TCP socket's handle, past the stream
 * in front of it, which costs more than the write itself. What this uses of Node is undocumented,
 * so it is found out on a real socket at start, and whoever gets null writes through the stream.
 *
 * What it relies on (Node 20 to 24): `socket._handle.writeBuffer(request, buffer)` takes what the
 * kernel takes at once. The rest it takes over together with the request, which then has an async
 * id, and whose `oncomplete` is called when the bytes are out. A request that was not taken over can
 * be used again; using one that was ends the process. The `writeQueueSize` of the handle does not
 * tell them apart: what is taken over may be out at once, when the kernel finds room meanwhile.
 */

/** The part of libuv's stream handle that is used. */
export interface StreamHandle {
  /** Bytes. Looked at only to find out whether requests can be trusted. */
  readonly writeQueueSize: number;
  writeBuffer(request: WriteRequest, buffer: Buffer): number;
}

/** The async id of a request that was not taken over. */
export const NOT_TAKEN = -1;

/** The part of libuv's write request that is used. */
export interface WriteRequest {
  getAsyncId(): number;
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
  // oxlint-disable-next-line no-underscore-dangle -- Node has no public name for it.
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
    if (handle.writeBuffer(request, buffer) !== 0) {
      this.idle = new this.Request();
      return false;
    }
    if (request.getAsyncId() !== NOT_TAKEN) {
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
