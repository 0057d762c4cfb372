// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isScalingUp } from './api.js';
import { startNode } from './node-process.js';
import { RedisServer } from './redis.js';
import { APPLICATION } from './targets.js';

const FILLABLE_SERVER = fileURLToPath(new URL('./server-with-members.js', import.meta.url));
const READY_TIMEOUT_MS = 20_000;

export const ONE_NODE = 'one node';
export const WITH_REDIS = 'with Redis';
export const TWO_NODES = 'two nodes';

/**
 * The same server alone, alone with Redis, and as one of two; each with a Redis of its own.
 * @param {string} file
 * @returns {import('./targets.js').Target[]}
 */
export function scalingTargets(file) {
  return [
    { name: ONE_NODE, start: (needs) => startCluster(file, 1, undefined, needs) },
    { name: WITH_REDIS, start: async (needs) => startWithRedis(file, 1, needs) },
    { name: TWO_NODES, start: async (needs) => startWithRedis(file, 2, needs) },
  ];
}

/**
 * @param {string} file
 * @param {number} count of nodes
 * @param {import('./targets.js').Needs} [needs]
 */
async function startWithRedis(file, count, needs) {
  const redis = await RedisServer.start();
  try {
    return await startCluster(file, count, redis, needs);
  } catch (error) {
    await redis.end();
    throw error;
  }
}

/**
 * @param {string} file
 * @param {number} count of nodes
 * @param {RedisServer | undefined} redis
 * @param {import('./targets.js').Needs} [needs]
 * @returns {Promise<import('./targets.js').RunningServer>}
 */
async function startCluster(file, count, redis, { isFillable = false } = {}) {
  const launch = isFillable ? { file: FILLABLE_SERVER, args: [file] } : { file };
  const environment = scalingEnvironment(redis);
  const starting = Array.from({ length: count }, () =>
    startNode({ ...launch, application: APPLICATION, environment }),
  );
  const nodes = await allOrNone(starting);
  const addresses = nodes.map(({ address }) => address);
  const lastWords = () => nodes.map((node) => node.lastWords()).join('\n');
  const end = async () => {
    await Promise.all(nodes.map((node) => node.end()));
    await redis?.end();
  };
  try {
    if (redis !== undefined) await untilUp(addresses);
  } catch (error) {
    await end();
    throw new Error(`the nodes do not reach Redis: ${lastWords()}`, { cause: error });
  }
  return {
    nodes: addresses,
    pids: nodes.map(({ pid }) => pid),
    redis,
    fill: async (channel, members) => {
      const share = Math.ceil(members / count);
      const shareOf = (/** @type {number} */ node) => Math.min(members, node * share);
      await Promise.all(
        nodes.map((node, i) =>
          node.tell({ appId: APPLICATION.id, channel, from: shareOf(i), to: shareOf(i + 1) }),
        ),
      );
    },
    lastWords,
    end,
  };
}

/**
 * @param {Promise<import('./node-process.js').NodeProcess>[]} starting
 * @throws when one of them does not start; the others are ended
 */
async function allOrNone(starting) {
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const start of await Promise.allSettled(starting)) {
      if (start.status === 'fulfilled') await start.value.end();
    }
    throw error;
  }
}

/**
 * Takes nothing of what is exported for another Redis.
 * @param {RedisServer | undefined} redis
 * @returns {NodeJS.ProcessEnv}
 */
function scalingEnvironment(redis) {
  const foreign = Object.keys(process.env).filter((name) => /^(REVERB_)?REDIS_/.test(name));
  return {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    REVERB_SCALING_ENABLED: String(redis !== undefined),
    REVERB_SCALING_DRIVER: 'redis',
    ...(redis && { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) }),
  };
}

/** @param {import('./load/raw-connection.js').Server[]} nodes */
async function untilUp(nodes) {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const areUp = await Promise.all(nodes.map(isScalingUp));
    if (areUp.every(Boolean)) return;
    await sleep(50);
  }
  throw new Error('not in time');
}
