// @ts-check
import { authorizedSubscribe } from './authorization.js';
import { clientFrame, Opcode } from './frames.js';
import { upgradeRequest } from './raw-connection.js';
import { sourceAddress } from './source-address.js';
import { Subscriber } from './subscriber.js';

const CONNECTING_AT_ONCE = 50;
/** Connecting, or disconnecting, has failed when nothing happened for this long. */
const GIVE_UP_MS = 10_000;
const PRIVATE_PREFIX = 'private-';

/** @typedef {import('./raw-connection.js').Server} Server */

/** The connections of one run, in channels of equal size. */
export class SubscriberPool {
  /** @type {Subscriber[]} */
  subscribers = [];
  /** @type {string[]} name of each channel */
  channels = [];
  /** @type {number[]} how many are subscribed to each channel */
  members = [];
  /** Connections that failed, were ended by the server or got what they should not. */
  problems = 0;
  /** @type {string | undefined} */
  firstProblem;
  /** @type {Set<Subscriber>} those that connect, or wait for their end */
  #waiting = new Set();
  /** @type {() => void} */
  #onSettled = () => {};
  /** @type {(subscriber: Subscriber, code: number) => void} the server has ended one that had stopped */
  onStoppedEnd = () => {};
  #server;
  #events;

  /**
   * @param {Server} server
   * @param {import('./subscriber.js').SubscriberEvents['onEvent']} onEvent
   */
  constructor(server, onEvent) {
    this.#server = { ...server, upgrade: upgradeRequest(server) };
    this.#events = {
      onEvent,
      onReady: (/** @type {Subscriber} */ subscriber) => {
        this.#count(subscriber, true);
        this.#settle(subscriber);
      },
      onProblem: (
        /** @type {Subscriber} */ subscriber,
        /** @type {string} */ problem,
        /** @type {number | undefined} */ code,
      ) => {
        if (subscriber.hasStopped && code !== undefined) this.onStoppedEnd(subscriber, code);
        else this.report(problem);
      },
      onClose: (/** @type {Subscriber} */ subscriber) => {
        this.#count(subscriber, false);
        this.#settle(subscriber);
      },
    };
  }

  /**
   * Connects and subscribes; resolves when every connection is ready or has failed.
   * @param {number} count
   * @param {number} membersPerChannel
   * @param {string} prefix of the channel names, which tells whether they are private
   * @returns {Promise<number>} how many are ready
   */
  async open(count, membersPerChannel, prefix) {
    const channels = Math.ceil(count / membersPerChannel);
    this.subscribers = [];
    this.members = Array.from({ length: channels }, () => 0);
    // All names are equally long, so that all frames of a phase are.
    this.channels = this.members.map((_, i) => `${prefix}-${String(i).padStart(5, '0')}`);
    const frameOf = prefix.startsWith(PRIVATE_PREFIX)
      ? this.#authorizedFrames()
      : this.#publicFrames();
    await this.#settled(() => {
      while (this.subscribers.length < count && this.#waiting.size < CONNECTING_AT_ONCE) {
        const channel = Math.floor(this.subscribers.length / membersPerChannel);
        this.#connect(channel, frameOf(channel));
      }
    });
    return this.members.reduce((sum, members) => sum + members, 0);
  }

  /**
   * Gives up the subscription of those whose index ends in a digit from `from` to below `to`.
   * Nobody answers that, so this returns before the server has done it.
   * @param {number} from
   * @param {number} to
   * @returns {number} how many
   */
  unsubscribe(from, to) {
    const frames = this.#frames('pusher:unsubscribe');
    const leaving = this.#byLastDigit(from, to).filter(({ state }) => state === 'subscribed');
    for (const subscriber of leaving) {
      this.#count(subscriber, false);
      subscriber.unsubscribe(/** @type {Buffer} */ (frames[subscriber.channel]));
    }
    return leaving.length;
  }

  /**
   * Closes those whose index ends in a digit from `from` to below `to`, and waits for the end.
   * @param {number} from
   * @param {number} to
   * @returns {Promise<number>} how many
   */
  async disconnect(from, to) {
    const leaving = this.#byLastDigit(from, to).filter(({ state }) => state !== 'closed');
    for (const subscriber of leaving) {
      this.#waiting.add(subscriber);
      this.#count(subscriber, false);
      subscriber.disconnect();
    }
    await this.#settled(() => {});
    return leaving.length;
  }

  /**
   * Further subscribers of the first channel, which read nothing any more once they are subscribed. They
   * do not count as members: what they get is not waited for.
   * @param {number} count
   * @returns {Promise<Subscriber[]>} those that could be connected
   */
  async openStopping(count) {
    const first = this.subscribers.length;
    const frame = this.#publicFrames()(0);
    await this.#settled(() => {
      while (this.subscribers.length < first + count && this.#waiting.size < CONNECTING_AT_ONCE) {
        this.#connect(0, frame);
      }
    });
    const stopping = this.subscribers.slice(first).filter(({ state }) => state === 'subscribed');
    for (const subscriber of stopping) {
      this.#count(subscriber, false);
      subscriber.stopReading();
    }
    return stopping;
  }

  /** @param {string} problem */
  report(problem) {
    this.problems++;
    this.firstProblem ??= problem;
  }

  /** @param {number} channel @param {(socketId: string) => Buffer} frame */
  #connect(channel, frame) {
    const index = this.subscribers.length;
    const server = { ...this.#server, localAddress: sourceAddress(index, this.#server.host) };
    const subscriber = new Subscriber(index, channel, server, frame, this.#events);
    this.subscribers.push(subscriber);
    this.#waiting.add(subscriber);
  }

  /**
   * Resolves when nobody waits any more; those that still do after a while are reported.
   * @param {() => void} proceed starts those whose turn it is
   */
  async #settled(proceed) {
    let progressAt = performance.now();
    /** @type {NodeJS.Timeout | undefined} */
    let watch;
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        watch = setInterval(() => {
          if (performance.now() - progressAt > GIVE_UP_MS) resolve();
        }, 500);
        this.#onSettled = () => {
          progressAt = performance.now();
          proceed();
          if (this.#waiting.size === 0) resolve();
        };
        this.#onSettled();
      })
    );
    clearInterval(watch);
    this.#onSettled = () => {};
    for (const { state } of this.#waiting) this.report(`a connection got stuck while ${state}`);
    this.#waiting.clear();
  }

  /** @param {Subscriber} subscriber */
  #settle(subscriber) {
    if (this.#waiting.delete(subscriber)) this.#onSettled();
  }

  /** @param {Subscriber} subscriber @param {boolean} isMember from now on */
  #count(subscriber, isMember) {
    if (subscriber.isMember === isMember) return;
    subscriber.isMember = isMember;
    const members = this.members[subscriber.channel] ?? 0;
    this.members[subscriber.channel] = members + (isMember ? 1 : -1);
  }

  /** @param {number} from @param {number} to */
  #byLastDigit(from, to) {
    return this.subscribers.filter(({ index }) => index % 10 >= from && index % 10 < to);
  }

  /** Built once for all. @returns {(channel: number) => () => Buffer} */
  #publicFrames() {
    const frames = this.#frames('pusher:subscribe').map((frame) => () => frame);
    return (channel) => /** @type {() => Buffer} */ (frames[channel]);
  }

  /** @returns {(channel: number) => (socketId: string) => Buffer} */
  #authorizedFrames() {
    const { application } = this.#server;
    return (channel) => (socketId) =>
      authorizedSubscribe(application, socketId, this.channels[channel] ?? '');
  }

  /** @param {string} event */
  #frames(event) {
    return this.channels.map((channel) =>
      clientFrame(Opcode.text, JSON.stringify({ event, data: { channel } })),
    );
  }
}
