// @ts-check
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adopt, end } from './children.js';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 30_000;
const NAIVE_SERVER = fileURLToPath(new URL('./naive-server.js', import.meta.url));
/** Servers start here, where no `.env` of the project changes what is measured. */
const WORKING_DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

export const APPLICATION = Object.freeze({ id: 'app-id', key: 'app-key', secret: 'app-secret' });

/**
 * @typedef {object} RunningServer
 * @property {import('./load/subscriber-pool.js').Server} address
 * @property {number | undefined} pid undefined when only its behaviour can be measured
 * @property {() => string} lastWords what it wrote last
 * @property {() => Promise<void>} end
 */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {() => Promise<RunningServer>} start
 */

/**
 * A file run by node in a process of its own, on a free port each time it starts.
 * @param {string} name
 * @param {string} file
 * @returns {Target}
 */
export function nodeServer(name, file) {
  return {
    name,
    start: async () => {
      const port = await freePort();
      const child = adopt(
        spawn(process.execPath, [file], {
          cwd: WORKING_DIRECTORY,
          env: { ...process.env, ...environment(port) },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      );
      const lastWords = listen(child);
      try {
        await answersUp(port, child);
      } catch (error) {
        await end(child);
        throw new Error(`${name} did not start: ${lastWords()}`, { cause: error });
      }
      const address = { host: HOST, port, path: '', application: APPLICATION };
      return { address, pid: child.pid, lastWords, end: () => end(child) };
    },
  };
}

export const naiveServer = nodeServer('naive', NAIVE_SERVER);

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
  const start = async () => ({ address, pid, lastWords: () => '', end: async () => {} });
  return { name, start };
}

/** @param {number} port */
function environment(port) {
  return {
    REVERB_SERVER_HOST: HOST,
    REVERB_SERVER_PORT: String(port),
    REVERB_APP_ID: APPLICATION.id,
    REVERB_APP_KEY: APPLICATION.key,
    REVERB_APP_SECRET: APPLICATION.secret,
    REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
  };
}

/**
 * Reads the child's output, for otherwise its pipe would fill, and keeps the end.
 * @param {import('node:child_process').ChildProcess} child
 */
function listen(child) {
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      words = (words + text).slice(-2_000);
    });
  }
  return () => {
    const ending = child.exitCode ?? child.signalCode;
    return `${ending === null ? '' : `(it exited with ${ending}) `}${words.trim()}`;
  };
}

/**
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 */
async function answersUp(port, child) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    try {
      const response = await fetch(`http://${HOST}:${port}/up`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(2_000),
      });
      if (response.status === 200) return;
    } catch {
      // Not listening yet.
    }
    await sleep(50);
  }
  throw new Error('GET /up never answered 200');
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
