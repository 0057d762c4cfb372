// @ts-check
/** What is measured of several nodes. Every run gets servers, and a Redis, that were just started. */
import { cost, grouped, remark } from './figure.js';
import { playResync, resyncGroup, RESYNC_LABELS } from './resync.js';
import { ONE_NODE, TWO_NODES } from './scaling-targets.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./figure.js').Figure} Figure */
/** @typedef {import('./benchmark.js').Run} Run */
/** @typedef {import('./sizes.js').ScalingSizes} Sizes */

const DATA_BYTES = 256;
/** Publishes under way at once where they come as fast as they can. */
const IN_FLIGHT = 8;
/** And at most so many where they come at a fixed pace. */
const PACED_IN_FLIGHT = 64;
/** What the joins of a presence channel are told to, besides the joiner. */
const CONNECTED_MEMBERS = 10;
const RECORDED_JOINS = 7;

/** @type {Record<string, (sizes: Sizes) => Run[]>} */
export const SCALING_SCENARIOS = {
  'cross-node': ({ crossNode }) => [
    {
      title: 'publish on one node, receive on the other',
      play: (s) => playCrossNode(s, crossNode),
    },
  ],
  'shared-presence': ({ presence }) =>
    presence.members.map((members) => ({
      title: presenceGroup(members),
      targets: [ONE_NODE, TWO_NODES],
      rounds: 2,
      needs: { isFillable: true },
      play: (stage) => playPresence(stage, members, presence.joins),
    })),
  resync: ({ resync }) =>
    resync.subscriptions.map((subscriptions) => ({
      title: resyncGroup(subscriptions),
      targets: [TWO_NODES],
      rounds: 1,
      play: (stage) => playResync(stage, subscriptions, resync.settledMs),
    })),
};

const PRESENCE_LABELS = {
  newcomerLatency: 'new member: subscription to whole roster, p50',
  newcomerCpu: 'new member: CPU of all processes, a join and a leave',
  newcomerCommands: 'new member: Redis commands of a join and a leave',
  memberLatency: 'further connection of a member: p50',
  memberCpu: 'further connection: CPU of all processes, a join and a leave',
  memberCommands: 'further connection: Redis commands of a join and a leave',
};

/**
 * @param {Sizes} sizes
 * @returns {import('./figure.js').Derived[]}
 */
export function scalingDerivedFigures({ presence, resync }) {
  const [few = 0, many = 0] = [presence.members[0], presence.members.at(-1)];
  const [small = 0, large = 0] = [resync.subscriptions[0], resync.subscriptions.at(-1)];
  const { newcomerLatency, newcomerCpu, memberLatency, memberCpu } = PRESENCE_LABELS;
  const joins = [newcomerLatency, newcomerCpu, memberLatency, memberCpu].map((label) => ({
    group: `Presence, ${grouped(many)} members ÷ ${grouped(few)} members`,
    label,
    dividend: presenceGroup(many) + label,
    divisor: presenceGroup(few) + label,
  }));
  const { killed, killedRedis, killedServers, emptiedRedis, emptiedServers } = RESYNC_LABELS;
  const costs = [killed, killedRedis, killedServers, emptiedRedis, emptiedServers];
  const returns = costs.map((label) => ({
    group: `Resynchronization, ${grouped(large)} subscriptions ÷ ${grouped(small)} subscriptions`,
    label,
    dividend: resyncGroup(large) + label,
    divisor: resyncGroup(small) + label,
  }));
  return [...(few < many ? joins : []), ...(small < large ? returns : [])];
}

/**
 * The publisher talks to the first node, all receivers are on the last.
 * @param {Stage} stage
 * @param {Sizes['crossNode']} sizes
 * @returns {Promise<Figure[]>}
 */
async function playCrossNode(stage, { messages, seconds, perSecond, receivers }) {
  /** @type {Figure[]} */
  const figures = [];
  for (const count of receivers) {
    await stage.open({ count, membersPerChannel: count });
    const paces = count === 1 ? [...perSecond, undefined] : [perSecond[0], undefined];
    const most = Math.ceil(messages / Math.sqrt(count));
    await publish(stage, most, undefined);
    for (const pace of paces) {
      const group = crossNodeGroup(count, pace);
      figures.push(
        ...(await playPace(stage, group, pace === undefined ? most : pace * seconds, pace)),
      );
    }
    await stage.load.disconnect({ from: 0, to: 10 });
  }
  figures.push(...(await recordPublishes(stage)));
  return figures;
}

/**
 * @param {Stage} stage
 * @param {string} group
 * @param {number} messages
 * @param {number | undefined} perSecond as fast as it goes when undefined
 * @returns {Promise<Figure[]>}
 */
async function playPace(stage, group, messages, perSecond) {
  const { result, cpuMicros } = await stage.measure(() => publish(stage, messages, perSecond));
  const { delivered, published, latency } = result;
  const reached = published / result.seconds;
  const figures = [
    cost(group, 'publish to frame, p50', 'ms', latency.p50),
    cost(group, 'publish to frame, p99', 'ms', latency.p99),
    cost(group, 'CPU of all nodes and Redis, per delivery', 'µs', cpuMicros / delivered),
    remark(group, '(publishes per second)', '', reached),
  ];
  // Without a pace, latency is mostly queueing behind each other.
  return perSecond === undefined ? figures.slice(2) : figures;
}

/**
 * @param {Stage} stage
 * @param {number} messages
 * @param {number | undefined} perSecond
 */
function publish(stage, messages, perSecond) {
  const inFlight = perSecond === undefined ? IN_FLIGHT : PACED_IN_FLIGHT;
  return stage.publish({ messages, inFlight, perSecond, size: DATA_BYTES, to: 'first' });
}

/** @param {number} receivers @param {number | undefined} perSecond */
function crossNodeGroup(receivers, perSecond) {
  const whom = receivers === 1 ? 'one receiver' : `${grouped(receivers)} receivers`;
  const pace =
    perSecond === undefined
      ? `${IN_FLIGHT} publishes in flight`
      : `${grouped(perSecond)} publishes per second`;
  return `${pace} on the first node, ${whom} on the last`;
}

/**
 * Apart from what is timed, since Redis is slower while it is watched.
 * @param {Stage} stage
 * @returns {Promise<Figure[]>}
 */
async function recordPublishes(stage) {
  const { redis } = stage.server;
  if (redis === undefined) return [];
  const messages = 500;
  await stage.open({ count: 1, membersPerChannel: 1 });
  const record = await redis.record();
  record.take();
  await stage.publish({ messages, inFlight: 1, size: DATA_BYTES, to: 'first' });
  const commands = record.take().length;
  record.end();
  return [remark('Redis', 'commands per publish', '', commands / messages)];
}

/**
 * @param {Stage} stage
 * @param {number} members
 * @param {number} times how often somebody joins and leaves
 * @returns {Promise<Figure[]>}
 */
async function playPresence(stage, members, times) {
  const group = presenceGroup(members);
  const channel = `presence-${stage.prefix}`;
  const others = members - CONNECTED_MEMBERS;
  await stage.server.fill?.(channel, others);
  await stage.load.gather({ channel, members: CONNECTED_MEMBERS, others });
  /** @type {Figure[]} */
  const figures = [];
  for (const who of /** @type {const} */ (['newcomer', 'member'])) {
    await stage.load.join({ channel, times, who });
    const { result, cpuMicros } = await stage.measure(() =>
      stage.load.join({ channel, times, who }),
    );
    figures.push(
      cost(group, PRESENCE_LABELS[`${who}Latency`], 'ms', result.p50),
      cost(group, PRESENCE_LABELS[`${who}Cpu`], 'ms', cpuMicros / times / 1_000),
      remark(group, PRESENCE_LABELS[`${who}Commands`], '', await recordJoins(stage, channel, who)),
    );
  }
  return figures;
}

/**
 * The median, so that a sign of life of a node does not count.
 * @param {Stage} stage
 * @param {string} channel
 * @param {'newcomer' | 'member'} who
 */
async function recordJoins(stage, channel, who) {
  const { redis } = stage.server;
  if (redis === undefined) return Number.NaN;
  const record = await redis.record();
  const counts = [];
  for (let time = 0; time < RECORDED_JOINS; time++) {
    record.take();
    await stage.load.join({ channel, times: 1, who });
    counts.push(record.take().length);
  }
  record.end();
  return counts.sort((one, other) => one - other)[RECORDED_JOINS >> 1] ?? Number.NaN;
}

/** @param {number} members */
function presenceGroup(members) {
  return `Presence, joining ${grouped(members)} members, ${CONNECTED_MEMBERS} of them connected`;
}
