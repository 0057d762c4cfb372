// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { isFrame } from './delivery-log.js';
import { dataOf, SequenceReader } from './messages.js';
import { Progress } from './progress.js';

/** One message in so many is parsed and compared whole; the others by number and length. */
const VERIFY_EVERY = 50;
/** Time for a duplicate, or a close, to show up after the last message. */
const AFTERMATH_MS = 150;

/** @typedef {import('./subscriber.js').Subscriber} Subscriber */

/**
 * @typedef {object} BacklogResult
 * @property {number} delivered
 * @property {number} lost messages missing between others, or at the end of a connection that stayed
 * @property {number} duplicated
 * @property {number} bad
 * @property {Record<number, number>} closes how many connections the server ended, by code
 */

/**
 * What those get who stopped reading and read on: all messages since then, in the order in which the
 * others got them, or the first of them, when the server has ended the connection.
 */
export class Backlog {
  #delivered = 0;
  #lost = 0;
  #duplicated = 0;
  #bad = 0;
  /** @type {Record<number, number>} */
  #closes = {};
  /** @type {Map<Subscriber, number>} how many of the messages each of them has had the chance to get */
  #next;
  /** @type {Map<number, number>} where each message stands in the order */
  #positions;
  #reader = new SequenceReader();
  #verifiedLength = -1;
  #progress = new Progress(() => `${this.#next.size} connections wait`);
  #phase;

  /**
   * @param {object} phase
   * @param {Subscriber[]} phase.stopped
   * @param {string} phase.event
   * @param {string} phase.channel
   * @param {number[]} phase.messages their numbers, in the order in which the others got them
   * @param {number} phase.size bytes of data
   */
  constructor(phase) {
    this.#phase = phase;
    this.#next = new Map(phase.stopped.map((subscriber) => [subscriber, 0]));
    this.#positions = new Map(phase.messages.map((message, position) => [message, position]));
  }

  /** @returns {Promise<BacklogResult>} */
  async run() {
    for (const subscriber of this.#next.keys()) subscriber.readOn();
    const count = this.#phase.messages.length;
    const isDone = () => [...this.#next.values()].every((next) => next >= count);
    await this.#progress.until(isDone, 'reading on').catch(() => {});
    await sleep(AFTERMATH_MS);
    for (const next of this.#next.values()) this.#lost += count - next;
    const [delivered, lost, duplicated] = [this.#delivered, this.#lost, this.#duplicated];
    return { delivered, lost, duplicated, bad: this.#bad, closes: this.#closes };
  }

  /**
   * @param {Subscriber} subscriber
   * @param {string} _channel
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  receive(subscriber, _channel, bytes, start, end) {
    const message = this.#reader.read(bytes, start, end);
    const position = this.#positions.get(message);
    const next = this.#next.get(subscriber);
    if (next === undefined || position === undefined) this.#bad++;
    else if (position < next) this.#duplicated++;
    else if (!this.#isGenuine(message, bytes, start, end)) this.#bad++;
    else {
      this.#delivered++;
      this.#lost += position - next;
      this.#next.set(subscriber, position + 1);
      this.#progress.happened();
    }
  }

  /** @param {Subscriber} subscriber @param {number} code */
  ended(subscriber, code) {
    if (!this.#next.delete(subscriber)) return;
    this.#closes[code] = (this.#closes[code] ?? 0) + 1;
    this.#progress.happened();
  }

  /**
   * @param {number} message
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #isGenuine(message, bytes, start, end) {
    const length = end - start;
    if (length === this.#verifiedLength && message % VERIFY_EVERY !== 0) return true;
    const { event, channel, size } = this.#phase;
    const text = bytes.toString('utf8', start, end);
    if (!isFrame(text, event, channel, dataOf(message, size))) return false;
    this.#verifiedLength = length;
    return true;
  }
}
