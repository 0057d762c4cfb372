// @ts-check
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { benchmark } from './benchmark.js';
import { endChildrenWithProcess } from './children.js';
import { HELP, parseOptions, sizesFor, UsageError } from './options.js';
import { isFlawless, json, remarks, table } from './report.js';
import { naiveServer, nodeServer, peer } from './targets.js';

const BUILT_SERVER = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** @param {string[]} args @returns {Promise<number>} exit code */
async function main(args) {
  const options = parseOptions(args);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (!existsSync(BUILT_SERVER)) {
    throw new UsageError('dist/main.js is not there; run "npm run build" first.');
  }
  const { sizes, remark } = sizesFor(options.isQuick);
  if (remark) process.stderr.write(`${remark}\n`);

  endChildrenWithProcess();
  const outcome = await benchmark({
    targets: [
      nodeServer('revurb', BUILT_SERVER),
      naiveServer,
      ...options.peers.map(({ name, url, pid }) => peer(name, url, pid)),
    ],
    scenarios: options.scenarios,
    sizes,
    rounds: options.rounds,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`\n${table(outcome)}\n\n${remarks(outcome)}\n`);
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, json(outcome));
  return isFlawless(outcome) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message} See npm run bench -- --help.\n`);
  process.exitCode = 2;
}
