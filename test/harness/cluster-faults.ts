import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeCluster } from './node-cluster.js';
import { LEASE_SECONDS } from './node-cluster.js';
import type { Random } from './random.js';
import type { RedisServer } from './redis-server.js';
import type { ServerProcess } from './server-process.js';

const LEASE_MS = LEASE_SECONDS * 1000;

/** Nodes to which things happen, and what may be expected of each. */
export class Landscape {
  private readonly paused = new Set<ServerProcess>();
  private readonly resumedMs = new Map<ServerProcess, number>();
  private readonly doomed = new Set<ServerProcess>();
  /** What happened, and when: on the clock of the frames that clients got. */
  readonly history: string[] = [];

  constructor(
    readonly cluster: NodeCluster,
    readonly redis: RedisServer,
  ) {}

  /** Nodes that newcomers are sent to: they run, and nobody has told them to end. */
  get hosts(): readonly ServerProcess[] {
    return this.cluster.running.filter((node) => !this.paused.has(node) && !this.isDoomed(node));
  }

  /** It was killed, or told to end. */
  isDoomed(node: ServerProcess): boolean {
    return this.doomed.has(node);
  }

  /** It slept at some time since then. */
  sleptSince(node: ServerProcess, sinceMs: number): boolean {
    return this.paused.has(node) || (this.resumedMs.get(node) ?? 0) > sinceMs;
  }

  note(text: string): void {
    this.history.push(`${Math.round(performance.now())} ms: ${text}`);
  }

  /** @throws Error when a node ended unasked, or had something to report that should not happen */
  expectSoundness(): void {
    for (const node of this.cluster.nodes) {
      const { port, exit, output } = node;
      if (exit !== undefined && !this.isDoomed(node)) {
        throw new Error(`Port ${port} ended with ${exit}:\n${output.slice(-5000)}`);
      }
      const error = /^.*"level":"(error|fatal)".*$/m.exec(output);
      if (error !== null) throw new Error(`Port ${port} said:\n${error[0].slice(0, 2000)}`);
    }
  }

  async sleepAwhile(node: ServerProcess, forMs: number): Promise<void> {
    this.paused.add(node);
    this.cluster.pause(node);
    await sleep(forMs);
    this.cluster.resume(node);
    this.resumedMs.set(node, performance.now());
    this.paused.delete(node);
  }

  async kill(node: ServerProcess): Promise<void> {
    this.doomed.add(node);
    await this.cluster.kill(node);
  }

  /** Ends a node in order. @throws Error when it does not exit with 0 */
  async stop(node: ServerProcess): Promise<void> {
    this.doomed.add(node);
    const exit = await this.cluster.stop(node);
    if (exit !== 0) throw new Error(`Port ${node.port}, told to stop, ended with ${exit}.`);
  }
}

/** Something that goes wrong. Resolves when it is over. */
type Fault = (landscape: Landscape, random: Random) => Promise<unknown>;

const milliseconds = (random: Random, from: number, to: number) => from + random.below(to - from);

/** What Redis does to its data. */
const LOSSES: Readonly<Record<string, Fault>> = {
  'Redis loses all, and is back at once': ({ redis }) => redis.restart(),
  'Redis loses all, and is back later': async ({ redis }, random) => {
    await redis.kill();
    await sleep(milliseconds(random, 300, 3_000));
    await redis.restart();
  },
  'Redis is emptied': ({ redis }) => redis.command('FLUSHALL'),
};

/** What happens to Redis. */
const REDIS_FAULTS: Readonly<Record<string, Fault>> = {
  ...LOSSES,
  'connections to Redis are cut': async ({ redis }, random) => {
    const clients = String(await redis.command('CLIENT', 'LIST'));
    for (const [, id] of clients.matchAll(/^id=(\d+)/gm)) {
      // Never the one that asks for it.
      if (random.below(2) === 0) await redis.command('CLIENT', 'KILL', 'ID', id!, 'SKIPME', 'yes');
    }
  },
  'Redis sleeps': async ({ redis }, random) => {
    redis.pause();
    await sleep(milliseconds(random, 500, 3_000));
    redis.resume();
  },
};

/** What happens to a node. */
const NODE_FAULTS: Readonly<Record<string, Fault>> = {
  'a node sleeps for a moment': (landscape, random) =>
    landscape.sleepAwhile(random.of(landscape.hosts), milliseconds(random, 300, LEASE_MS / 2)),
  'a node sleeps longer than its lease': (landscape, random) => {
    const forMs = milliseconds(random, LEASE_MS + 1_000, LEASE_MS + 3_000);
    return landscape.sleepAwhile(random.of(landscape.hosts), forMs);
  },
  'a node is killed, and another one comes': async (landscape, random) => {
    await landscape.kill(random.of(landscape.hosts));
    await landscape.cluster.add();
  },
  'a node comes, and another one stops': async (landscape, random) => {
    const leaving = random.of(landscape.hosts);
    await landscape.cluster.add();
    await landscape.stop(leaving);
  },
  'a node stops, and another one comes': async (landscape, random) => {
    await landscape.stop(random.of(landscape.hosts));
    await landscape.cluster.add();
  },
};

/** Has something go wrong. Resolves when it is over. */
export type Strike = (landscape: Landscape, random: Random) => Promise<void>;

/** Redis loses its data. */
export const loseData: Strike = (landscape, random) =>
  befall(landscape, random, [random.of(Object.entries(LOSSES))]);

/** Anything happens, or two things at once. */
export const anything: Strike = (landscape, random) => {
  const ofRedis = random.of(Object.entries(REDIS_FAULTS));
  const ofNode = random.of(Object.entries(NODE_FAULTS));
  return befall(
    landscape,
    random,
    random.of([[ofRedis], [ofRedis], [ofNode], [ofNode], [ofRedis, ofNode]]),
  );
};

async function befall(
  landscape: Landscape,
  random: Random,
  faults: readonly (readonly [name: string, fault: Fault])[],
): Promise<void> {
  const happening = faults.map(async ([name, fault]) => {
    landscape.note(name);
    await fault(landscape, random);
    landscape.note(`over: ${name}`);
  });
  await Promise.all(happening);
}
