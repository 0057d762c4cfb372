// @ts-check
/** What it costs that somebody looks: the same server with the page of the inspector open, closed, and without one. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adopt, end } from './children.js';
import { playFanOut, playFanOutInTurns, playMany, playPublish } from './delivery-scenarios.js';
import { startNode } from './node-process.js';
import { APPLICATION } from './targets.js';

const WATCHER = fileURLToPath(new URL('./inspector-watcher.js', import.meta.url));
const TOKEN = 'token-of-the-benchmark';

export const WATCHED = 'watched';

/** @type {Record<string, (sizes: import('./sizes.js').Sizes) => import('./benchmark.js').Run[]>} */
export const INSPECTOR_SCENARIOS = {
  inspector: ({ fanOut, many, publish }) => [
    { title: 'fan-out', play: (stage) => playFanOut(stage, fanOut) },
    { title: 'many channels', play: (stage) => playMany(stage, many) },
    { title: 'publish to nobody', play: (stage) => playPublish(stage, publish) },
    {
      title: 'fan-out, watched by turns',
      targets: [WATCHED],
      play: (stage) => playFanOutInTurns(stage, fanOut),
    },
  ],
};

/** Whether the build has one. @param {string} serverFile */
export function hasInspector(serverFile) {
  return existsSync(join(dirname(serverFile), 'inspector'));
}

/**
 * @param {string} serverFile
 * @returns {import('./targets.js').Target[]} the one that is watched first, for it is compared with the others
 */
export function inspectorTargets(serverFile) {
  return [
    { name: WATCHED, start: () => start(serverFile, { isEnabled: true, isWatched: true }) },
    { name: 'unwatched', start: () => start(serverFile, { isEnabled: true, isWatched: false }) },
    { name: 'without', start: () => start(serverFile, { isEnabled: false, isWatched: false }) },
  ];
}

/**
 * @param {string} file
 * @param {{ isEnabled: boolean, isWatched: boolean }} settings
 * @returns {Promise<import('./targets.js').RunningServer>}
 */
async function start(file, { isEnabled, isWatched }) {
  const environment = {
    REVERB_INSPECTOR_ENABLED: String(isEnabled),
    REVERB_INSPECTOR_TOKEN: TOKEN,
  };
  const node = await startNode({ file, application: APPLICATION, environment });
  const { address, pid, lastWords } = node;
  const watcher = isWatched ? await watch(address, node.end) : undefined;
  const endBoth = async () => {
    if (watcher !== undefined) await end(watcher);
    await node.end();
  };
  return {
    nodes: [address],
    pids: [pid],
    ...(watcher !== undefined && { watch: (isWanted) => tell(watcher, isWanted) }),
    lastWords,
    end: endBoth,
  };
}

/**
 * Resolves when the server has heard of it.
 * @param {import('node:child_process').ChildProcess} watcher
 * @param {boolean} isWanted
 */
async function tell(watcher, isWanted) {
  watcher.send(isWanted ? 'watch' : 'rest');
  const over = new AbortController();
  const options = { signal: over.signal };
  const events = ['message', 'exit'].map((event) => once(watcher, event, options));
  const [said] = await Promise.race(events);
  over.abort();
  if (typeof said !== 'string') throw new Error('nobody watches the server any more');
}

/**
 * Opens what stands for a page, in a process of its own, as a browser is one.
 * @param {import('./load/raw-connection.js').Server} server
 * @param {() => Promise<void>} onFailed
 */
async function watch({ host, port, application }, onFailed) {
  const watcher = adopt(
    fork(WATCHER, [JSON.stringify({ host, port, token: TOKEN, appId: application.id })]),
  );
  const [said] = await Promise.race([once(watcher, 'message'), once(watcher, 'exit')]);
  if (said === 'watching') return watcher;
  await onFailed();
  throw new Error('nobody could watch the server');
}
