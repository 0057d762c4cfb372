// @ts-check
import { cpus } from 'node:os';
import { LoadDriver } from './load-driver.js';
import { noChecks } from './rows.js';
import { cpuSeconds, residentKilobytes, untilQuiet } from './process-usage.js';

/** How often memory is looked at while it is watched. */
const MEMORY_STEP_MS = 100;

/**
 * One running server, of one node or several, and the load for it: what a scenario plays on.
 */
export class Stage {
  checks = noChecks();
  /** Of the machine, while something was measured. */
  wallSeconds = 0;
  otherCpuSeconds = 0;

  /**
   * @param {import('./targets.js').RunningServer} server
   * @param {string} prefix of all channel names
   */
  constructor(server, prefix) {
    this.server = server;
    this.prefix = prefix;
    this.load = new LoadDriver(server.nodes, prefix);
  }

  /**
   * Connects and subscribes. Some may fail, which the checks tell; all failing breaks the run off.
   * @param {Parameters<LoadDriver['open']>[0]} order
   */
  async open(order) {
    const answer = await this.load.open(order);
    if (answer.result.ready === 0) {
      const { result } = await this.load.problems();
      throw new Error(`no connection could be made: ${result.first}`);
    }
    return answer;
  }

  /**
   * Publishes and adds up what arrived.
   * @param {import('./load-client.js').PublishOrder} order
   */
  async publish(order) {
    return this.#checked(await this.load.publish(order));
  }

  /**
   * Sends client events and adds up what arrived.
   * @param {Parameters<LoadDriver['converse']>[0]} order
   */
  async converse(order) {
    return this.#checked(await this.load.converse(order));
  }

  /** Lets the visitors of a room come, or go. @param {'enter' | 'exit'} direction */
  async pass(direction) {
    return this.#checked(await this.load.pass(direction));
  }

  /** Lets those read on who stopped, and adds up what they still get. @param {{ size: number }} order */
  async readOn(order) {
    return this.#checked(await this.load.readOn(order));
  }

  /** Adds the load client's own complaints to the checks. */
  async conclude() {
    const { result } = await this.load.problems();
    this.checks.bad += result.count;
    this.checks.firstProblem ??= result.first;
  }

  /**
   * What the server, its Redis included, used for an action, from rest to rest.
   * @template Result
   * @param {() => Promise<import('./load-driver.js').Answer<Result>>} action
   * @returns {Promise<{ result: Result, cpuMicros: number, clientMicros: number }>} cpuMicros is
   *   NaN when the server's process is unknown
   */
  async measure(action) {
    await this.rest();
    const before = this.#sample();
    const { result, clientMicros } = await action();
    await this.rest();
    const after = this.#sample();

    const serverSeconds = after.server - before.server;
    if (!Number.isNaN(serverSeconds)) {
      const ours = serverSeconds + clientMicros / 1e6 + after.own - before.own;
      this.otherCpuSeconds += Math.max(0, after.machine - before.machine - ours);
      this.wallSeconds += after.at - before.at;
    }
    return { result, cpuMicros: serverSeconds * 1e6, clientMicros };
  }

  /**
   * The most memory the server took during an action.
   * @template Result
   * @param {() => Promise<Result>} action
   * @returns {Promise<{ answer: Result, peak: number }>} in KB, NaN when its processes are unknown
   */
  async watchMemory(action) {
    let peak = this.memory();
    const look = () => {
      try {
        peak = Math.max(peak, this.memory());
      } catch {
        // The server has ended, which the action will tell.
      }
    };
    const watch = setInterval(look, MEMORY_STEP_MS);
    try {
      return { answer: await action(), peak };
    } finally {
      clearInterval(watch);
    }
  }

  /** Waits until the server has nothing to do. */
  async rest() {
    await Promise.all(this.#pids().map(untilQuiet));
  }

  /** Resident memory of the server's nodes in KB, NaN when their processes are unknown. */
  memory() {
    return sum(this.server.pids.map(residentKilobytes));
  }

  /**
   * @template {import('./rows.js').Checks & { disordered?: number }} Result
   * @param {import('./load-driver.js').Answer<Result>} answer
   */
  #checked(answer) {
    const { delivered, lost, duplicated, bad, disordered = 0 } = answer.result;
    this.checks.delivered += delivered;
    this.checks.lost += lost;
    this.checks.duplicated += duplicated;
    this.checks.bad += bad + disordered;
    if (disordered > 0) this.checks.firstProblem ??= 'subscribers saw different orders';
    return answer;
  }

  /** Those whose work is the server's. A Redis that was restarted is another process. */
  #pids() {
    const { pids, redis } = this.server;
    return redis === undefined ? pids : [...pids, redis.pid];
  }

  #sample() {
    const own = process.cpuUsage();
    return {
      at: performance.now() / 1000,
      server: sum(this.#pids().map(cpuSeconds)),
      own: (own.user + own.system) / 1e6,
      machine: machineSeconds(),
    };
  }
}

function machineSeconds() {
  let milliseconds = 0;
  for (const { times } of cpus()) milliseconds += times.user + times.nice + times.sys + times.irq;
  return milliseconds / 1000;
}

/** @param {number[]} values @returns {number} NaN when there are none */
function sum(values) {
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0);
}
