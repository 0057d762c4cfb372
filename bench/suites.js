// @ts-check
import { leaveRatios } from './connection-scenarios.js';
import { hasInspector, inspectorTargets, INSPECTOR_SCENARIOS, WATCHED } from './inspector.js';
import { isRedisInstalled } from './redis.js';
import { scalingDerivedFigures, SCALING_SCENARIOS } from './scaling-scenarios.js';
import { scalingTargets, TWO_NODES } from './scaling-targets.js';
import { SCENARIOS } from './scenarios.js';
import { slowRatios } from './slow-scenario.js';
import { keptRunning, MAX_OUTBOX_BYTES, naiveServer, nodeServer, peer } from './targets.js';
import { canHaveWorkers, SEVERAL_WORKERS, workerTargets, WORKER_SCENARIOS } from './workers.js';

const NO_REDIS =
  'There is no redis-server on the PATH, so nothing is measured of several nodes: install Redis 7 or newer.';
const NO_INSPECTOR = 'This build has no inspector, so nothing is measured of who watches.';
const NO_WORKERS =
  'This build knows no REVERB_WORKERS, so nothing is measured of several processes.';

/**
 * @typedef {object} Suite what is compared with each other in one table
 * @property {string} name
 * @property {string} heading of its table in a page
 * @property {import('./targets.js').Target[]} targets
 * @property {string} [representative] the target that does whatever any of them does
 * @property {import('./benchmark.js').Run[]} runs
 * @property {import('./figure.js').Derived[]} derived
 * @property {import('./rows.js').Comparison} comparison
 */

/**
 * @param {import('./options.js').Options} options
 * @param {import('./sizes.js').Sizes} sizes
 * @returns {{ suites: Suite[], remarks: string[] }} those with something to measure
 */
export function suitesFor(options, sizes) {
  const wanted = [
    serverSuite(options, sizes),
    scalingSuite(options, sizes),
    workerSuite(options, sizes),
    inspectorSuite(options, sizes),
  ].filter(({ runs }) => runs.length > 0);
  /** @type {string[]} */
  const remarks = [];
  const suites = wanted.filter(({ obstacle }) => {
    const reason = obstacle?.();
    if (reason !== undefined) remarks.push(reason);
    return reason === undefined;
  });
  return { suites: suites.map((suite) => inScale(suite, options.scale)), remarks };
}

/** @typedef {Suite & { obstacle?: () => string | undefined }} WantedSuite with a reason not to measure it */

/**
 * @param {import('./options.js').Options} options
 * @param {import('./sizes.js').Sizes} sizes
 * @returns {WantedSuite}
 */
function serverSuite({ scenarios, serverFile, peers }, sizes) {
  const environment = { REVERB_MAX_OUTBOX_SIZE: String(MAX_OUTBOX_BYTES) };
  return {
    name: 'servers',
    heading: 'One server',
    targets: [
      nodeServer('revurb', serverFile, { environment, maxOutboxBytes: MAX_OUTBOX_BYTES }),
      naiveServer,
      ...peers.map(({ name, url, pid }) => peer(name, url, pid)),
    ],
    runs: scenarios.flatMap((name) => SCENARIOS[name]?.(sizes) ?? []),
    derived: [...leaveRatios(sizes), ...slowRatios(sizes.slow)],
    comparison: {
      meaning: 'how many times better revurb is (below 1: worse)',
      heading: (_first, other) => `× ${other}`,
    },
  };
}

/**
 * @param {import('./options.js').Options} options
 * @param {import('./sizes.js').Sizes} sizes
 * @returns {WantedSuite}
 */
function scalingSuite({ scenarios, serverFile }, { scaling }) {
  return {
    name: 'scaling',
    heading: 'Several nodes',
    targets: scalingTargets(serverFile),
    representative: TWO_NODES,
    runs: scenarios.flatMap((name) => SCALING_SCENARIOS[name]?.(scaling) ?? []),
    derived: scalingDerivedFigures(scaling),
    comparison: {
      meaning: 'how many times as much as one node alone',
      heading: (first, other) => `${other} ÷ ${first}`,
    },
    obstacle: () => (isRedisInstalled() ? undefined : NO_REDIS),
  };
}

/**
 * @param {import('./options.js').Options} options
 * @param {import('./sizes.js').Sizes} sizes
 * @returns {WantedSuite}
 */
function workerSuite({ scenarios, serverFile }, sizes) {
  return {
    name: 'workers',
    heading: 'Several processes',
    targets: workerTargets(serverFile),
    representative: SEVERAL_WORKERS,
    runs: scenarios.flatMap((name) => WORKER_SCENARIOS[name]?.(sizes) ?? []),
    derived: [],
    comparison: {
      meaning: 'how many times better several processes are than one (below 1: worse)',
      heading: (_first, other) => `× ${other}`,
    },
    obstacle: () => (canHaveWorkers(serverFile) ? undefined : NO_WORKERS),
  };
}

/**
 * @param {import('./options.js').Options} options
 * @param {import('./sizes.js').Sizes} sizes
 * @returns {WantedSuite}
 */
function inspectorSuite({ scenarios, serverFile }, sizes) {
  return {
    name: 'inspector',
    heading: 'With somebody who watches',
    targets: inspectorTargets(serverFile),
    representative: WATCHED,
    runs: scenarios.flatMap((name) => INSPECTOR_SCENARIOS[name]?.(sizes) ?? []),
    derived: [],
    comparison: {
      meaning: 'how many times better a server is while it is watched (below 1: worse)',
      heading: (_first, other) => `× ${other}`,
    },
    obstacle: () => (hasInspector(serverFile) ? undefined : NO_INSPECTOR),
  };
}

/**
 * Starting a server takes longer than most of what is measured of it, so there are fewer of them where
 * little is measured.
 * @param {Suite} suite
 * @param {import('./sizes.js').Scale} scale
 * @returns {Suite}
 */
function inScale(suite, scale) {
  if (scale === 'full') return suite;
  const { representative } = suite;
  const isEnough = (/** @type {import('./targets.js').Target} */ { name }) =>
    scale === 'quick' || representative === undefined || name === representative;
  const targets = suite.targets.filter(isEnough);
  const isFirst = (/** @type {Suite['runs'][number]} */ run) => run.isForFreshServer ?? false;
  const runs = suite.runs.toSorted((one, other) => Number(isFirst(other)) - Number(isFirst(one)));
  return { ...suite, targets: targets.map(keptRunning), runs };
}
