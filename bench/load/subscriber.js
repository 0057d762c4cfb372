// @ts-check
import { socketIdOf } from './authorization.js';
import { RawConnection } from './raw-connection.js';

/** Events carry at least 100 bytes of data; only shorter frames are looked at for a ping. */
const LONGEST_PING = 100;

/**
 * @typedef {object} SubscriberEvents
 * @property {(subscriber: Subscriber) => void} onReady the subscription succeeded
 * @property {(subscriber: Subscriber, bytes: Buffer, start: number, end: number) => void} onEvent
 * @property {(subscriber: Subscriber, problem: string, code?: number) => void} onProblem
 * @property {(subscriber: Subscriber) => void} onClose
 */

/** One raw WebSocket connection with one subscription. */
export class Subscriber {
  /** @type {'connecting' | 'subscribing' | 'subscribed' | 'unsubscribed' | 'closing' | 'closed'} */
  state = 'connecting';
  /** Whether it counts among the members of its channel. */
  isMember = false;
  /** Whether it has ever stopped reading; the server may then close it. */
  hasStopped = false;
  #connection;
  #events;
  #subscribeFrame;

  /**
   * @param {number} index
   * @param {number} channel index of its channel
   * @param {{ host: string, port: number, localAddress?: string, upgrade: Buffer }} server
   * @param {(socketId: string) => Buffer} subscribeFrame
   * @param {SubscriberEvents} events
   */
  constructor(index, channel, server, subscribeFrame, events) {
    this.index = index;
    this.channel = channel;
    this.#events = events;
    this.#subscribeFrame = subscribeFrame;
    this.#connection = new RawConnection(server, this);
  }

  /** @param {Buffer} frame */
  send(frame) {
    this.#connection.write(frame);
  }

  stopReading() {
    this.hasStopped = true;
    this.#connection.stopReading();
  }

  readOn() {
    this.#connection.readOn();
  }

  /** @param {Buffer} frame */
  unsubscribe(frame) {
    this.state = 'unsubscribed';
    this.#connection.write(frame);
  }

  /** Says goodbye as a browser does, and lets the server end the connection. */
  disconnect() {
    this.state = 'closing';
    this.#connection.disconnect();
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  onText(bytes, start, end) {
    const isEvent = this.state === 'subscribed' && end - start > LONGEST_PING;
    if (isEvent) this.#events.onEvent(this, bytes, start, end);
    else this.#onControl(bytes.toString('utf8', start, end), bytes, start, end);
  }

  /** @param {string} problem @param {number} [code] of the server */
  onProblem(problem, code) {
    this.state = 'closed';
    this.#events.onProblem(this, problem, code);
  }

  onClose() {
    this.state = 'closed';
    this.#events.onClose(this);
  }

  /**
   * Frames before the subscription stands and after it was given up, and pings.
   * @param {string} text
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #onControl(text, bytes, start, end) {
    if (this.state === 'connecting' && text.includes('pusher:connection_established')) {
      this.state = 'subscribing';
      this.#connection.write(this.#subscribeFrame(socketIdOf(text)));
    } else if (this.state === 'subscribing' && text.includes('subscription_succeeded')) {
      this.state = 'subscribed';
      this.#events.onReady(this);
    } else if (text.includes('"pusher:ping"')) {
      this.#connection.answerPing();
    } else if (this.state === 'unsubscribed') {
      this.#events.onEvent(this, bytes, start, end);
    } else if (this.state !== 'closing') {
      this.#connection.fail(`unexpected ${text.slice(0, 200)}`);
    }
  }
}
