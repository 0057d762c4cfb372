// @ts-check
/** What is measured of messages. */
import { cost, gain, grouped, remark } from './figure.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./figure.js').Figure} Figure */
/** @typedef {import('./sizes.js').Sizes} Sizes */

const DATA_BYTES = 256;
const IN_FLIGHT = 8;
const MANY_MEMBERS = 10;
/** Of each kind: their median is what is shown. */
const TURNS = 12;

/**
 * @param {Stage} stage
 * @param {Sizes['fanOut']} sizes
 * @returns {Promise<Figure[]>}
 */
export async function playFanOut(stage, { subscribers, ...messages }) {
  await stage.open({ count: subscribers, membersPerChannel: subscribers });
  const whom = `${grouped(subscribers)} subscribers`;
  return [
    ...(await deliveries(stage, 'first', 1, messages, {
      group: `Fan-out to ${whom}, one publish at a time`,
      headline: `Delivery to each of ${whom}`,
    })),
    ...(await deliveries(stage, 'first', IN_FLIGHT, messages, {
      group: `Fan-out to ${whom}, ${IN_FLIGHT} publishes in flight`,
      headline: `The same, ${IN_FLIGHT} publishes in flight`,
    })),
  ];
}

/**
 * The same server is watched, and is not, by turns: two servers differ by more than what watching costs.
 * @param {Stage} stage
 * @param {Sizes['fanOut']} sizes
 * @returns {Promise<Figure[]>}
 */
export async function playFanOutInTurns(stage, { subscribers, messages, warmUpMessages }) {
  /** @type {Omit<import('./load-client.js').PublishOrder, 'messages'>} */
  const order = { inFlight: IN_FLIGHT, size: DATA_BYTES, to: 'first' };
  await stage.open({ count: subscribers, membersPerChannel: subscribers });
  await stage.publish({ ...order, messages: warmUpMessages });
  /** @type {{ watched: number[], unwatched: number[] }} */
  const micros = { watched: [], unwatched: [] };
  for (let turn = 0; turn < TURNS * 2; turn++) {
    const isWatched = turn % 2 === 0;
    await stage.server.watch?.(isWatched);
    const measured = await stage.measure(() => stage.publish({ ...order, messages }));
    const { delivered } = measured.result;
    micros[isWatched ? 'watched' : 'unwatched'].push(measured.cpuMicros / delivered);
  }
  await stage.server.watch?.(true);
  const [watched, unwatched] = [median(micros.watched), median(micros.unwatched)];
  const group = `Fan-out to ${grouped(subscribers)} subscribers, ${IN_FLIGHT} publishes in flight, watched by turns`;
  return [
    cost(group, 'server CPU per delivery, watched', 'µs', watched),
    cost(group, 'server CPU per delivery, not watched', 'µs', unwatched),
    remark(group, 'not watched ÷ watched', '×', unwatched / watched),
  ];
}

/** @param {number[]} values */
const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;

/**
 * Many channels with few members each.
 * @param {Stage} stage
 * @param {Sizes['many']} sizes
 */
export async function playMany(stage, { subscribers, ...messages }) {
  await stage.open({ count: subscribers, membersPerChannel: MANY_MEMBERS });
  const channels = grouped(subscribers / MANY_MEMBERS);
  return deliveries(stage, 'turns', IN_FLIGHT, messages, {
    group: `Publish to ${channels} channels of ${MANY_MEMBERS}, ${IN_FLIGHT} publishes in flight`,
    headline: `Delivery to each of ${MANY_MEMBERS} subscribers`,
  });
}

/**
 * @param {Stage} stage
 * @param {Sizes['publish']} sizes
 * @returns {Promise<Figure[]>}
 */
export async function playPublish(stage, { messages, warmUpMessages }) {
  /** @type {Omit<import('./load-client.js').PublishOrder, 'messages'>} */
  const order = { inFlight: IN_FLIGHT, size: DATA_BYTES, to: 'nobody' };
  await stage.publish({ ...order, messages: warmUpMessages });
  const { result, cpuMicros } = await stage.measure(() => stage.publish({ ...order, messages }));
  const group = `Signed publish to nobody, ${IN_FLIGHT} keep-alive connections`;
  const { published, seconds } = result;
  return [
    cost(group, 'server CPU per publish', 'µs', cpuMicros / published, 'Publish to nobody'),
    gain(group, 'publishes per second', '', published / seconds),
  ];
}

/**
 * @param {Stage} stage
 * @param {Sizes['clientEvents']} sizes
 * @returns {Promise<Figure[]>}
 */
export async function playClientEvents(stage, { connections, messages, warmUpMessages }) {
  const order = { inFlight: IN_FLIGHT, size: DATA_BYTES };
  await stage.open({ count: connections, membersPerChannel: MANY_MEMBERS, isPrivate: true });
  await stage.converse({ ...order, messages: warmUpMessages });
  const measured = await stage.measure(() => stage.converse({ ...order, messages }));
  const whom = `${grouped(connections / MANY_MEMBERS)} private channels of ${MANY_MEMBERS}`;
  return deliveryFigures(measured, {
    group: `Client events in ${whom}, ${IN_FLIGHT} in flight`,
    headline: `Client event to each of ${MANY_MEMBERS - 1} others`,
  });
}

/**
 * @param {Stage} stage
 * @param {'first' | 'turns'} to
 * @param {number} inFlight
 * @param {import('./sizes.js').Messages} sizes
 * @param {{ group: string, headline: string }} names
 * @returns {Promise<Figure[]>}
 */
async function deliveries(stage, to, inFlight, { messages, warmUpMessages }, names) {
  const order = { inFlight, size: DATA_BYTES, to };
  await stage.publish({ ...order, messages: warmUpMessages });
  return deliveryFigures(await stage.measure(() => stage.publish({ ...order, messages })), names);
}

/**
 * @param {{ result: import('./load/publish-phase.js').PublishResult, cpuMicros: number,
 *   clientMicros: number }} measured
 * @param {{ group: string, headline: string }} names
 */
function deliveryFigures({ result, cpuMicros, clientMicros }, { group, headline }) {
  const { delivered, seconds, latency } = result;
  return [
    cost(group, 'server CPU per delivery', 'µs', cpuMicros / delivered, headline),
    remark(group, '(load client CPU)', 'µs', clientMicros / delivered),
    gain(group, 'deliveries per second', '', delivered / seconds),
    cost(group, 'sent to received, p50', 'ms', latency.p50),
    cost(group, 'sent to received, p99', 'ms', latency.p99),
  ];
}
