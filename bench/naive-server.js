// @ts-check
/**
 * The reference: what one writes in an afternoon with node:http and `ws`. Just enough of the
 * Pusher protocol to be measured; each subscriber gets its own `ws.send(string)`, nothing is
 * signed, checked or limited. Its figures say how fast this machine is today.
 *
 *     REVERB_SERVER_PORT=6001 node bench/naive-server.js
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** @typedef {import('ws').WebSocket} WebSocket */

/** @type {Map<string, Map<WebSocket, string>>} user ids by socket, empty where there are no users */
const subscribersByChannel = new Map();

const webSockets = new WebSocketServer({ noServer: true });
const server = createServer(answer);

server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, accept);
});
server.listen(Number(process.env.REVERB_SERVER_PORT), '127.0.0.1');

/** @param {WebSocket} socket */
function accept(socket) {
  /** @type {Set<string>} */
  const channels = new Set();
  const socketId = `${randomInt(1e9)}.${randomInt(1e9)}`;

  socket.on('message', (text) => receive(socket, channels, JSON.parse(String(text))));
  socket.on('close', () => {
    for (const channel of channels) unsubscribe(socket, channel);
  });
  socket.on('error', () => socket.terminate());
  send(socket, {
    event: 'pusher:connection_established',
    data: JSON.stringify({ socket_id: socketId, activity_timeout: 30 }),
  });
}

/**
 * @param {WebSocket} socket
 * @param {Set<string>} channels the ones this socket subscribed to
 * @param {{ event: string, channel?: string, data: any }} message
 */
function receive(socket, channels, { event, channel = '', data }) {
  if (event === 'pusher:ping') {
    send(socket, { event: 'pusher:pong', data: '{}' });
  } else if (event === 'pusher:subscribe') {
    channels.add(data.channel);
    subscribe(socket, data);
  } else if (event === 'pusher:unsubscribe') {
    channels.delete(data.channel);
    unsubscribe(socket, data.channel);
  } else if (event.startsWith('client-') && channels.has(channel)) {
    broadcast(channel, { event, channel, data }, socket);
  }
}

/**
 * @param {WebSocket} socket
 * @param {{ channel: string, channel_data?: string }} data
 */
function subscribe(socket, { channel, channel_data: channelData }) {
  const subscribers = subscribersByChannel.get(channel) ?? new Map();
  subscribersByChannel.set(channel, subscribers);
  const userId = channelData === undefined ? '' : String(JSON.parse(channelData).user_id);
  subscribers.set(socket, userId);
  send(socket, {
    event: 'pusher_internal:subscription_succeeded',
    channel,
    data: JSON.stringify(userId === '' ? {} : { presence: rosterOf(subscribers) }),
  });
  if (userId !== '') tellOfMember('added', socket, channel, userId);
}

/** @param {WebSocket} socket @param {string} channel */
function unsubscribe(socket, channel) {
  const subscribers = subscribersByChannel.get(channel);
  const userId = subscribers?.get(socket) ?? '';
  subscribers?.delete(socket);
  if (subscribers?.size === 0) subscribersByChannel.delete(channel);
  if (userId !== '') tellOfMember('removed', socket, channel, userId);
}

/** Here every connection is a member of its own. @param {Map<WebSocket, string>} subscribers */
function rosterOf(subscribers) {
  const ids = [...subscribers.values()];
  return { ids, hash: Object.fromEntries(ids.map((id) => [id, null])), count: ids.length };
}

/**
 * @param {'added' | 'removed'} change
 * @param {WebSocket} socket
 * @param {string} channel
 * @param {string} userId
 */
function tellOfMember(change, socket, channel, userId) {
  const data = JSON.stringify({ user_id: userId });
  broadcast(channel, { event: `pusher_internal:member_${change}`, channel, data }, socket);
}

/**
 * @param {string} channel
 * @param {object} frame
 * @param {WebSocket} [except]
 */
function broadcast(channel, frame, except) {
  const text = JSON.stringify(frame);
  for (const socket of subscribersByChannel.get(channel)?.keys() ?? []) {
    if (socket !== except) socket.send(text);
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function answer(request, response) {
  if (request.url === '/up') {
    reply(response, 200, { health: 'OK' });
    return;
  }
  if (request.method !== 'POST' || !request.url?.match(/^\/apps\/[^/]+\/events(\?|$)/)) {
    reply(response, 404, { error: 'Not found.' });
    return;
  }
  /** @type {Buffer[]} */
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    publish(JSON.parse(Buffer.concat(chunks).toString()));
    reply(response, 200, {});
  });
}

/** @param {{ name: string, data: string, channel?: string, channels?: string[] }} event */
function publish({ name, data, channel, channels = channel ? [channel] : [] }) {
  for (const to of channels) broadcast(to, { event: name, channel: to, data });
}

/** @param {WebSocket} socket @param {object} frame */
function send(socket, frame) {
  socket.send(JSON.stringify(frame));
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {object} body
 */
function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
