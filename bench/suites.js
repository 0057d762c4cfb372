// @ts-check
import { isRedisInstalled } from './redis.js';
import { scalingDerivedFigures, SCALING_SCENARIOS } from './scaling-scenarios.js';
import { scalingTargets } from './scaling-targets.js';
import { derivedFigures, SCENARIOS } from './scenarios.js';
import { naiveServer, nodeServer, peer } from './targets.js';

const NO_REDIS =
  'There is no redis-server on the PATH, so nothing is measured of several nodes: install Redis 7 or newer.';

/**
 * @typedef {object} Suite what is compared with each other in one table
 * @property {string} name
 * @property {import('./targets.js').Target[]} targets
 * @property {import('./scenarios.js').Run[]} runs
 * @property {import('./figure.js').Derived[]} derived
 * @property {string} ratioMeaning
 */

/**
 * @param {import('./options.js').Options} options
 * @param {import('./options.js').Sizes} sizes
 * @returns {{ suites: Suite[], remark: string | undefined }} those with something to measure
 */
export function suitesFor(options, sizes) {
  const suites = [
    {
      name: 'servers',
      targets: [
        nodeServer('revurb', options.serverFile),
        naiveServer,
        ...options.peers.map(({ name, url, pid }) => peer(name, url, pid)),
      ],
      runs: options.scenarios.flatMap((name) => SCENARIOS[name]?.(sizes) ?? []),
      derived: derivedFigures(sizes),
      ratioMeaning: 'how many times better revurb is (below 1: worse)',
    },
    {
      name: 'scaling',
      targets: scalingTargets(options.serverFile),
      runs: options.scenarios.flatMap((name) => SCALING_SCENARIOS[name]?.(sizes.scaling) ?? []),
      derived: scalingDerivedFigures(sizes.scaling),
      ratioMeaning: 'how many times as much as one node alone',
    },
  ].filter(({ runs }) => runs.length > 0);
  const canScale = suites.every(({ name }) => name !== 'scaling') || isRedisInstalled();
  return {
    suites: canScale ? suites : suites.filter(({ name }) => name !== 'scaling'),
    remark: canScale ? undefined : NO_REDIS,
  };
}
