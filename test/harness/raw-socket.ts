import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ChangeSignal, DEFAULT_TIMEOUT_MS, registerForClose } from './eventually.js';

type Bytes = string | Uint8Array;

/** WebSocket opcodes by name. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** A WebSocket frame, right or wrong; by default a masked, final text frame. */
export interface FrameSpec {
  fin?: boolean;
  /** The three reserved bits as a number: 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  rsv?: number;
  opcode?: number;
  /** Clients must mask; false or another four bytes than random ones if the test wants so. */
  mask?: boolean | Uint8Array;
  payload?: Bytes;
  /** The length the header claims, whatever the payload's is. */
  lengthOverride?: number | bigint;
  /** Width of the length field in bits, also where a shorter one would do. */
  lengthBits?: 7 | 16 | 64;
}

/** The bytes of one WebSocket frame. */
export function frame(spec: FrameSpec = {}): Buffer {
  const { fin = true, rsv = 0, opcode = OPCODE.text, mask = true } = spec;
  const payload = Buffer.from(spec.payload ?? '');
  const length = BigInt(spec.lengthOverride ?? payload.length);
  const bits = spec.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | ((rsv & 7) << 4) | (opcode & 0xf);
  head[1] = (mask ? 0x80 : 0) | (bits === 7 ? Number(length & 0x7fn) : bits === 16 ? 126 : 127);
  if (bits === 16) {
    head.writeUInt16BE(Number(length & 0xffffn), 2);
  } else if (bits === 64) {
    head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  }
  if (mask === false) {
    return Buffer.concat([head, payload]);
  }
  const key = mask === true ? randomBytes(4) : Buffer.from(mask);
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ (key[i % 4] ?? 0))]);
}

/** A close frame's payload: the code (none for an empty payload) and a reason. */
export function closePayload(code?: number, reason: Bytes = ''): Buffer {
  const head = Buffer.alloc(code === undefined ? 0 : 2);
  if (code !== undefined) {
    head.writeUInt16BE(code);
  }
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** A frame as the server sent it; `closeCode` is 1005 for a close frame without code. */
export interface ServerFrame {
  fin: boolean;
  rsv: number;
  opcode: number;
  isMasked: boolean;
  payload: Buffer;
  text: string;
  closeCode?: number;
}

/** A TCP connection that says whatever the test wants, and remembers all it heard. */
export class RawSocket {
  /** Everything received so far. */
  received: Buffer = Buffer.alloc(0);
  /** Why the connection broke, when it did not end in order (`ECONNRESET`). */
  error?: string;
  /** The other side hung up, or we did. */
  isClosed = false;
  protected readonly changes = new ChangeSignal();

  protected constructor(protected readonly socket: Socket) {
    const forget = registerForClose(() => this.destroy());
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.changes.notify();
    });
    socket.on(
      'error',
      (error: NodeJS.ErrnoException) => (this.error = error.code ?? error.message),
    );
    socket.on('close', () => {
      this.isClosed = true;
      forget();
      this.changes.notify();
    });
  }

  /** Connects to 127.0.0.1. */
  static async open(port: number): Promise<RawSocket> {
    return new RawSocket(await dial(port));
  }

  /** What was received, as text. */
  get text(): string {
    return this.received.toString('utf8');
  }

  /** The status of each HTTP response received so far. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
  }

  /** Writes bytes as they are; what the peer no longer wants is dropped silently. */
  write(bytes: Bytes): void {
    if (!this.isClosed) {
      this.socket.write(bytes);
    }
  }

  /** Resolves once `condition` holds; rejects with what was received when it never does. */
  async waitUntil(condition: () => boolean, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    if (!(await this.holds(condition, timeoutMs))) {
      throw new Error(`The raw socket waited in vain. ${this.describe()}`);
    }
  }

  /** Resolves once the TCP connection is gone. */
  async expectDropped(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    if (!(await this.holds(() => this.isClosed, timeoutMs))) {
      throw new Error(`The server did not hang up within ${timeoutMs} ms. ${this.describe()}`);
    }
  }

  /** Stops reading, so that the server's writes pile up. */
  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  /** Says that nothing more will be written (FIN). */
  end(): void {
    this.socket.end();
  }

  /** Hangs up without a word; with `reset` by a TCP RST. */
  async destroy({ reset = false } = {}): Promise<void> {
    if (reset) {
      this.socket.resetAndDestroy();
    } else {
      this.socket.destroy();
    }
    await this.holds(() => this.isClosed, DEFAULT_TIMEOUT_MS);
  }

  protected async holds(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const isOver = (): boolean => this.isClosed;
    return (await this.changes.waitFor(() => condition() || undefined, timeoutMs, isOver)) === true;
  }

  protected describe(): string {
    const state = this.isClosed ? `closed${this.error ? ` (${this.error})` : ''}` : 'open';
    return `Connection ${state}, received ${JSON.stringify(this.text.slice(0, 2_000))}`;
  }
}

/** What came back over a raw connection. */
export interface RawReply {
  text: string;
  /** One status per response, in order. */
  statuses: number[];
  /** True if the server hung up, false if the helper stopped listening. */
  isClosed: boolean;
}

/**
 * Sends bytes and resolves with all that came back until the server hung up, `until` was content
 * or `timeoutMs` (3 s) passed. Ask for `Connection: close` to be done at once.
 */
export async function rawHttp(
  port: number,
  bytes: Bytes,
  options: { timeoutMs?: number; until?: (text: string) => boolean } = {},
): Promise<RawReply> {
  const socket = await RawSocket.open(port);
  socket.write(bytes);
  const done = (): boolean => socket.isClosed || (options.until?.(socket.text) ?? false);
  await socket.waitUntil(done, options.timeoutMs).catch(() => undefined);
  const reply = { text: socket.text, statuses: socket.statuses, isClosed: socket.isClosed };
  await socket.destroy();
  return reply;
}

/** A WebSocket spoken by hand. Reads the server's frames, and answers nothing by itself. */
export class RawWebSocket extends RawSocket {
  /** The status the upgrade was answered with; frames can only be read after a 101. */
  status = 0;
  /** The header block of that answer. */
  head = '';

  /** See `rawUpgrade`. */
  static async upgrade(port: number, bytes: Bytes): Promise<RawWebSocket> {
    const socket = new RawWebSocket(await dial(port));
    socket.write(bytes);
    await socket.waitUntil(() => socket.received.includes('\r\n\r\n'));
    const end = socket.received.indexOf('\r\n\r\n') + 4;
    socket.head = socket.received.subarray(0, end).toString('latin1');
    socket.status = Number(socket.head.split(' ')[1]);
    socket.received = socket.received.subarray(end);
    return socket;
  }

  /** Builds a frame and sends it. */
  sendFrame(spec: FrameSpec | string): void {
    this.write(frame(typeof spec === 'string' ? { payload: spec } : spec));
  }

  /** Takes the next frame of the server. */
  async nextFrame(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<ServerFrame> {
    const next = await this.changes.waitFor(
      () => this.takeFrame(),
      timeoutMs,
      () => this.isClosed,
    );
    if (!next) {
      throw new Error(`No frame came within ${timeoutMs} ms. ${this.describe()}`);
    }
    return next;
  }

  /** Takes frames up to the close frame, which must carry `code`; answers it unless told not to. */
  async expectClose(code: number, { answer = true, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
    const before: ServerFrame[] = [];
    let next = await this.nextFrame(timeoutMs);
    while (next.opcode !== OPCODE.close) {
      before.push(next);
      next = await this.nextFrame(timeoutMs);
    }
    if (answer) {
      this.sendFrame({ opcode: OPCODE.close, payload: next.payload });
    }
    if (next.closeCode !== code) {
      const reason = next.payload.subarray(2).toString('utf8');
      throw new Error(`Expected close ${code}, the server closed with ${next.closeCode} ${reason}`);
    }
    return { frames: before, reason: next.payload.subarray(2).toString('utf8') };
  }

  private takeFrame(): ServerFrame | undefined {
    const bytes = this.received;
    const short = (bytes[1] ?? 0) & 0x7f;
    const isMasked = ((bytes[1] ?? 0) & 0x80) !== 0;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + extra + (isMasked ? 4 : 0);
    if (bytes.length < start) {
      return undefined;
    }
    const length = extra === 0 ? short : Number(`0x${bytes.toString('hex', 2, 2 + extra)}`);
    if (bytes.length < start + length) {
      return undefined;
    }
    const payload = bytes.subarray(start, start + length);
    this.received = bytes.subarray(start + length);
    const first = bytes[0] ?? 0;
    const opcode = first & 0xf;
    const closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    return {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode,
      isMasked,
      payload,
      text: payload.toString('utf8'),
      ...(opcode === OPCODE.close ? { closeCode } : {}),
    };
  }
}

/**
 * Upgrades by hand and resolves once the server answered, whatever it answered (`status`).
 * In `headers` null leaves a header out and an array repeats it. The Sec-WebSocket-Accept of the
 * server is not checked.
 */
export async function rawUpgrade(
  port: number,
  path: string,
  headers: Record<string, string | string[] | null> = {},
  { method = 'GET', version = 'HTTP/1.1' } = {},
): Promise<RawWebSocket> {
  const usual: Record<string, string> = {
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = Object.entries(usual).filter(([name]) => !given.has(name.toLowerCase()));
  const lines = [...kept, ...Object.entries(headers)].flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return RawWebSocket.upgrade(port, `${method} ${path} ${version}\r\n${lines.join('')}\r\n`);
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.removeAllListeners('error');
  return socket;
}
