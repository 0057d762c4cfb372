// @ts-check
import { createHmac } from 'node:crypto';
import { clientFrame, Opcode } from './frames.js';

/** @typedef {import('./publisher.js').Application} Application */

/** @param {string} text of `pusher:connection_established` */
export function socketIdOf(text) {
  return /\\"socket_id\\":\\"([\d.]+)/.exec(text)?.[1] ?? '';
}

/**
 * The frame that subscribes to a private or presence channel.
 * @param {Application} application
 * @param {string} socketId
 * @param {string} channel
 * @param {string} [userId] who joins a presence channel
 * @returns {Buffer}
 */
export function authorizedSubscribe({ key, secret }, socketId, channel, userId) {
  const channelData = userId === undefined ? undefined : JSON.stringify({ user_id: userId });
  const signed = [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
  const signature = createHmac('sha256', secret).update(signed).digest('hex');
  const data = { channel, auth: `${key}:${signature}`, channel_data: channelData };
  return clientFrame(Opcode.text, JSON.stringify({ event: 'pusher:subscribe', data }));
}
