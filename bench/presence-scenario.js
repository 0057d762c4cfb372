// @ts-check
import { cost, grouped } from './figure.js';

/** @typedef {import('./stage.js').Stage} Stage */

/**
 * Visitors of a presence channel come and go one after the other, which everybody there is told.
 * @param {Stage} stage
 * @param {import('./sizes.js').Sizes['presence']} sizes
 * @returns {Promise<import('./figure.js').Figure[]>}
 */
export async function playPresence(stage, { members, visitors }) {
  await stage.load.openRoom({ channel: `presence-${stage.prefix}`, members, visitors });
  await stage.pass('enter');
  await stage.pass('exit');
  const entered = await stage.measure(() => stage.pass('enter'));
  const left = await stage.measure(() => stage.pass('exit'));
  const size = grouped(members);
  const group = `Presence, ${grouped(visitors)} visitors of a channel of ${size}, one after the other`;
  const join = `Join of a presence channel of ${size}`;
  const leave = `Leave of a presence channel of ${size}`;
  return [
    cost(group, 'join: server CPU', 'ms', entered.cpuMicros / visitors / 1_000, join),
    cost(group, 'join: until the roster was read, p50', 'ms', entered.result.p50),
    cost(group, 'leave: server CPU', 'ms', left.cpuMicros / visitors / 1_000, leave),
  ];
}
