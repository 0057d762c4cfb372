// @ts-check
/** What is measured of one server. */
import { connectRuns, leaveRuns, memoryRun } from './connection-scenarios.js';
import { playClientEvents, playFanOut, playMany, playPublish } from './delivery-scenarios.js';
import { playPresence } from './presence-scenario.js';
import { playSlow } from './slow-scenario.js';

/** @typedef {import('./benchmark.js').Run} Run */
/** @typedef {import('./sizes.js').Sizes} Sizes */

/** @type {Record<string, (sizes: Sizes) => Run[]>} */
export const SCENARIOS = {
  fanout: ({ fanOut }) => [{ title: 'fan-out', play: (stage) => playFanOut(stage, fanOut) }],
  many: ({ many }) => [{ title: 'many channels', play: (stage) => playMany(stage, many) }],
  publish: ({ publish }) => [
    { title: 'publish to nobody', play: (stage) => playPublish(stage, publish) },
  ],
  'client-events': ({ clientEvents }) => [
    { title: 'client events', play: (stage) => playClientEvents(stage, clientEvents) },
  ],
  presence: ({ presence }) => [
    { title: 'presence', play: (stage) => playPresence(stage, presence) },
  ],
  connect: ({ connect, warmUp }) => connect.flatMap((count) => connectRuns(count, warmUp)),
  leave: ({ leave, warmUp }) => leaveRuns(leave, warmUp),
  memory: ({ memory }) => [memoryRun(memory)],
  slow: ({ slow }) => [{ title: 'slow readers', play: (stage) => playSlow(stage, slow) }],
};
