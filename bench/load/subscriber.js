// @ts-check
import net from 'node:net';
import { clientFrame, Opcode, readFrames } from './frames.js';

const FINAL_TEXT = 0x80 | Opcode.text;
const FINAL_PING = 0x80 | Opcode.ping;
const FINAL_CLOSE = 0x80 | Opcode.close;

/** Events carry at least 100 bytes of data; only shorter frames are looked at for a ping. */
const LONGEST_PING = 100;
const PONG = clientFrame(Opcode.text, JSON.stringify({ event: 'pusher:pong', data: {} }));
const CLOSE = clientFrame(Opcode.close, Buffer.from([0x03, 0xe8]));

/**
 * libuv fills it and we read it before the next socket is looked at, so all sockets share it:
 * no allocation per read. (Windows hands the memory out earlier, hence the check.)
 */
const SHARED = process.platform === 'win32' ? undefined : Buffer.allocUnsafe(64 * 1024);

/**
 * @typedef {object} SubscriberEvents
 * @property {(subscriber: Subscriber) => void} onReady the subscription succeeded
 * @property {(subscriber: Subscriber, bytes: Buffer, start: number, end: number) => void} onEvent
 * @property {(subscriber: Subscriber, problem: string) => void} onProblem
 * @property {(subscriber: Subscriber) => void} onClose
 */

/** One raw WebSocket connection with one subscription. */
export class Subscriber {
  /** @type {'connecting' | 'upgraded' | 'subscribing' | 'subscribed' | 'unsubscribed' | 'closing' | 'closed'} */
  state = 'connecting';
  /** Whether it counts among the members of its channel. */
  isMember = false;
  /** @type {Buffer | undefined} bytes of a frame not yet whole */
  #rest;
  #socket;
  #events;
  #subscribeFrame;

  /**
   * @param {number} index
   * @param {number} channel index of its channel
   * @param {{ host: string, port: number, localAddress?: string, upgrade: Buffer }} server
   * @param {Buffer} subscribeFrame
   * @param {SubscriberEvents} events
   */
  constructor(index, channel, server, subscribeFrame, events) {
    this.index = index;
    this.channel = channel;
    this.#events = events;
    this.#subscribeFrame = subscribeFrame;
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
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#closed());
  }

  /** @param {Buffer} frame */
  unsubscribe(frame) {
    this.state = 'unsubscribed';
    this.#socket.write(frame);
  }

  /** Says goodbye as a browser does, and lets the server end the connection. */
  disconnect() {
    this.state = 'closing';
    this.#socket.write(CLOSE);
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
    if (this.state === 'connecting') {
      const afterHead = this.#readUpgrade(bytes, end);
      bytes = bytes.subarray(afterHead, end);
      end = bytes.length;
    }
    const read = this.state === 'connecting' ? 0 : readFrames(bytes, end, this);
    if (read < 0) this.#fail('a frame that a server does not send');
    else if (read < end) this.#rest = Buffer.from(bytes.subarray(read, end));
    return true;
  }

  /** @param {Buffer} bytes @param {number} end */
  #readUpgrade(bytes, end) {
    const head = bytes.toString('latin1', 0, end);
    const headEnd = head.indexOf('\r\n\r\n');
    if (headEnd < 0) return 0;
    if (head.startsWith('HTTP/1.1 101')) this.state = 'upgraded';
    else this.#fail(`upgrade answered: ${head.slice(0, head.indexOf('\r\n'))}`);
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
      const isEvent = this.state === 'subscribed' && end - start > LONGEST_PING;
      if (isEvent) this.#events.onEvent(this, bytes, start, end);
      else this.#onControl(bytes.toString('utf8', start, end), bytes, start, end);
    } else if (first === FINAL_PING) {
      this.#socket.write(clientFrame(Opcode.pong, bytes.subarray(start, end)));
    } else if (first === FINAL_CLOSE) {
      if (this.state === 'closing') this.#socket.end();
      else this.#fail(`closed by the server with ${bytes.readUInt16BE(start)}`);
    } else {
      this.#fail(`frame starting with 0x${first.toString(16)}`);
    }
  }

  /**
   * Frames before the subscription stands and after it was given up, and pings.
   * @param {string} text
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #onControl(text, bytes, start, end) {
    if (this.state === 'upgraded' && text.includes('pusher:connection_established')) {
      this.state = 'subscribing';
      this.#socket.write(this.#subscribeFrame);
    } else if (this.state === 'subscribing' && text.includes('subscription_succeeded')) {
      this.state = 'subscribed';
      this.#events.onReady(this);
    } else if (text.includes('"pusher:ping"')) {
      this.#socket.write(PONG);
    } else if (this.state === 'unsubscribed') {
      this.#events.onEvent(this, bytes, start, end);
    } else if (this.state !== 'closing') {
      this.#fail(`unexpected ${text.slice(0, 200)}`);
    }
  }

  /** @param {string} problem */
  #fail(problem) {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#socket.destroy();
    this.#events.onProblem(this, problem);
  }

  #closed() {
    if (this.state !== 'closing') this.#fail('connection closed by the server');
    this.state = 'closed';
    this.#events.onClose(this);
  }
}
