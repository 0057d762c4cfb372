// @ts-check
import { execFileSync } from 'node:child_process';
import { grouped } from './figure.js';

/** @typedef {{ messages: number, warmUpMessages: number }} Messages */

/**
 * @typedef {object} Sizes
 * @property {{ subscribers: number } & Messages} fanOut
 * @property {{ subscribers: number } & Messages} many
 * @property {Messages} publish
 * @property {{ connections: number } & Messages} clientEvents
 * @property {{ members: number, visitors: number }} presence
 * @property {{ subscribers: number, messages: number, perSecond: number }} slow messages at least
 * @property {number[]} connect numbers of connections
 * @property {number} leave connections
 * @property {number} memory connections
 * @property {{ connections: number, cycles: number }} warmUp made and ended before measuring
 * @property {ScalingSizes} scaling
 */

/**
 * @typedef {object} ScalingSizes
 * @property {{ messages: number, seconds: number, perSecond: number[], receivers: number[] }} crossNode
 * @property {{ members: number[], joins: number }} presence
 * @property {{ subscriptions: number[], settledMs: number }} resync
 */

/** @typedef {'full' | 'quick' | 'smoke'} Scale */

/** @type {Record<Scale, Sizes>} */
const SIZES = {
  full: {
    fanOut: { subscribers: 1_000, messages: 200, warmUpMessages: 60 },
    many: { subscribers: 1_000, messages: 4_000, warmUpMessages: 2_000 },
    publish: { messages: 20_000, warmUpMessages: 8_000 },
    clientEvents: { connections: 200, messages: 6_000, warmUpMessages: 3_000 },
    presence: { members: 250, visitors: 50 },
    slow: { subscribers: 100, messages: 1_400, perSecond: 250 },
    connect: [1_000, 10_000],
    leave: 10_000,
    memory: 10_000,
    warmUp: { connections: 500, cycles: 6 },
    scaling: {
      crossNode: { messages: 4_000, seconds: 2, perSecond: [200, 1_000], receivers: [1, 100] },
      presence: { members: [10, 1_000, 10_000], joins: 60 },
      resync: { subscriptions: [1_000, 10_000], settledMs: 1_200 },
    },
  },
  quick: {
    fanOut: { subscribers: 200, messages: 60, warmUpMessages: 20 },
    many: { subscribers: 200, messages: 600, warmUpMessages: 300 },
    publish: { messages: 2_000, warmUpMessages: 1_000 },
    clientEvents: { connections: 100, messages: 1_000, warmUpMessages: 500 },
    presence: { members: 100, visitors: 15 },
    slow: { subscribers: 40, messages: 1_000, perSecond: 400 },
    connect: [300],
    leave: 300,
    memory: 500,
    warmUp: { connections: 100, cycles: 2 },
    scaling: {
      crossNode: { messages: 400, seconds: 0.5, perSecond: [200], receivers: [1, 100] },
      presence: { members: [10, 500], joins: 12 },
      resync: { subscriptions: [500], settledMs: 1_200 },
    },
  },
  smoke: {
    fanOut: { subscribers: 20, messages: 20, warmUpMessages: 5 },
    many: { subscribers: 40, messages: 40, warmUpMessages: 10 },
    publish: { messages: 100, warmUpMessages: 20 },
    clientEvents: { connections: 20, messages: 40, warmUpMessages: 10 },
    presence: { members: 10, visitors: 3 },
    slow: { subscribers: 10, messages: 800, perSecond: 1_000 },
    connect: [40],
    leave: 40,
    memory: 40,
    warmUp: { connections: 20, cycles: 1 },
    scaling: {
      crossNode: { messages: 40, seconds: 0.2, perSecond: [200], receivers: [1, 4] },
      presence: { members: [12], joins: 3 },
      resync: { subscriptions: [100], settledMs: 200 },
    },
  },
};

/** What a server and the load client need besides the connections. */
const SPARE_DESCRIPTORS = 200;
/** Where subscriptions are counted, there are so many to a connection. */
export const SUBSCRIPTIONS_EACH = 10;

/**
 * The sizes to measure with, cut down to the file descriptors a process may have.
 * @param {Scale} scale
 * @param {number} [limit] of descriptors
 * @returns {{ sizes: Sizes, remark: string | undefined }}
 */
export function sizesFor(scale, limit = descriptorLimit()) {
  const wanted = SIZES[scale];
  const most = Math.max(100, Math.floor((limit - SPARE_DESCRIPTORS) / 100) * 100);
  const { fanOut, many, clientEvents, presence, slow, connect, leave, memory, scaling } = wanted;
  const needed = Math.max(fanOut.subscribers, many.subscribers, leave, memory, ...connect);
  if (needed <= most) return { sizes: wanted, remark: undefined };
  const atMost = (/** @type {number} */ count, highest = most) => Math.min(count, highest);
  const sizes = {
    ...wanted,
    fanOut: { ...fanOut, subscribers: atMost(fanOut.subscribers) },
    many: { ...many, subscribers: atMost(many.subscribers) },
    clientEvents: { ...clientEvents, connections: atMost(clientEvents.connections) },
    presence: { ...presence, members: atMost(presence.members, most - presence.visitors) },
    slow: { ...slow, subscribers: atMost(slow.subscribers) },
    connect: distinct(connect.map((count) => atMost(count))),
    leave: atMost(leave),
    memory: atMost(memory),
    scaling: {
      ...scaling,
      resync: {
        ...scaling.resync,
        subscriptions: distinct(
          scaling.resync.subscriptions.map((count) => atMost(count, most * SUBSCRIPTIONS_EACH)),
        ),
      },
    },
  };
  const remark =
    `A process may open ${grouped(limit)} files here (ulimit -n), so there are at most ` +
    `${grouped(most)} connections instead of ${grouped(needed)}.`;
  return { sizes, remark };
}

/** @param {number[]} numbers */
function distinct(numbers) {
  return [...new Set(numbers)];
}

function descriptorLimit() {
  if (process.platform === 'win32') return Infinity;
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}
