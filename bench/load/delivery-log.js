// @ts-check
import { dataOf, SequenceReader } from './messages.js';

/** One delivery in so many is parsed and compared whole; the others by number and length. */
const VERIFY_EVERY = 50;

/** @typedef {'delivered' | 'duplicated' | 'bad'} Verdict */

/**
 * Who got which message of one publishing phase, exactly: one bit per subscriber and message.
 * Called for every delivery, so it allocates nothing there.
 */
export class DeliveryLog {
  delivered = 0;
  lost = 0;
  duplicated = 0;
  bad = 0;
  /** @type {number[]} the numbers of all messages in the order in which one of the subscribers got them */
  witnessed = [];
  #witness = -1;
  #reader = new SequenceReader();
  #verifiedLength = -1;
  #first;
  #size;
  #messages;
  #seen;
  #order;
  #latencies;
  #event;
  #channels;
  #excepted;
  #receiversMissing;
  #sentAt;

  /**
   * @param {object} phase
   * @param {string} phase.event name of all events
   * @param {number} phase.first sequence number of the first message
   * @param {number} phase.messages
   * @param {number} phase.size bytes of data
   * @param {number} phase.subscribers
   * @param {number} phase.expected deliveries of all messages together
   */
  constructor({ event, first, messages, size, subscribers, expected }) {
    this.#event = event;
    this.#first = first;
    this.#size = size;
    this.#messages = messages;
    this.#seen = new Uint8Array(Math.ceil((subscribers * messages) / 8));
    this.#order = new Int32Array(subscribers);
    this.#latencies = new Float32Array(expected);
    this.#channels = Array.from({ length: messages }, () => '');
    this.#excepted = new Int32Array(messages).fill(-1);
    this.#receiversMissing = new Int32Array(messages);
    this.#sentAt = new Float64Array(messages);
  }

  /**
   * @param {number} message index within the phase
   * @param {string} channel
   * @param {number} receivers
   * @param {number} excepted index of the subscriber that must not get it, or -1
   */
  sending(message, channel, receivers, excepted) {
    this.#channels[message] = channel;
    this.#excepted[message] = excepted;
    this.#receiversMissing[message] = receivers;
    this.#sentAt[message] = performance.now();
  }

  /**
   * @param {number} subscriber index
   * @param {string} channel the one it is subscribed to; empty when to none
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   * @returns {number} the message that has now reached everybody, or -1
   */
  receive(subscriber, channel, bytes, start, end) {
    const message = this.#reader.read(bytes, start, end) - this.#first;
    const verdict = this.#judge(message, subscriber, channel, bytes, start, end);
    this[verdict]++;
    if (verdict !== 'delivered') return -1;

    if (this.#witness < 0) this.#witness = subscriber;
    if (this.#witness === subscriber) this.witnessed.push(this.#first + message);
    const sentAt = this.#sentAt[message] ?? 0;
    this.#latencies[this.delivered - 1] = performance.now() - sentAt;
    this.#order[subscriber] = (Math.imul(this.#order[subscriber] ?? 0, 31) + message + 1) | 0;
    const missing = (this.#receiversMissing[message] ?? 0) - 1;
    this.#receiversMissing[message] = missing;
    return missing === 0 ? message : -1;
  }

  /**
   * @param {number} message
   * @param {number} subscriber
   * @param {string} channel
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   * @returns {Verdict}
   */
  #judge(message, subscriber, channel, bytes, start, end) {
    if (message >= this.#messages) return 'bad';
    // A message of an earlier phase, all of which had arrived or been given up.
    if (message < 0) return message >= -this.#first ? 'duplicated' : 'bad';
    if (channel === '' || this.#channels[message] !== channel) return 'bad';
    if (this.#excepted[message] === subscriber) return 'bad';
    const bit = subscriber * this.#messages + message;
    const mask = 1 << (bit & 7);
    const seen = this.#seen[bit >> 3] ?? 0;
    if (seen & mask) return 'duplicated';
    const mustVerify = this.delivered % VERIFY_EVERY === 0 || end - start !== this.#verifiedLength;
    if (mustVerify && !this.#isGenuine(message, channel, bytes, start, end)) return 'bad';
    this.#seen[bit >> 3] = seen | mask;
    return 'delivered';
  }

  /**
   * @param {number} message
   * @param {string} channel
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  #isGenuine(message, channel, bytes, start, end) {
    const data = dataOf(this.#first + message, this.#size);
    const genuine = isFrame(bytes.toString('utf8', start, end), this.#event, channel, data);
    if (genuine) this.#verifiedLength = end - start;
    return genuine;
  }

  /** Counts what has not come by now as lost. */
  close() {
    for (const missing of this.#receiversMissing) this.lost += missing;
  }

  /**
   * How many subscribers saw the messages of one channel in another order than most others did.
   * Only meaningful when all messages went to one channel and nothing is lost.
   */
  countDisordered() {
    const receivers = this.#order.filter((order) => order !== 0);
    /** @type {Map<number, number>} */
    const votes = new Map();
    for (const order of receivers) votes.set(order, (votes.get(order) ?? 0) + 1);
    return receivers.length - Math.max(0, ...votes.values());
  }

  /** Milliseconds from publish to receipt. @returns {{ p50: number, p99: number }} */
  latency() {
    const sorted = this.#latencies.subarray(0, this.delivered).sort();
    /** @param {number} share */
    const at = (share) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

/**
 * Whether a frame is exactly what was published.
 * @param {string} text
 * @param {string} event
 * @param {string} channel
 * @param {string} data
 */
export function isFrame(text, event, channel, data) {
  try {
    const frame = JSON.parse(text);
    return frame.event === event && frame.channel === channel && frame.data === data;
  } catch {
    return false;
  }
}
