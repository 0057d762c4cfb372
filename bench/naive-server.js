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

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const subscribersByChannel = new Map();

const webSockets = new WebSocketServer({ noServer: true });
const server = createServer(answer);

server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, accept);
});
server.listen(Number(process.env.REVERB_SERVER_PORT), '127.0.0.1');

/** @param {import('ws').WebSocket} socket */
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
 * @param {import('ws').WebSocket} socket
 * @param {Set<string>} channels the ones this socket subscribed to
 * @param {{ event: string, data: { channel: string } }} message
 */
function receive(socket, channels, message) {
  const channel = message.data?.channel;
  if (message.event === 'pusher:ping') {
    send(socket, { event: 'pusher:pong', data: '{}' });
  } else if (message.event === 'pusher:subscribe') {
    channels.add(channel);
    subscribe(socket, channel);
    send(socket, { event: 'pusher_internal:subscription_succeeded', channel, data: '{}' });
  } else if (message.event === 'pusher:unsubscribe') {
    channels.delete(channel);
    unsubscribe(socket, channel);
  }
}

/**
 * @param {import('ws').WebSocket} socket
 * @param {string} channel
 */
function subscribe(socket, channel) {
  const subscribers = subscribersByChannel.get(channel);
  if (subscribers) subscribers.add(socket);
  else subscribersByChannel.set(channel, new Set([socket]));
}

/**
 * @param {import('ws').WebSocket} socket
 * @param {string} channel
 */
function unsubscribe(socket, channel) {
  const subscribers = subscribersByChannel.get(channel);
  subscribers?.delete(socket);
  if (subscribers?.size === 0) subscribersByChannel.delete(channel);
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
  for (const to of channels) {
    const text = JSON.stringify({ event: name, channel: to, data });
    for (const socket of subscribersByChannel.get(to) ?? []) socket.send(text);
  }
}

/**
 * @param {import('ws').WebSocket} socket
 * @param {object} frame
 */
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
