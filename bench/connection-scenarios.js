// @ts-check
/** What is measured of connections that come, stay and go. */
import { cost, grouped } from './figure.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./benchmark.js').Run} Run */
/** @typedef {import('./sizes.js').Sizes['warmUp']} WarmUp */

const DATA_BYTES = 256;
const CHECKED_CHANNELS = 20;
const ALL = { from: 0, to: 10 };
/** Last digits of those that unsubscribe, and of those that disconnect: 30 % each. */
const UNSUBSCRIBING = { from: 0, to: 3 };
const DISCONNECTING = { from: 3, to: 6 };
const SMALL_CHANNEL = 10;
/** Make the server load what it loads once. */
const FIRST_CONNECTIONS = 100;

/**
 * All on one channel, and each on its own.
 * @param {number} count
 * @param {WarmUp} warmUp
 * @returns {Run[]}
 */
export function connectRuns(count, warmUp) {
  return [
    connectRun(count, count, warmUp, 'all on one channel'),
    connectRun(count, 1, warmUp, 'each on its own channel'),
  ];
}

/**
 * Of small channels, and of a large one.
 * @param {number} count
 * @param {WarmUp} warmUp
 * @returns {Run[]}
 */
export function leaveRuns(count, warmUp) {
  return [leaveRun(count, SMALL_CHANNEL, warmUp), leaveRun(count, count, warmUp)];
}

/**
 * Figures that are one best figure over another.
 * @param {{ leave: number }} sizes
 * @returns {import('./figure.js').Derived[]}
 */
export function leaveRatios({ leave }) {
  const group = leaveGroup(leave);
  return ['unsubscribe', 'disconnect'].map((act) => ({
    group,
    label: `${act}: ${grouped(leave)} members ÷ ${SMALL_CHANNEL} members (flat is 1)`,
    dividend: group + leaveLabel(act, leave),
    divisor: group + leaveLabel(act, SMALL_CHANNEL),
  }));
}

/**
 * @param {number} count
 * @param {number} membersPerChannel
 * @param {WarmUp} warmUp
 * @param {string} where
 * @returns {Run}
 */
function connectRun(count, membersPerChannel, warmUp, where) {
  const group = `Connect and subscribe ${grouped(count)}, ${where}`;
  const headline = membersPerChannel > 1 ? `Connect and subscribe, ${grouped(count)}` : undefined;
  const play = async (/** @type {Stage} */ stage) => {
    await warmUpConnections(stage, warmUp, count, membersPerChannel);
    const { result, cpuMicros } = await stage.measure(() =>
      stage.open({ count, membersPerChannel }),
    );
    await checkDelivery(stage, Math.ceil(count / membersPerChannel));
    return [cost(group, 'server CPU per connection', 'µs', cpuMicros / result.ready, headline)];
  };
  return { title: group, play };
}

/**
 * Without the usual warm-up, whose garbage would weigh on one side of the difference.
 * @param {number} count
 * @returns {Run}
 */
export function memoryRun(count) {
  const group = `Memory, ${grouped(count)} connections on one channel`;
  const play = async (/** @type {Stage} */ stage) => {
    await stage.open({ count: FIRST_CONNECTIONS, membersPerChannel: FIRST_CONNECTIONS });
    await stage.load.disconnect(ALL);
    await stage.rest();
    const before = stage.memory();
    const { result } = await stage.open({ count, membersPerChannel: count });
    await stage.rest();
    const grown = stage.memory() - before;
    await checkDelivery(stage, 1);
    return [cost(group, 'RSS per connection', 'KB', grown / result.ready, 'Memory per connection')];
  };
  return { title: group, isForFreshServer: true, play };
}

/**
 * As many connections in both, only grouped otherwise: what differs is the size of the channel.
 * @param {number} count
 * @param {number} membersPerChannel
 * @param {WarmUp} warmUp
 * @returns {Run}
 */
function leaveRun(count, membersPerChannel, warmUp) {
  const group = leaveGroup(count);
  const channels = Math.ceil(count / membersPerChannel);
  const play = async (/** @type {Stage} */ stage) => {
    await warmUpConnections(stage, warmUp, count, membersPerChannel);
    await stage.open({ count, membersPerChannel });
    const unsubscribe = await stage.measure(() => stage.load.unsubscribe(UNSUBSCRIBING));
    await checkDelivery(stage, channels);
    const disconnect = await stage.measure(() => stage.load.disconnect(DISCONNECTING));
    await checkDelivery(stage, channels);
    return Object.entries({ unsubscribe, disconnect }).map(([act, { result, cpuMicros }]) =>
      cost(group, leaveLabel(act, membersPerChannel), 'µs', cpuMicros / result.count),
    );
  };
  return { title: `${group}, ${grouped(membersPerChannel)} members a channel`, play };
}

/**
 * Everything a few times, so that compiled code is what gets measured.
 * @param {Stage} stage
 * @param {WarmUp} warmUp
 * @param {number} most connections
 * @param {number} membersPerChannel
 */
async function warmUpConnections(stage, { connections, cycles }, most, membersPerChannel) {
  const count = Math.min(connections, most);
  for (let cycle = 0; cycle < cycles; cycle++) {
    await stage.open({ count, membersPerChannel: Math.min(count, membersPerChannel) });
    await stage.load.unsubscribe(UNSUBSCRIBING);
    await stage.load.disconnect(ALL);
  }
}

/**
 * Those subscribed get what is published to their channel, and nobody else does.
 * @param {Stage} stage
 * @param {number} channels
 */
async function checkDelivery(stage, channels) {
  const messages = Math.min(channels, CHECKED_CHANNELS);
  await stage.publish({ messages, inFlight: 8, size: DATA_BYTES, to: 'spread' });
}

/** @param {number} count */
function leaveGroup(count) {
  return `Leave, ${grouped(count)} connections`;
}

/** @param {string} act @param {number} members */
function leaveLabel(act, members) {
  return `${act}: server CPU each, channels of ${grouped(members)}`;
}
