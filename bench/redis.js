// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { adopt, end } from './children.js';

const HOST = '127.0.0.1';
const PROGRAM = 'redis-server';
const START_TIMEOUT_MS = 10_000;
const RETRY_MS = 20;
/** Commands that took longer are remembered one by one. */
const SLOW_MICROS = 100;
const SLOW_COMMANDS_KEPT = 1_000;
/**
 * Below the ports that outgoing connections are given: whoever tries to reach a Redis that is down
 * must not be given that very port, and then be connected to itself.
 */
const PORTS = { first: 12_000, last: 22_000 };

/** Whether there is one on the PATH. */
export function isRedisInstalled() {
  return spawnSync(PROGRAM, ['--version']).status === 0;
}

/** A Redis of its own, which keeps nothing on disk, and what it says of its own work. */
export class RedisServer {
  #child;
  #client;

  /** @param {number} port */
  constructor(port) {
    this.port = port;
    this.#child = launch(port);
    this.#client = new Redis({
      host: HOST,
      port,
      retryStrategy: () => RETRY_MS,
      maxRetriesPerRequest: null,
    });
    this.#client.on('error', () => {});
  }

  static async start() {
    const redis = new RedisServer(await freePort());
    try {
      await redis.#answers();
      return redis;
    } catch (error) {
      await redis.end();
      throw error;
    }
  }

  /** The process of the moment. */
  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /** Ends it at once, so that all its data is lost. */
  async stop() {
    await end(this.#child);
  }

  /** Starts it again, empty, on the same port. Resolves when it answers. */
  async startAgain() {
    this.#child = launch(this.port);
    await this.#answers();
  }

  /** How many connections it has, that of the benchmark among them. */
  async countClients() {
    return Number(/connected_clients:(\d+)/.exec(await this.#client.info('clients'))?.[1]);
  }

  /** Closes every connection to it but the one of the benchmark. @returns {Promise<number>} how many */
  async killClients() {
    const own = await this.#client.client('ID');
    const list = String(await this.#client.client('LIST'));
    const ids = [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => Number(id));
    const others = ids.filter((id) => id !== own);
    await Promise.all(others.map((id) => this.#client.call('CLIENT', 'KILL', 'ID', id)));
    return others.length;
  }

  /** From now on the slow commands are counted anew. */
  async forgetSlow() {
    await this.#client.slowlog('RESET');
  }

  /** The longest time one command has blocked all others, in ms. */
  async slowestMs() {
    const log = /** @type {[number, number, number][]} */ (
      await this.#client.slowlog('GET', String(SLOW_COMMANDS_KEPT))
    );
    return Math.max(0, ...log.map(([, , micros]) => micros)) / 1_000;
  }

  /**
   * Writes down what clients ask of it: not what scripts do in turn, nor the signs of life of the
   * connections. Redis is slower meanwhile.
   * @returns {Promise<{ take: () => string[], end: () => void }>} `take` gives the names of the
   *   commands since it was called last
   */
  async record() {
    const { port } = this;
    const monitor = net.connect({ host: HOST, port }, () => monitor.write('MONITOR\r\n'));
    /** @type {string[]} */
    let commands = [];
    let rest = '';
    await new Promise((resolve, reject) => {
      monitor.on('error', reject);
      monitor.setEncoding('latin1').on('data', (text) => {
        const lines = (rest + String(text)).split('\r\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === '+OK') resolve(undefined);
          else commands.push(...clientCommand(line));
        }
      });
    });
    const take = () => {
      const taken = commands;
      commands = [];
      return taken;
    };
    return { take, end: () => monitor.destroy() };
  }

  async end() {
    this.#client.disconnect();
    await end(this.#child);
  }

  async #answers() {
    const late = new Promise((_resolve, reject) => {
      setTimeout(() => reject(new Error(`${PROGRAM} does not answer`)), START_TIMEOUT_MS).unref();
    });
    await Promise.race([this.#client.ping(), late]);
  }
}

/**
 * @param {string} line of MONITOR: `+<time> [<database> <address, or lua>] "<name>" "<argument>"...`
 * @returns {string[]} the name of the command, if a client sent it for a reason
 */
function clientCommand(line) {
  const [, source, name = ''] = /^\+[\d.]+ \[\d+ (\S+)\] "([^"]*)"/.exec(line) ?? [];
  return source === 'lua' || name === '' || name.toUpperCase() === 'PING' ? [] : [name];
}

/** @param {number} port */
function launch(port) {
  const args = ['--port', port, '--bind', HOST, '--save', '', '--appendonly', 'no'];
  // One that lies there from somebody else would be loaded.
  args.push('--dbfilename', 'none.rdb');
  args.push('--slowlog-log-slower-than', SLOW_MICROS, '--slowlog-max-len', SLOW_COMMANDS_KEPT);
  return adopt(
    spawn(PROGRAM, [...args.map(String), '--loglevel', 'warning'], {
      cwd: tmpdir(),
      stdio: 'ignore',
    }),
  );
}

/** @returns {Promise<number>} */
async function freePort() {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first));
    if (await isFree(port)) return port;
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
