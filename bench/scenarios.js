// @ts-check
/** What is measured of one server. Every run gets one that has just been started. */
import { cost, grouped } from './figure.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./options.js').Sizes} Sizes */

/** @typedef {import('./figure.js').Figure} Figure */

/**
 * @typedef {object} Run
 * @property {string} title
 * @property {(stage: Stage) => Promise<Figure[]>} play
 * @property {string[]} [targets] the only ones it is meant for
 * @property {number} [rounds] at most so many
 * @property {import('./targets.js').Needs} [needs]
 */

const DATA_BYTES = 256;
const CHECKED_CHANNELS = 20;
const ALL = { from: 0, to: 10 };
/** Last digits of those that unsubscribe, and of those that disconnect: 30 % each. */
const UNSUBSCRIBING = { from: 0, to: 3 };
const DISCONNECTING = { from: 3, to: 6 };
const SMALL_CHANNEL = 10;
const WARM_UP_CYCLES = 6;
/** Make the server load what it loads once. */
const FIRST_CONNECTIONS = 100;

/** @type {Record<string, (sizes: Sizes) => Run[]>} */
export const SCENARIOS = {
  fanout: ({ fanOut }) => [{ title: 'fan-out', play: (stage) => playFanOut(stage, fanOut) }],
  publish: ({ publish }) => [
    { title: 'publish to nobody', play: (stage) => playPublish(stage, publish) },
  ],
  connect: ({ connect, warmUp }) =>
    connect.flatMap((count) => [
      connectRun(count, count, warmUp, 'all on one channel'),
      connectRun(count, 1, warmUp, 'each on its own channel'),
    ]),
  leave: ({ leave, warmUp }) => [
    leaveRun(leave, SMALL_CHANNEL, warmUp),
    leaveRun(leave, leave, warmUp),
  ],
  memory: ({ memory }) => [memoryRun(memory)],
};

/**
 * Figures that are one best figure over another.
 * @param {Sizes} sizes
 * @returns {import('./figure.js').Derived[]}
 */
export function derivedFigures({ leave }) {
  const group = leaveGroup(leave);
  return ['unsubscribe', 'disconnect'].map((act) => ({
    group,
    label: `${act}: ${grouped(leave)} members ÷ ${SMALL_CHANNEL} members (flat is 1)`,
    dividend: group + leaveLabel(act, leave),
    divisor: group + leaveLabel(act, SMALL_CHANNEL),
  }));
}

/**
 * @param {Stage} stage
 * @param {Sizes['fanOut']} sizes
 * @returns {Promise<Figure[]>}
 */
async function playFanOut(stage, { subscribers, messages, warmUpMessages }) {
  await stage.open({ count: subscribers, membersPerChannel: subscribers });
  /** @type {Figure[]} */
  const figures = [];
  for (const inFlight of [1, 8]) {
    /** @type {Omit<import('./load-client.js').PublishOrder, 'messages'>} */
    const order = { inFlight, size: DATA_BYTES, to: 'first' };
    await stage.publish({ ...order, messages: warmUpMessages });
    const { result, cpuMicros, clientMicros } = await stage.measure(() =>
      stage.publish({ ...order, messages }),
    );
    const pace = inFlight === 1 ? 'one publish at a time' : `${inFlight} publishes in flight`;
    const group = `Fan-out to ${grouped(subscribers)} subscribers, ${pace}`;
    const { delivered, seconds, latency } = result;
    figures.push(
      cost(group, 'server CPU per delivery', 'µs', cpuMicros / delivered),
      { ...cost(group, '(load client CPU)', 'µs', clientMicros / delivered), better: 'none' },
      { ...cost(group, 'deliveries per second', '', delivered / seconds), better: 'higher' },
      cost(group, 'publish to receipt, p50', 'ms', latency.p50),
      cost(group, 'publish to receipt, p99', 'ms', latency.p99),
    );
  }
  return figures;
}

/**
 * @param {Stage} stage
 * @param {Sizes['publish']} sizes
 * @returns {Promise<Figure[]>}
 */
async function playPublish(stage, { messages, warmUpMessages }) {
  /** @type {Omit<import('./load-client.js').PublishOrder, 'messages'>} */
  const order = { inFlight: 8, size: DATA_BYTES, to: 'nobody' };
  await stage.publish({ ...order, messages: warmUpMessages });
  const { result, cpuMicros } = await stage.measure(() => stage.publish({ ...order, messages }));
  const group = 'Signed publish to nobody, 8 keep-alive connections (naive does not check it)';
  return [
    cost(group, 'server CPU per publish', 'µs', cpuMicros / result.published),
    {
      ...cost(group, 'publishes per second', '', result.published / result.seconds),
      better: 'higher',
    },
  ];
}

/**
 * @param {number} count
 * @param {number} membersPerChannel
 * @param {number} warmUp
 * @param {string} where
 * @returns {Run}
 */
function connectRun(count, membersPerChannel, warmUp, where) {
  const group = `Connect and subscribe ${grouped(count)}, ${where}`;
  const play = async (/** @type {Stage} */ stage) => {
    await warmUpConnections(stage, Math.min(warmUp, count), membersPerChannel);
    const { result, cpuMicros } = await stage.measure(() =>
      stage.open({ count, membersPerChannel }),
    );
    await checkDelivery(stage, Math.ceil(count / membersPerChannel));
    return [cost(group, 'server CPU per connection', 'µs', cpuMicros / result.ready)];
  };
  return { title: group, play };
}

/**
 * Without the usual warm-up, whose garbage would weigh on one side of the difference.
 * @param {number} count
 * @returns {Run}
 */
function memoryRun(count) {
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
    return [cost(group, 'RSS per connection', 'KB', grown / result.ready)];
  };
  return { title: group, play };
}

/**
 * As many connections in both, only grouped otherwise: what differs is the size of the channel.
 * @param {number} count
 * @param {number} membersPerChannel
 * @param {number} warmUp
 * @returns {Run}
 */
function leaveRun(count, membersPerChannel, warmUp) {
  const group = leaveGroup(count);
  const channels = Math.ceil(count / membersPerChannel);
  const play = async (/** @type {Stage} */ stage) => {
    await warmUpConnections(stage, Math.min(warmUp, count), membersPerChannel);
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
 * @param {number} count
 * @param {number} membersPerChannel
 */
async function warmUpConnections(stage, count, membersPerChannel) {
  for (let cycle = 0; cycle < WARM_UP_CYCLES; cycle++) {
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
