// @ts-check
import { fileURLToPath } from 'node:url';
import { HOST, startNode } from './node-process.js';

const NAIVE_SERVER = fileURLToPath(new URL('./naive-server.js', import.meta.url));

export const APPLICATION = Object.freeze({ id: 'app-id', key: 'app-key', secret: 'app-secret' });

/** The limit of the server that is measured: the default, whatever is set where the benchmark runs. */
export const MAX_OUTBOX_BYTES = 1_048_576;

/**
 * @typedef {object} RunningServer
 * @property {import('./load/raw-connection.js').Server[]} nodes at least one
 * @property {number[]} pids of the nodes; empty when only their behaviour can be measured
 * @property {number} [maxOutboxBytes] unsent bytes of one connection before it is closed, if known
 * @property {import('./redis.js').RedisServer} [redis] what the nodes share
 * @property {(channel: string, members: number) => Promise<void>} [fill] makes users without a
 *   connection members of a presence channel
 * @property {(isWatched: boolean) => Promise<void>} [watch] has the page of its inspector watch, or not
 * @property {() => string} lastWords what it wrote last
 * @property {() => Promise<void>} end
 */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {(needs?: Needs) => Promise<RunningServer>} start
 * @property {() => Promise<void>} [end] ends what still runs between two runs
 */

/**
 * What a run needs of the server it gets.
 * @typedef {{ isFillable?: boolean }} Needs that members can be made without a connection
 */

/**
 * A file run by node in a process of its own, on a free port each time it starts.
 * @param {string} name
 * @param {string} file
 * @param {{ environment?: NodeJS.ProcessEnv, maxOutboxBytes?: number }} [settings]
 * @returns {Target}
 */
export function nodeServer(name, file, { environment, maxOutboxBytes } = {}) {
  return {
    name,
    start: async () => {
      const node = await startNode({ file, application: APPLICATION, environment });
      const { address, pid, lastWords, end } = node;
      return { nodes: [address], pids: [pid], maxOutboxBytes, lastWords, end };
    },
  };
}

export const naiveServer = nodeServer('naive', NAIVE_SERVER);

/**
 * Starts a server once for all runs, and anew after it was told to end. It can be filled with members
 * if it can be at all.
 * @param {Target} target
 * @returns {Target}
 */
export function keptRunning({ name, start }) {
  /** @type {RunningServer | undefined} */
  let running;
  return {
    name,
    start: async () => {
      running ??= await start({ isFillable: true });
      return { ...running, end: async () => {} };
    },
    end: async () => {
      await running?.end();
      running = undefined;
    },
  };
}

/**
 * A server somebody else runs. It is not restarted between the runs.
 * @param {string} name
 * @param {URL} url
 * @param {number | undefined} pid
 * @returns {Target}
 */
export function peer(name, url, pid) {
  const address = {
    host: url.hostname === 'localhost' ? HOST : url.hostname,
    port: Number(url.port || 80),
    path: url.pathname.replace(/\/$/, ''),
    application: APPLICATION,
  };
  const pids = pid === undefined ? [] : [pid];
  const start = async () => ({ nodes: [address], pids, lastWords: () => '', end: async () => {} });
  return { name, start };
}
