// @ts-check
import { existsSync, writeFileSync } from 'node:fs';
import { benchmark } from './benchmark.js';
import { endAll, endChildrenWithProcess } from './children.js';
import { HELP, parseOptions, sizesFor, UsageError } from './options.js';
import { isFlawless, json, remarks, table } from './report.js';
import { suitesFor } from './suites.js';

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
  const { sizes, remark } = sizesFor(options.isQuick);
  const { suites, remark: omission } = suitesFor(options, sizes);
  for (const sentence of [remark, omission]) if (sentence) process.stderr.write(`${sentence}\n`);

  endChildrenWithProcess();
  /** @type {Record<string, import('./report.js').Outcome>} */
  const outcomes = {};
  for (const { name, ...suite } of suites) {
    const { rounds } = options;
    const onProgress = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
    const outcome = await benchmark({ ...suite, rounds, onProgress });
    outcomes[name] = outcome;
    process.stdout.write(`\n${table(outcome)}\n\n${remarks(outcome)}\n`);
  }
  // Whatever a run that broke off has left behind.
  await endAll();
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, json(outcomes, sizes));
  return Object.values(outcomes).every(isFlawless) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message} See npm run bench -- --help.\n`);
  process.exitCode = 2;
}
