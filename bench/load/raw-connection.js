// @ts-check
import net from 'node:net';
import { clientFrame, Opcode, readFrames } from './frames.js';

const FINAL_TEXT = 0x80 | Opcode.text;
const FINAL_PING = 0x80 | Opcode.ping;
const FINAL_CLOSE = 0x80 | Opcode.close;

const PONG = clientFrame(Opcode.text, JSON.stringify({ event: 'pusher:pong', data: {} }));
/** Stands for the end of a connection that no close frame announced (RFC 6455, section 7.4.1). */
export const NO_CLOSE_FRAME = 1006;
/** A close frame without a code (RFC 6455, section 7.4.1). */
const NO_CODE = 1005;

const CLOSE = clientFrame(Opcode.close, Buffer.from([0x03, 0xe8]));

/**
 * libuv fills it and we read it before the next socket is looked at, so all sockets share it:
 * no allocation per read. (Windows hands the memory out earlier, hence the check.)
 */
const SHARED = process.platform === 'win32' ? undefined : Buffer.allocUnsafe(64 * 1024);

/**
 * @typedef {object} Server
 * @property {string} host
 * @property {number} port
 * @property {string} path prefix, empty or beginning with a slash
 * @property {import('./publisher.js').Application} application
 */

/**
 * @typedef {object} ConnectionEvents
 * @property {(bytes: Buffer, start: number, end: number) => void} onText a whole text frame
 * @property {(problem: string, code?: number) => void} onProblem it is closed then; the code is that
 *   of the server, undefined when the server is not who ended it
 * @property {() => void} onClose the last thing that is told
 */

/** A WebSocket connection that does the handshake and answers pings, and nothing else. */
export class RawConnection {
  /** @type {'upgrading' | 'open' | 'leaving' | 'closed'} */
  #state = 'upgrading';
  /** @type {Buffer | undefined} bytes of a frame not yet whole */
  #rest;
  #events;
  #socket;

  /**
   * @param {{ host: string, port: number, localAddress?: string, upgrade: Buffer }} server
   * @param {ConnectionEvents} events
   */
  constructor(server, events) {
    this.#events = events;
    this.#socket = net.connect({
      host: server.host,
      port: server.port,
      localAddress: server.localAddress,
      noDelay: true,
      onread: {
        buffer: SHARED ?? Buffer.allocUnsafe(16 * 1024),
        callback: (length, buffer) => this.#receive(/** @type {Buffer} */ (buffer), length),
      },
    });
    this.#socket.on('connect', () => this.#socket.write(server.upgrade));
    this.#socket.on('error', (error) => this.fail(error.message, NO_CLOSE_FRAME));
    this.#socket.on('close', () => this.#closed());
  }

  /** @param {Buffer} frame */
  write(frame) {
    this.#socket.write(frame);
  }

  answerPing() {
    this.#socket.write(PONG);
  }

  /** Says goodbye as a browser does, and lets the server end the connection. */
  disconnect() {
    this.#state = 'leaving';
    this.#socket.write(CLOSE);
  }

  /** What comes fills the buffers of the kernels, and then those of the server. */
  stopReading() {
    this.#socket.pause();
  }

  readOn() {
    this.#socket.resume();
  }

  /** Closes it and tells why. @param {string} problem @param {number} [code] of the server */
  fail(problem, code) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.destroy();
    this.#events.onProblem(problem, code);
  }

  /** @param {Buffer} buffer @param {number} length */
  #receive(buffer, length) {
    let bytes = buffer;
    let end = length;
    if (this.#rest) {
      bytes = Buffer.concat([this.#rest, buffer.subarray(0, length)]);
      end = bytes.length;
      this.#rest = undefined;
    }
    if (this.#state === 'upgrading') {
      const afterHead = this.#readUpgrade(bytes, end);
      bytes = bytes.subarray(afterHead, end);
      end = bytes.length;
    }
    const read = this.#state === 'upgrading' ? 0 : readFrames(bytes, end, this);
    if (read < 0) this.fail('a frame that a server does not send');
    else if (read < end) this.#rest = Buffer.from(bytes.subarray(read, end));
    return true;
  }

  /** @param {Buffer} bytes @param {number} end */
  #readUpgrade(bytes, end) {
    const head = bytes.toString('latin1', 0, end);
    const headEnd = head.indexOf('\r\n\r\n');
    if (headEnd < 0) return 0;
    if (head.startsWith('HTTP/1.1 101')) this.#state = 'open';
    else this.fail(`upgrade answered: ${head.slice(0, head.indexOf('\r\n'))}`);
    return headEnd + 4;
  }

  /**
   * @param {number} first
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  onFrame(first, bytes, start, end) {
    if (first === FINAL_TEXT) {
      this.#events.onText(bytes, start, end);
    } else if (first === FINAL_PING) {
      this.#socket.write(clientFrame(Opcode.pong, bytes.subarray(start, end)));
    } else if (first === FINAL_CLOSE) {
      const code = end - start < 2 ? NO_CODE : bytes.readUInt16BE(start);
      if (this.#state === 'leaving') this.#socket.end();
      else this.fail(`closed by the server with ${code}`, code);
    } else {
      this.fail(`frame starting with 0x${first.toString(16)}`);
    }
  }

  #closed() {
    if (this.#state !== 'leaving') this.fail('connection closed by the server', NO_CLOSE_FRAME);
    this.#state = 'closed';
    this.#events.onClose();
  }
}

/** The request that opens a connection. @param {Server} server */
export function upgradeRequest({ host, port, path, application }) {
  return Buffer.from(
    `GET ${path}/app/${application.key}?protocol=7&client=js&version=8.6.0&flash=false HTTP/1.1\r\n` +
      `Host: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
}
