// @ts-check
import { noChecks } from './rows.js';
import { Stage } from './stage.js';

/** A run takes seconds; one that takes this long hangs. */
const RUN_TIMEOUT_MS = 180_000;

/** @typedef {import('./targets.js').Target} Target */
/** @typedef {import('./figure.js').Figure} Figure */
/** @typedef {import('./rows.js').Outcome} Outcome */

/**
 * @typedef {object} Run
 * @property {string} title
 * @property {(stage: Stage) => Promise<Figure[]>} play
 * @property {string[]} [targets] the only ones it is meant for
 * @property {number} [rounds] at most so many
 * @property {import('./targets.js').Needs} [needs]
 * @property {boolean} [isForFreshServer] comes before others where a server is kept for several
 */

/**
 * @typedef {object} Plan
 * @property {Target[]} targets
 * @property {Run[]} runs
 * @property {import('./figure.js').Derived[]} derived
 * @property {import('./rows.js').Comparison} comparison
 * @property {number} rounds
 * @property {boolean} isTimed whether anybody will read the figures; else all targets play at once
 * @property {(line: string) => void} onProgress
 */

/**
 * Plays every run against every target in every round, targets next to each other in time and in
 * turning order, so that a slow minute of the machine hits all of them.
 * @param {Plan} plan
 * @returns {Promise<Outcome>}
 */
export async function benchmark({ targets, runs, rounds, isTimed, onProgress, ...plan }) {
  /** @type {Outcome} */
  const outcome = {
    targets: targets.map(({ name }) => name),
    rounds,
    derived: plan.derived,
    comparison: plan.comparison,
    figures: [],
    checks: Object.fromEntries(targets.map(({ name }) => [name, noChecks()])),
    failures: [],
    otherLoad: 0,
  };
  const machine = { wallSeconds: 0, otherCpuSeconds: 0 };

  for (let round = 0; round < rounds; round++) {
    for (const run of runs) {
      const plays = turned(targets, round)
        .filter((target) => isWanted(run, target, round, outcome))
        .map((target) => async () => {
          onProgress(`round ${round + 1} of ${rounds}, ${nameOf(run, target)}`);
          await playUnlessItBreaks(target, run, outcome, machine);
        });
      if (!isTimed) await Promise.all(plays.map((play) => play()));
      else for (const play of plays) await play();
    }
    await Promise.all(targets.map((target) => target.end?.()));
  }
  outcome.otherLoad = machine.otherCpuSeconds / (machine.wallSeconds || 1);
  return outcome;
}

/**
 * Runs that broke off are not tried again.
 * @param {Run} run
 * @param {Target} target
 * @param {number} round
 * @param {Outcome} outcome
 */
function isWanted(run, target, round, { failures }) {
  const { targets, rounds = Infinity } = run;
  const isMeant = round < rounds && (targets?.includes(target.name) ?? true);
  return isMeant && failures.every((failure) => failure.run !== nameOf(run, target));
}

/** @param {Run} run @param {Target} target */
function nameOf({ title }, { name }) {
  return `${name}: ${title}`;
}

/** @type {typeof playOnce} */
async function playUnlessItBreaks(target, run, outcome, machine) {
  try {
    await playOnce(target, run, outcome, machine);
  } catch (error) {
    await target.end?.();
    const reason = error instanceof Error ? error.message : String(error);
    outcome.failures.push({ run: nameOf(run, target), reason });
  }
}

/**
 * @param {Target} target
 * @param {Run} run
 * @param {Outcome} outcome gets the figures and what was wrong
 * @param {{ wallSeconds: number, otherCpuSeconds: number }} machine
 */
async function playOnce(target, run, outcome, machine) {
  const server = await target.start(run.needs);
  // A peer lives on between the runs, so no two runs may share a channel.
  const stage = new Stage(server, `bench-${process.pid}-${Date.now().toString(36)}`);
  try {
    const figures = await withinTime(run.play(stage));
    await stage.conclude();
    outcome.figures.push(...figures.map((figure) => ({ target: target.name, figure })));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error} ${server.lastWords()}`, {
      cause: error,
    });
  } finally {
    await stage.load.end();
    await server.end();
    add(outcome.checks[target.name], stage.checks);
    machine.wallSeconds += stage.wallSeconds;
    machine.otherCpuSeconds += stage.otherCpuSeconds;
  }
}

/**
 * @param {import('./rows.js').Checks | undefined} total
 * @param {import('./rows.js').Checks} checks
 */
function add(total, checks) {
  if (!total) return;
  total.delivered += checks.delivered;
  total.lost += checks.lost;
  total.duplicated += checks.duplicated;
  total.bad += checks.bad;
  total.firstProblem ??= checks.firstProblem;
}

/**
 * @template Result
 * @param {Promise<Result>} work
 * @returns {Promise<Result>}
 */
async function withinTime(work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), RUN_TIMEOUT_MS);
  });
  try {
    return await /** @type {Promise<Result>} */ (Promise.race([work, late]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {number} by
 */
function turned(items, by) {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
