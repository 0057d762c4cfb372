// @ts-check
import { readFileSync } from 'node:fs';
import { cost, grouped, remark } from './figure.js';
import { NO_CLOSE_FRAME } from './load/raw-connection.js';
import { MAX_OUTBOX_BYTES } from './targets.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./sizes.js').Sizes['slow']} Sizes */

/** As much as fits into what a server usually accepts, so that buffers fill soon. */
const DATA_BYTES = 9_000;
/** Beyond that a publish waits: a machine that does not keep up must not build a queue. */
const IN_FLIGHT = 64;
/** One in so many does not read. */
const STOPPING_EVERY = 10;
const SLOW_CONSUMER = 4100;
/** Of the messages, over those that fill all buffers. */
const SURPLUS = 1.25;
const BYTES_PER_KB = 1_024;
const BYTES_PER_MB = 1_000_000;

const LABELS = {
  before: 'p99 of the others before',
  meanwhile: 'p99 of the others meanwhile',
};

/**
 * Whether the others notice.
 * @param {Sizes} sizes
 * @returns {import('./figure.js').Derived[]}
 */
export function slowRatios(sizes) {
  const { group } = layoutOf(sizes);
  return [
    {
      group,
      label: 'p99 meanwhile ÷ before (unmoved is 1)',
      dividend: group + LABELS.meanwhile,
      divisor: group + LABELS.before,
    },
  ];
}

/**
 * The same pace twice, first with everybody reading, then with some more who do not. They have read
 * nothing before, since the kernel gives more memory to whoever has read fast. At the end they read on,
 * so that what happened to them shows.
 * @param {Stage} stage
 * @param {Sizes} sizes
 * @returns {Promise<import('./figure.js').Figure[]>}
 */
export async function playSlow(stage, sizes) {
  const { messages, stopping, reading, group } = layoutOf(sizes);
  const { perSecond } = sizes;
  const publish = (/** @type {number} */ count) =>
    stage.watchMemory(() => {
      const pace = { inFlight: IN_FLIGHT, perSecond, to: /** @type {const} */ ('first') };
      return stage.publish({ ...pace, messages: count, size: DATA_BYTES });
    });
  await stage.open({ count: reading, membersPerChannel: reading });
  await publish(Math.ceil(messages / 10));
  const before = await publish(Math.ceil(messages / 2));
  await stage.load.openStopping({ count: stopping });
  const meanwhile = await publish(messages);
  const { result } = await stage.readOn({ size: DATA_BYTES });

  const grownBytes = Math.max(0, meanwhile.peak - before.peak) * BYTES_PER_KB;
  const boundBytes = stopping * (stage.server.maxOutboxBytes ?? Number.NaN);
  const grown = grownBytes / BYTES_PER_MB;
  return [
    cost(group, LABELS.before, 'ms', before.answer.result.latency.p99),
    cost(group, LABELS.meanwhile, 'ms', meanwhile.answer.result.latency.p99),
    cost(group, 'RSS of the server: most it grew', 'MB', grown, 'Memory for readers who stopped'),
    remark(group, '(limit × those who stopped)', 'MB', boundBytes / BYTES_PER_MB),
    remark(group, '(of them closed with 4100)', '', result.closes[SLOW_CONSUMER] ?? 0),
    remark(group, '(of them dropped without a code)', '', result.closes[NO_CLOSE_FRAME] ?? 0),
  ];
}

/** @param {Sizes} sizes */
function layoutOf({ subscribers, messages: atLeast, perSecond }) {
  const messages = Math.max(atLeast, messagesToOverflow());
  const stopping = Math.max(1, Math.round(subscribers / STOPPING_EVERY));
  const group =
    `${grouped(stopping)} of ${grouped(subscribers)} subscribers stop reading, ` +
    `${grouped(messages)} messages of 9 KB follow, ${grouped(perSecond)} per second`;
  return { messages, stopping, reading: subscribers - stopping, group };
}

/**
 * More than the kernel and the outbox of a connection hold. How much the kernel holds for who has read
 * nothing depends on the machine.
 */
function messagesToOverflow() {
  if (process.platform !== 'linux') return 0;
  const limitsOf = (/** @type {string} */ name) =>
    readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1').trim().split(/\s+/).map(Number);
  const [, , mostSent = 0] = limitsOf('tcp_wmem');
  const [, received = 0] = limitsOf('tcp_rmem');
  return Math.ceil(((mostSent + received + MAX_OUTBOX_BYTES) * SURPLUS) / DATA_BYTES);
}
