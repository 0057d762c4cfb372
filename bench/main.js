// @ts-check
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { benchmark } from './benchmark.js';
import { chart } from './chart.js';
import { endAll, endChildrenWithProcess } from './children.js';
import { describeMachine } from './machine.js';
import { HELP, parseOptions, UsageError } from './options.js';
import { figuresPage, withFigures } from './page.js';
import { json, remarks, table } from './report.js';
import { isFlawless } from './rows.js';
import { sizesFor } from './sizes.js';
import { suitesFor } from './suites.js';
import { naiveServer } from './targets.js';

/** @typedef {import('./rows.js').Outcome} Outcome */

/** @param {string[]} args @returns {Promise<number>} exit code */
async function main(args) {
  const options = parseOptions(args);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (!existsSync(options.serverFile)) {
    throw new UsageError(`${options.serverFile} is not there; run "npm run build" first.`);
  }
  const { sizes, remark } = sizesFor(options.scale);
  const { suites, remarks: omissions } = suitesFor(options, sizes);
  if (suites.length === 0) throw new UsageError(omissions.join(' '));
  for (const sentence of [remark, ...omissions]) if (sentence) tell(sentence);

  endChildrenWithProcess();
  /** @type {Map<import('./suites.js').Suite, Outcome>} */
  const outcomes = new Map();
  for (const suite of suites) {
    const isTimed = options.scale !== 'smoke';
    const outcome = await benchmark({
      ...suite,
      rounds: options.rounds,
      isTimed,
      onProgress: tell,
    });
    outcomes.set(suite, outcome);
    process.stdout.write(`\n${table(outcome)}\n\n${remarks(outcome)}\n`);
  }
  // Whatever a run that broke off has left behind.
  await endAll();
  const machine = describeMachine();
  if (options.jsonFile !== undefined) {
    writeFileSync(options.jsonFile, json(byKey(outcomes, 'name'), sizes, machine));
  }
  if (options.pageFile !== undefined) {
    writePage(options.pageFile, byKey(outcomes, 'heading'), machine, args);
  }
  return [...outcomes.values()].every(isFlawless) ? 0 : 1;
}

/**
 * @param {string} file
 * @param {Record<string, Outcome>} outcomes by heading
 * @param {import('./machine.js').Machine} machine
 * @param {string[]} args
 */
function writePage(file, outcomes, machine, args) {
  const page = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const command = ['npm run bench --', ...args].join(' ');
  const figures = [figuresPage(outcomes, machine, command)];
  const reference = Object.values(outcomes).find(({ targets }) =>
    targets.includes(naiveServer.name),
  );
  if (reference !== undefined) {
    const chartFile = file.replace(/\.md$/, '.svg');
    writeFileSync(chartFile, chart(reference, naiveServer.name));
    figures.unshift(`![What the same work costs](${basename(chartFile)})`);
  }
  writeFileSync(file, withFigures(page, figures.join('\n\n')));
}

/**
 * @param {Map<import('./suites.js').Suite, Outcome>} outcomes
 * @param {'name' | 'heading'} key
 * @returns {Record<string, Outcome>}
 */
function byKey(outcomes, key) {
  return Object.fromEntries([...outcomes].map(([suite, outcome]) => [suite[key], outcome]));
}

/** @param {string} line */
function tell(line) {
  process.stderr.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message} See npm run bench -- --help.\n`);
  process.exitCode = 2;
}
