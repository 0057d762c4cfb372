// @ts-check
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { grouped } from './figure.js';
import { SCENARIOS } from './scenarios.js';
import { SCALING_SCENARIOS } from './scaling-scenarios.js';

/**
 * @typedef {object} Sizes
 * @property {{ subscribers: number, messages: number, warmUpMessages: number }} fanOut
 * @property {{ messages: number, warmUpMessages: number }} publish
 * @property {number[]} connect numbers of connections
 * @property {number} leave connections
 * @property {number} memory connections
 * @property {number} warmUp connections made and ended, some times over, before measuring
 * @property {ScalingSizes} scaling
 */

/**
 * @typedef {object} ScalingSizes
 * @property {{ messages: number, seconds: number, perSecond: number[], receivers: number[] }} crossNode
 * @property {{ members: number[], joins: number }} presence
 * @property {number[]} resync numbers of subscriptions
 */

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {boolean} isQuick
 * @property {string[]} scenarios
 * @property {string} serverFile
 * @property {string | undefined} jsonFile
 * @property {{ name: string, url: URL, pid: number | undefined }[]} peers
 */

/** @type {Sizes} */
const FULL = {
  fanOut: { subscribers: 1_000, messages: 200, warmUpMessages: 60 },
  publish: { messages: 20_000, warmUpMessages: 8_000 },
  connect: [1_000, 10_000],
  leave: 10_000,
  memory: 10_000,
  warmUp: 500,
  scaling: {
    crossNode: { messages: 4_000, seconds: 2, perSecond: [200, 1_000], receivers: [1, 100] },
    presence: { members: [10, 1_000, 10_000], joins: 60 },
    resync: [1_000, 10_000],
  },
};

/** @type {Sizes} */
const QUICK = {
  fanOut: { subscribers: 200, messages: 150, warmUpMessages: 50 },
  publish: { messages: 6_000, warmUpMessages: 6_000 },
  connect: [200, 1_000],
  leave: 1_000,
  memory: 1_000,
  warmUp: 200,
  scaling: {
    crossNode: { messages: 2_000, seconds: 1, perSecond: [200, 1_000], receivers: [1, 100] },
    presence: { members: [10, 1_000], joins: 30 },
    resync: [200, 1_000],
  },
};

/** Stands for all that is measured of several nodes. */
const SCALING = 'scaling';
const BUILT_SERVER = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** What a server and the load client need besides the connections. */
const SPARE_DESCRIPTORS = 200;

export const HELP = `Measures Revurb beside a naive server (node:http + ws) on this machine.

  npm run bench -- [options]

  --rounds <n>           rounds, the best of which is shown (3; 1 with --quick)
  --quick                small numbers, under two minutes; rough figures
  --only <scenario,...>  of: ${Object.keys(SCENARIOS).join(', ')};
                         ${SCALING} (two nodes and Redis), which is ${Object.keys(SCALING_SCENARIOS).join(', ')}
  --server <file>        the server to measure, instead of dist/main.js
  --json <file>          also write all figures of all rounds to a file
  --peer <name=url>      also measure a server that is already running and knows the app
                         app-id / app-key / app-secret, e.g. other=ws://127.0.0.1:6001; repeatable
  --peer-pid <name=pid>  its process, for CPU and memory figures
  --help                 this text

Exit code: 0, or 1 when anything was lost, duplicated or wrong, or 2 for bad options.
See docs/benchmarks.md for how to read the table.
`;

/** Something is wrong with what was asked for; the message is for the user. */
export class UsageError extends Error {}

/**
 * @param {string[]} args
 * @returns {Options | 'help'}
 */
export function parseOptions(args) {
  const { values } = parse(args);
  if (values.help) return 'help';
  const isQuick = values.quick ?? false;
  const rounds = Number(values.rounds ?? (isQuick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds takes 1 or more.');
  const scenarios = scenariosOf(values.only);
  const serverFile = values.server === undefined ? BUILT_SERVER : resolve(values.server);
  const peers = peersOf(values.peer ?? [], values['peer-pid'] ?? []);
  return { rounds, isQuick, scenarios, serverFile, jsonFile: values.json, peers };
}

/** @param {string} [only] */
function scenariosOf(only) {
  const names = only?.split(',') ?? [...Object.keys(SCENARIOS), SCALING];
  const scenarios = names.flatMap((name) =>
    name === SCALING ? Object.keys(SCALING_SCENARIOS) : [name],
  );
  const known = { ...SCENARIOS, ...SCALING_SCENARIOS };
  const unknown = scenarios.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}".`);
  return scenarios;
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        only: { type: 'string' },
        server: { type: 'string' },
        json: { type: 'string' },
        peer: { type: 'string', multiple: true },
        'peer-pid': { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string[]} peers name=url
 * @param {string[]} pids name=pid
 */
function peersOf(peers, pids) {
  const pidByName = new Map(pids.map((text) => pair(text, '--peer-pid')));
  const known = peers.map((text) => {
    const [name, address] = pair(text, '--peer');
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !['ws:', 'http:'].includes(url.protocol)) {
      throw new UsageError(`--peer ${name} needs a ws:// or http:// URL (TLS is not measured).`);
    }
    const pid = pidByName.get(name);
    return { name, url, pid: pid === undefined ? undefined : Number(pid) };
  });
  for (const [name, pid] of pidByName) {
    if (!known.some((peer) => peer.name === name)) throw new UsageError(`No --peer ${name}.`);
    if (!/^\d+$/.test(pid)) throw new UsageError(`--peer-pid ${name} needs a process id.`);
  }
  return known;
}

/**
 * @param {string} text
 * @param {string} option
 * @returns {[string, string]}
 */
function pair(text, option) {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`${option} takes name=value.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/**
 * The sizes to measure with, cut down to the file descriptors a process may have.
 * @param {boolean} isQuick
 * @param {number} [limit] of descriptors
 * @returns {{ sizes: Sizes, remark: string | undefined }}
 */
export function sizesFor(isQuick, limit = descriptorLimit()) {
  const wanted = isQuick ? QUICK : FULL;
  const most = Math.max(100, Math.floor((limit - SPARE_DESCRIPTORS) / 100) * 100);
  const needed = Math.max(wanted.fanOut.subscribers, wanted.leave, ...wanted.connect);
  if (needed <= most) return { sizes: wanted, remark: undefined };
  const sizes = {
    ...wanted,
    fanOut: { ...wanted.fanOut, subscribers: Math.min(wanted.fanOut.subscribers, most) },
    connect: [...new Set(wanted.connect.map((count) => Math.min(count, most)))],
    leave: Math.min(wanted.leave, most),
    memory: Math.min(wanted.memory, most),
    scaling: {
      ...wanted.scaling,
      resync: [...new Set(wanted.scaling.resync.map((count) => Math.min(count, most * 10)))],
    },
  };
  const remark =
    `A process may open ${grouped(limit)} files here (ulimit -n), so there are at most ` +
    `${grouped(most)} connections instead of ${grouped(needed)}.`;
  return { sizes, remark };
}

function descriptorLimit() {
  if (process.platform === 'win32') return Infinity;
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}
