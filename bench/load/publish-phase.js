// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryLog } from './delivery-log.js';
import { dataOf } from './messages.js';

/** What has not arrived after this long without any arrival is lost. */
const GIVE_UP_MS = 5_000;
/** How often is looked whether the next publish is due. */
const PACE_STEP_MS = 1;
/** Time for a duplicate to show up after the last message. */
const AFTERMATH_MS = 150;

/**
 * @typedef {object} PublishResult
 * @property {number} published
 * @property {number} delivered
 * @property {number} lost
 * @property {number} duplicated
 * @property {number} bad
 * @property {number} disordered subscribers that saw another order than the rest
 * @property {number} seconds from the first publish until the last one was finished
 * @property {{ p50: number, p99: number }} latency milliseconds
 */

/**
 * One paced run of messages. One is finished when it was answered, if it is, and everybody has it;
 * never more than `inFlight` are unfinished, so no queue builds up that latency would then measure.
 * With `perSecond` they are also no denser than that.
 */
export class PublishPhase {
  #log;
  #next = 0;
  #finished = 0;
  #accepted = 0;
  #startedAt = 0;
  #progressAt = 0;
  /** @type {Uint8Array} what a message still waits for: its answer, its deliveries */
  #waits;
  /** @type {() => void} */
  #done = () => {};

  /**
   * @param {object} phase
   * @param {import('./routes.js').Route} phase.route
   * @param {number} phase.first sequence number
   * @param {number} phase.messages
   * @param {number} phase.inFlight
   * @param {number} [phase.perSecond]
   * @param {number} phase.size
   * @param {number} phase.subscribers
   * @param {(message: number) => { name: string, receivers: number }} phase.channelOf
   * @param {boolean} phase.isOneChannel whether that is always the same
   * @param {(problem: string) => void} phase.onProblem
   */
  constructor(phase) {
    this.phase = phase;
    this.#waits = new Uint8Array(phase.messages);
    let expected = 0;
    for (let i = 0; i < phase.messages; i++) expected += phase.channelOf(i).receivers;
    this.#log = new DeliveryLog({ ...phase, event: phase.route.event, expected });
  }

  /** The numbers of all messages in the order in which one of the subscribers got them. */
  get witnessed() {
    return this.#log.witnessed;
  }

  /** @returns {Promise<PublishResult>} */
  async run() {
    const done = new Promise((resolve) => (this.#done = () => resolve(undefined)));
    this.#startedAt = this.#progressAt = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - this.#progressAt > GIVE_UP_MS) this.#done();
    }, 250);
    const pace = this.phase.perSecond && setInterval(() => this.#fill(), PACE_STEP_MS);
    this.#fill();
    await done;
    clearInterval(watch);
    clearInterval(pace);
    // Nothing more is sent, also when giving up while answers still trickle in.
    this.#next = this.phase.messages;
    const unfinished = this.phase.messages - this.#finished;
    if (unfinished > 0) this.phase.onProblem(`${unfinished} publishes did not reach everybody`);
    const seconds = (this.#progressAt - this.#startedAt) / 1000;
    await sleep(AFTERMATH_MS);
    return this.#result(seconds);
  }

  /**
   * @param {import('./subscriber.js').Subscriber} subscriber
   * @param {string} channel empty when not subscribed
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   */
  receive(subscriber, channel, bytes, start, end) {
    const complete = this.#log.receive(subscriber.index, channel, bytes, start, end);
    if (complete >= 0) this.#happened(complete);
  }

  #fill() {
    const { messages, inFlight, route } = this.phase;
    const due = Math.min(messages, this.#countDue());
    while (this.#next < due && this.#next - this.#finished < inFlight && route.isReady) {
      this.#send(this.#next++);
    }
  }

  /** How many may have been sent by now. */
  #countDue() {
    const { perSecond } = this.phase;
    if (perSecond === undefined) return Infinity;
    return 1 + Math.floor(((performance.now() - this.#startedAt) * perSecond) / 1000);
  }

  /** @param {number} message */
  #send(message) {
    const { channelOf, first, size, route } = this.phase;
    const { name, receivers } = channelOf(message);
    this.#waits[message] = Number(route.isAnswered) + Number(receivers > 0);
    this.#log.sending(message, name, receivers, route.exceptOf(message));
    route.send(message, name, dataOf(first + message, size), (problem) => {
      if (problem === undefined) this.#accepted++;
      else this.phase.onProblem(problem);
      this.#happened(message);
    });
    if (!route.isAnswered) this.#accepted++;
  }

  /** @param {number} message was answered, or has reached everybody */
  #happened(message) {
    this.#progressAt = performance.now();
    const waits = (this.#waits[message] ?? 0) - 1;
    this.#waits[message] = waits;
    if (waits === 0) this.#finished++;
    if (this.#finished === this.phase.messages) this.#done();
    else this.#fill();
  }

  /** @param {number} seconds @returns {PublishResult} */
  #result(seconds) {
    const log = this.#log;
    log.close();
    const isWhole = log.lost + log.duplicated + log.bad === 0;
    return {
      published: this.#accepted,
      delivered: log.delivered,
      lost: log.lost,
      duplicated: log.duplicated,
      bad: log.bad,
      disordered: isWhole && this.phase.isOneChannel ? log.countDisordered() : 0,
      seconds,
      latency: log.latency(),
    };
  }
}
