// @ts-check
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { INSPECTOR_SCENARIOS } from './inspector.js';
import { isPage, PAGE_MARKS } from './page.js';
import { SCENARIOS } from './scenarios.js';
import { SCALING_SCENARIOS } from './scaling-scenarios.js';
import { naiveServer } from './targets.js';
import { WORKER_SCENARIOS } from './workers.js';

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {import('./sizes.js').Scale} scale
 * @property {string[]} scenarios
 * @property {string} serverFile
 * @property {string | undefined} jsonFile
 * @property {string | undefined} pageFile
 * @property {{ name: string, url: URL, pid: number | undefined }[]} peers
 */

/** Stands for all that is measured when nothing is asked for. */
const ALL = 'all';
/** Stands for all that is measured of several nodes. */
const SCALING = 'scaling';
/** Of the servers that are measured anyway. */
const OWN_NAMES = ['revurb', naiveServer.name];
/** It goes into tables, Markdown and a picture. */
const PEER_NAME = /^[\w.-]+$/;
const BUILT_SERVER = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export const HELP = `Measures Revurb beside a naive server (node:http + ws) on this machine.

  npm run bench -- [options]

  --rounds <n>           rounds, the best of which is shown (3; 1 with --quick and --smoke)
  --quick                small numbers, about a minute; rough figures
  --smoke                tiny numbers, a few seconds; shows that everything works, and nothing else
  --only <scenario,...>  of: ${Object.keys(SCENARIOS).join(', ')};
                         ${SCALING} (two nodes and Redis), which is ${Object.keys(SCALING_SCENARIOS).join(', ')};
                         ${Object.keys(WORKER_SCENARIOS).join(', ')} (several processes; only when it is asked for);
                         ${Object.keys(INSPECTOR_SCENARIOS).join(', ')} (with somebody who watches; only when it is asked for);
                         ${ALL} stands for all others
  --server <file>        the server to measure, instead of dist/main.js
  --json <file>          also write all figures of all rounds to a file
  --write <file.md>      also write the tables and the machine into a page, and a chart beside it (.svg)
  --peer <name=url>      also measure a server that is already running and knows the app
                         app-id / app-key / app-secret, e.g. other=ws://127.0.0.1:6001; repeatable
  --peer-pid <name=pid>  its process, for CPU and memory figures
  --help                 this text

Exit code: 0, or 1 when anything was lost, duplicated or wrong, or 2 for bad options.
See docs/benchmarks.md for how to read the tables.
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
  const scale = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
  const rounds = Number(values.rounds ?? (scale === 'full' ? 3 : 1));
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds takes 1 or more.');
  const scenarios = scenariosOf(values.only);
  const serverFile = values.server === undefined ? BUILT_SERVER : resolve(values.server);
  const peers = peersOf(values.peer ?? [], values['peer-pid'] ?? []);
  const { json: jsonFile, write: pageFile } = values;
  if (jsonFile !== undefined) checkDirectory('--json', jsonFile);
  if (pageFile !== undefined) checkPage(pageFile);
  return { rounds, scale, scenarios, serverFile, jsonFile, pageFile, peers };
}

/** @param {string} option @param {string} file */
function checkDirectory(option, file) {
  if (!existsSync(dirname(resolve(file))))
    throw new UsageError(`${option} ${file}: no such folder.`);
}

/** Before anything is measured. @param {string} file */
function checkPage(file) {
  if (!file.endsWith('.md')) throw new UsageError('--write takes a file that ends in .md.');
  checkDirectory('--write', file);
  if (!isPage(file)) throw new UsageError(`${file} lacks the lines ${PAGE_MARKS.join(' and ')}.`);
}

/** @param {string} [only] */
function scenariosOf(only = ALL) {
  const ofNodes = Object.keys(SCALING_SCENARIOS);
  const all = [...Object.keys(SCENARIOS), ...ofNodes];
  const groups = new Map([
    [ALL, all],
    [SCALING, ofNodes],
  ]);
  const scenarios = [...new Set(only.split(',').flatMap((name) => groups.get(name) ?? [name]))];
  const known = {
    ...SCENARIOS,
    ...SCALING_SCENARIOS,
    ...WORKER_SCENARIOS,
    ...INSPECTOR_SCENARIOS,
  };
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
        smoke: { type: 'boolean' },
        only: { type: 'string' },
        server: { type: 'string' },
        json: { type: 'string' },
        write: { type: 'string' },
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
  const names = new Set(OWN_NAMES);
  const known = peers.map((text) => {
    const [name, address] = pair(text, '--peer');
    if (!PEER_NAME.test(name))
      throw new UsageError(`--peer ${name}: a name has letters, digits, dots and dashes.`);
    if (names.has(name)) throw new UsageError(`There is another server named "${name}".`);
    names.add(name);
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
