// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, isScalingUp } from './api.js';

/** @typedef {import('./stage.js').Stage} Stage */

const POLL_MS = 20;
const GIVE_UP_MS = 30_000;

/**
 * @typedef {object} Expectation what the last node should say
 * @property {number} connections
 * @property {string} prefix of the channels that are not presence channels
 * @property {number} channels of those
 * @property {{ name: string, subscriptions: number, users: number }[]} samples
 */

/**
 * What is so after `occupy`.
 * @param {Stage} stage
 * @param {{ sockets: number, channelsEach: number, membersPerRoom: number }} layout
 * @returns {Expectation}
 */
export function expectationOf({ prefix }, { sockets, channelsEach, membersPerRoom }) {
  const rooms = Math.ceil(sockets / membersPerRoom);
  const members = 1 + Math.min(sockets, membersPerRoom);
  return {
    connections: sockets + rooms,
    prefix: `${prefix}-`,
    channels: sockets * (channelsEach - 1),
    samples: [
      { name: `${prefix}-0-1`, subscriptions: 1, users: 0 },
      { name: `${prefix}-${sockets - 1}-${channelsEach - 1}`, subscriptions: 1, users: 0 },
      { name: `presence-${prefix}-0`, subscriptions: members, users: members },
      { name: `presence-${prefix}-${rooms - 1}`, subscriptions: members, users: members },
    ],
  };
}

/**
 * Waits until all nodes are ready and the last one answers right, and goes on to do so.
 * @param {Stage} stage
 * @param {Expectation} expected
 * @param {number} settledMs what has been right for that long stays right
 * @returns {Promise<{ rightAt: number, slowestMs: number }>} since when, and the longest wait for
 *   the answers to one round of questions
 */
export async function untilRight(stage, expected, settledMs) {
  const startedAt = performance.now();
  /** @type {number | undefined} */
  let rightAt;
  let slowestMs = 0;
  for (;;) {
    const askedAt = performance.now();
    const isRight =
      rightAt === undefined
        ? await isEverythingRight(stage, expected)
        : await isSampleRight(stage, expected);
    const now = performance.now();
    slowestMs = Math.max(slowestMs, now - askedAt);
    rightAt = isRight ? (rightAt ?? now) : undefined;
    if (rightAt !== undefined && now - rightAt > settledMs) return { rightAt, slowestMs };
    if (now - startedAt > GIVE_UP_MS) throw new Error('the nodes did not agree again');
    await sleep(POLL_MS);
  }
}

/**
 * @param {Stage} stage
 * @param {Expectation} expected
 */
async function isEverythingRight(stage, expected) {
  if (!(await isSampleRight(stage, expected))) return false;
  const node = lastNode(stage);
  const answer = await ask(node, '/channels', { filter_by_prefix: expected.prefix });
  if (!answer || answer.isPartial) return false;
  return Object.keys(answer.body.channels).length === expected.channels;
}

/**
 * @param {Stage} stage
 * @param {Expectation} expected
 */
async function isSampleRight(stage, { connections, samples }) {
  const node = lastNode(stage);
  const checks = await Promise.all([
    ...stage.server.nodes.map(isScalingUp),
    ask(node, '/connections').then((answer) => isWhole(answer, { connections })),
    ...samples.map(async ({ name, subscriptions, users }) => {
      /** @type {Record<string, number>} */
      const counts = users > 0 ? { user_count: users } : {};
      const info = Object.keys({ ...counts, subscription_count: 0 }).join(',');
      const answer = await ask(node, `/channels/${name}`, { info });
      return isWhole(answer, { ...counts, subscription_count: subscriptions });
    }),
  ]);
  return checks.every(Boolean);
}

/**
 * @param {Awaited<ReturnType<typeof ask>>} answer
 * @param {Record<string, number>} numbers
 */
function isWhole(answer, numbers) {
  if (answer === undefined || answer.isPartial) return false;
  return Object.entries(numbers).every(([name, number]) => answer.body[name] === number);
}

/** @param {Stage} stage */
function lastNode({ server }) {
  return /** @type {import('./api.js').Server} */ (server.nodes.at(-1));
}
