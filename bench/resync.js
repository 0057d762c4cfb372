// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { expectationOf, untilRight } from './agreement.js';
import { cost, grouped } from './figure.js';
import { cpuSeconds } from './process-usage.js';
import { SUBSCRIPTIONS_EACH } from './sizes.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./figure.js').Figure} Figure */
/** @typedef {import('./redis.js').RedisServer} RedisServer */

const MEMBERS_PER_ROOM = 100;
/** How long Redis is away when it is restarted. */
const AWAY_MS = 500;
const POLL_MS = 10;
const GIVE_UP_MS = 30_000;

export const RESYNC_LABELS = {
  killed: 'connections cut: until both are right again',
  killedRedis: 'connections cut: CPU of Redis',
  killedServers: 'connections cut: CPU of the nodes',
  emptied: 'restarted without data: until both are right again',
  emptiedAfterConnect: 'restarted without data: of that, after the last connection',
  emptiedRedis: 'restarted without data: CPU of Redis',
  emptiedServers: 'restarted without data: CPU of the nodes',
  longest: 'longest command of Redis',
  slowest: 'slowest answer of a node meanwhile',
};

/** @param {number} subscriptions */
export function resyncGroup(subscriptions) {
  return `Resynchronization, ${grouped(subscriptions)} subscriptions on the first of two nodes`;
}

/**
 * One in ten subscriptions is to a presence channel, each with a member on the other node. The time
 * ends when both nodes are ready and the other one gives the right answers.
 * @param {Stage} stage
 * @param {number} subscriptions
 * @param {number} settledMs how long the answers have to stay right
 * @returns {Promise<Figure[]>}
 */
export async function playResync(stage, subscriptions, settledMs) {
  const { redis, pids } = stage.server;
  if (redis === undefined) throw new Error('there is nothing to lose');
  const group = resyncGroup(subscriptions);
  const sockets = subscriptions / SUBSCRIPTIONS_EACH;
  const layout = { sockets, channelsEach: SUBSCRIPTIONS_EACH, membersPerRoom: MEMBERS_PER_ROOM };
  await stage.load.occupy(layout);
  const expected = expectationOf(stage, layout);
  const agree = () => untilRight(stage, expected, settledMs);
  await agree();
  await stage.rest();
  await stage.load.memberFrames();

  const killed = await recovery(agree, redis, pids, async () => {
    await redis.killClients();
    return performance.now();
  });
  const emptied = await recovery(agree, redis, pids, async () => {
    await redis.stop();
    await sleep(AWAY_MS);
    await redis.startAgain();
    return performance.now();
  });
  // Nobody came or went.
  const { result } = await stage.load.memberFrames();
  if (result.frames > 0) {
    stage.checks.bad += result.frames;
    stage.checks.firstProblem ??= `${result.frames} frames told of members who came or went`;
  }
  return [
    cost(group, RESYNC_LABELS.killed, 'ms', killed.ms),
    cost(group, RESYNC_LABELS.killedRedis, 'ms', killed.redisMs),
    cost(group, RESYNC_LABELS.killedServers, 'ms', killed.serverMs),
    cost(group, RESYNC_LABELS.emptied, 'ms', emptied.ms),
    cost(group, RESYNC_LABELS.emptiedAfterConnect, 'ms', emptied.afterConnectMs),
    cost(group, RESYNC_LABELS.emptiedRedis, 'ms', emptied.redisMs),
    cost(group, RESYNC_LABELS.emptiedServers, 'ms', emptied.serverMs),
    cost(group, RESYNC_LABELS.longest, 'ms', Math.max(killed.longestMs, emptied.longestMs)),
    cost(group, RESYNC_LABELS.slowest, 'ms', Math.max(killed.slowestMs, emptied.slowestMs)),
  ];
}

/**
 * @param {() => ReturnType<typeof untilRight>} agree
 * @param {RedisServer} redis
 * @param {number[]} pids
 * @param {() => Promise<number>} act what is to be recovered from @returns when that could begin
 */
async function recovery(agree, redis, pids, act) {
  await redis.forgetSlow();
  const clients = await redis.countClients();
  const serversBefore = total(pids);
  const { pid } = redis;
  const redisBefore = cpuSeconds(pid);
  const begunAt = await act();
  const [{ rightAt, slowestMs }, connectedAt] = await Promise.all([
    agree(),
    untilConnected(redis, clients),
  ]);
  const redisUsed = cpuSeconds(redis.pid) - (redis.pid === pid ? redisBefore : 0);
  return {
    ms: rightAt - begunAt,
    afterConnectMs: rightAt - connectedAt,
    redisMs: redisUsed * 1_000,
    serverMs: (total(pids) - serversBefore) * 1_000,
    longestMs: await redis.slowestMs(),
    slowestMs,
  };
}

/**
 * @param {RedisServer} redis
 * @param {number} clients
 */
async function untilConnected(redis, clients) {
  const deadline = performance.now() + GIVE_UP_MS;
  while (performance.now() < deadline && (await redis.countClients()) < clients) {
    await sleep(POLL_MS);
  }
  return performance.now();
}

/** @param {number[]} pids */
function total(pids) {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}
