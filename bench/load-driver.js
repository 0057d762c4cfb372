// @ts-check
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { adopt, end } from './children.js';

const LOAD_CLIENT = fileURLToPath(new URL('./load-client.js', import.meta.url));
/** The load client gives up by itself much earlier, unless it is stuck. */
const COMMAND_TIMEOUT_MS = 120_000;

/**
 * @template Result
 * @typedef {{ result: Result, clientMicros: number }} Answer with the CPU the load client used
 */

/** The load client, seen from the benchmark: one order at a time. */
export class LoadDriver {
  #child;

  /**
   * @param {import('./load/raw-connection.js').Server[]} nodes
   * @param {string} prefix of all channel names
   */
  constructor(nodes, prefix) {
    this.#child = adopt(fork(LOAD_CLIENT, [JSON.stringify({ nodes, prefix })]));
  }

  /**
   * @param {{ count: number, membersPerChannel: number, isPrivate?: boolean }} order
   * @returns {Promise<Answer<{ ready: number }>>}
   */
  open(order) {
    return this.#send('open', order);
  }

  /**
   * @param {import('./load-client.js').PublishOrder} order
   * @returns {Promise<Answer<import('./load/publish-phase.js').PublishResult>>}
   */
  publish(order) {
    return this.#send('publish', order);
  }

  /**
   * @param {{ messages: number, inFlight: number, size: number }} order
   * @returns {Promise<Answer<import('./load/publish-phase.js').PublishResult>>}
   */
  converse(order) {
    return this.#send('converse', order);
  }

  /**
   * @param {{ count: number }} order
   * @returns {Promise<Answer<{ count: number }>>}
   */
  openStopping(order) {
    return this.#send('openStopping', order);
  }

  /**
   * @param {{ size: number }} order
   * @returns {Promise<Answer<import('./load/backlog.js').BacklogResult>>}
   */
  readOn(order) {
    return this.#send('readOn', order);
  }

  /**
   * @param {{ channel: string, members: number, visitors: number }} order
   * @returns {Promise<Answer<{ members: number }>>}
   */
  openRoom(order) {
    return this.#send('openRoom', order);
  }

  /**
   * @param {'enter' | 'exit'} direction
   * @returns {Promise<Answer<import('./load/room.js').PassageResult>>}
   */
  pass(direction) {
    return this.#send(direction, {});
  }

  /**
   * @param {import('./load-client.js').LastDigits} lastDigits
   * @returns {Promise<Answer<{ count: number }>>}
   */
  unsubscribe(lastDigits) {
    return this.#send('unsubscribe', lastDigits);
  }

  /**
   * @param {import('./load-client.js').LastDigits} lastDigits
   * @returns {Promise<Answer<{ count: number }>>}
   */
  disconnect(lastDigits) {
    return this.#send('disconnect', lastDigits);
  }

  /**
   * @param {{ channel: string, members: number, others: number }} order
   * @returns {Promise<Answer<{ members: number }>>}
   */
  gather(order) {
    return this.#send('gather', order);
  }

  /**
   * @param {{ channel: string, times: number, who: 'newcomer' | 'member' }} order
   * @returns {Promise<Answer<import('./load/crowd.js').JoinResult>>}
   */
  join(order) {
    return this.#send('join', order);
  }

  /**
   * @param {{ sockets: number, channelsEach: number, membersPerRoom: number }} order
   * @returns {Promise<Answer<{ rooms: number }>>}
   */
  occupy(order) {
    return this.#send('occupy', order);
  }

  /** @returns {Promise<Answer<{ frames: number }>>} since it was asked last */
  memberFrames() {
    return this.#send('memberFrames', {});
  }

  /** @returns {Promise<Answer<{ count: number, first?: string }>>} */
  problems() {
    return this.#send('problems', {});
  }

  end() {
    return end(this.#child);
  }

  /**
   * @param {string} command
   * @param {object} order
   * @returns {Promise<any>}
   */
  #send(command, order) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the load client did not finish "${command}"`)),
        COMMAND_TIMEOUT_MS,
      );
      /** @param {number | null} code */
      const onExit = (code) => reject(new Error(`the load client ended with code ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (/** @type {any} */ answer) => {
        clearTimeout(timer);
        this.#child.off('exit', onExit);
        if (answer.error) reject(new Error(answer.error));
        else resolve(answer);
      });
      this.#child.send({ command, order });
    });
  }
}
