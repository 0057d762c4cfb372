// @ts-check
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adopt, end } from './children.js';

export const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 30_000;
/** Servers start here, where no `.env` of the project changes what is measured. */
export const WORKING_DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

/**
 * @typedef {object} NodeProcess
 * @property {import('./load/raw-connection.js').Server} address
 * @property {number} pid
 * @property {(order: object) => Promise<void>} tell an order over IPC; resolves with the answer
 * @property {() => string} lastWords what it wrote last
 * @property {() => Promise<void>} end
 */

/**
 * Runs a file with node in a process of its own, on a free port. Resolves when it answers.
 * @param {object} node
 * @param {string} node.file
 * @param {string[]} [node.args] the process takes orders over IPC when there are any
 * @param {import('./load/publisher.js').Application} node.application
 * @param {NodeJS.ProcessEnv} [node.environment] beside what every server is told
 * @returns {Promise<NodeProcess>}
 */
export async function startNode({ file, args = [], application, environment = {} }) {
  const port = await freePort();
  const child = adopt(
    spawn(process.execPath, [file, ...args], {
      cwd: WORKING_DIRECTORY,
      env: { ...process.env, ...environmentOf(port, application), ...environment },
      stdio: ['ignore', 'pipe', 'pipe', args.length > 0 ? 'ipc' : 'ignore'],
    }),
  );
  const lastWords = listen(child);
  try {
    await answersUp(port, child);
  } catch (error) {
    await end(child);
    throw new Error(`${file} did not start: ${lastWords()}`, { cause: error });
  }
  return {
    address: { host: HOST, port, path: '', application },
    pid: /** @type {number} */ (child.pid),
    tell: (order) => tell(child, order),
    lastWords,
    end: () => end(child),
  };
}

/**
 * @param {number} port
 * @param {import('./load/publisher.js').Application} application
 */
function environmentOf(port, application) {
  return {
    REVERB_SERVER_HOST: HOST,
    REVERB_SERVER_PORT: String(port),
    REVERB_APP_ID: application.id,
    REVERB_APP_KEY: application.key,
    REVERB_APP_SECRET: application.secret,
    REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
    // As in production, whoever runs this.
    REVERB_INSPECTOR_ENABLED: 'false',
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {object} order
 * @returns {Promise<void>}
 */
function tell(child, order) {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the server ended'));
    child.once('exit', onExit);
    child.once('message', (/** @type {{ error?: string }} */ { error }) => {
      child.off('exit', onExit);
      if (error === undefined) resolve();
      else reject(new Error(error));
    });
    child.send(order);
  });
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
