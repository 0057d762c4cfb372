// @ts-check
/** The same server as one process and as several, where the build can do that. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRuns } from './connection-scenarios.js';
import { playFanOut, playMany, playPublish } from './delivery-scenarios.js';
import { startNode, WORKING_DIRECTORY } from './node-process.js';
import { processTree, untilQuiet } from './process-usage.js';
import { APPLICATION } from './targets.js';

const VARIABLE = 'REVERB_WORKERS';
const WORKERS = 2;
export const SEVERAL_WORKERS = `${WORKERS} workers`;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** @type {Record<string, (sizes: import('./sizes.js').Sizes) => import('./benchmark.js').Run[]>} */
export const WORKER_SCENARIOS = {
  workers: ({ fanOut, many, publish, connect, warmUp }) => [
    { title: 'fan-out', play: (stage) => playFanOut(stage, fanOut) },
    { title: 'many channels', play: (stage) => playMany(stage, many) },
    { title: 'publish to nobody', play: (stage) => playPublish(stage, publish) },
    ...connect.flatMap((count) => connectRuns(count, warmUp)),
  ],
};

/** Whether the build lists the variable among those it knows. @param {string} serverFile */
export function canHaveWorkers(serverFile) {
  const commandLine = join(dirname(serverFile), 'cli/main.js');
  const { stdout } = spawnSync(process.execPath, [commandLine, 'config', '--json'], {
    cwd: WORKING_DIRECTORY,
    encoding: 'utf8',
  });
  return stdout.includes(`"${VARIABLE}"`);
}

/**
 * @param {string} serverFile
 * @returns {import('./targets.js').Target[]} several processes first, for they are compared with one
 */
export function workerTargets(serverFile) {
  return [
    { name: SEVERAL_WORKERS, start: () => startWorkers(serverFile, WORKERS) },
    { name: 'one worker', start: () => startWorkers(serverFile, 1) },
  ];
}

/**
 * @param {string} file
 * @param {number} count
 * @returns {Promise<import('./targets.js').RunningServer>}
 */
async function startWorkers(file, count) {
  const environment = { [VARIABLE]: String(count) };
  const { address, pid, lastWords, end } = await startNode({
    file,
    application: APPLICATION,
    environment,
  });
  try {
    const pids = await untilStarted(pid, count);
    // The first process does not get the chance to end the others.
    const endAll = async () => {
      await end();
      for (const worker of pids.filter((each) => each !== pid)) kill(worker);
    };
    return { nodes: [address], pids, lastWords, end: endAll };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * @param {number} pid
 * @param {number} workers
 * @returns {Promise<number[]>} all processes of the server
 */
async function untilStarted(pid, workers) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  // Several have one more that looks after them.
  const least = workers > 1 ? workers + 1 : 1;
  while (performance.now() < deadline) {
    const pids = processTree(pid);
    if (pids.length >= least) {
      await Promise.all(pids.map(untilQuiet));
      return processTree(pid);
    }
    await sleep(POLL_MS);
  }
  throw new Error(`there are no ${workers} processes`);
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
