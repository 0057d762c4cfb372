// @ts-check
import { clientFrame, Opcode } from './frames.js';

/**
 * @typedef {object} Route how messages get to the server
 * @property {string} event name of the event
 * @property {boolean} isReady whether one more can be sent now
 * @property {boolean} isAnswered whether the server says that it has got one
 * @property {(message: number) => number} exceptOf index of the subscriber that must not get it, or -1
 * @property {(message: number, channel: string, data: string, onAnswer: OnAnswer) => void} send
 */

/** @typedef {import('./publisher.js').OnAnswer} OnAnswer */

/**
 * Published over the HTTP API.
 * @param {import('./publisher.js').Publisher} publisher
 * @returns {Route}
 */
export function publishRoute(publisher) {
  const event = 'bench-event';
  return {
    event,
    get isReady() {
      return publisher.isReady;
    },
    isAnswered: true,
    exceptOf: () => -1,
    send: (_message, channel, data, onAnswer) =>
      publisher.publish(JSON.stringify({ name: event, channels: [channel], data }), onAnswer),
  };
}

/**
 * Sent by a member of the channel to the others.
 * @param {(message: number) => import('./subscriber.js').Subscriber} senderOf
 * @returns {Route}
 */
export function clientEventRoute(senderOf) {
  const event = 'client-bench-event';
  return {
    event,
    isReady: true,
    isAnswered: false,
    exceptOf: (message) => senderOf(message).index,
    send: (message, channel, data) =>
      senderOf(message).send(clientFrame(Opcode.text, JSON.stringify({ event, channel, data }))),
  };
}
