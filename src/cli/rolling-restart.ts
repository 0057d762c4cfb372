import { setTimeout as sleep } from 'node:timers/promises';

/** The nodes of a cluster, as seen from outside. */
export interface ClusterControl {
  /** Names of the live nodes that are not about to stop. */
  nodes(): Promise<readonly string[]>;
  /** Asks a node to drain and exit. Does not wait for it. */
  restart(nodeId: string): Promise<void>;
}

/** How a restart goes. */
export interface RestartOptions {
  /** Only this one; undefined: all. */
  readonly nodeId?: string | undefined;
  /** Does not wait for one node to be back before the next is asked. */
  readonly isAllAtOnce: boolean;
  /** For one node to stop, and again for another to take its place. */
  readonly timeoutMs: number;
  /** Between a node that took a place and the next to be asked. */
  readonly settleMs?: number;
  readonly say: (line: string) => void;
}

/** A restart that cannot go on, in words for who asked for it. */
export class RestartError extends Error {}

const POLL_MS = 250;

/** A node counts a moment before it listens. */
const DEFAULT_SETTLE_MS = 3000;

/**
 * Restarts the nodes of a cluster, one after the other unless told otherwise: asks a node to stop,
 * waits until it has left and until as many nodes are there as before, and goes on with the next.
 * @throws RestartError when a node does not leave, or none takes its place: the others are left alone
 */
export async function rollingRestart(
  cluster: ClusterControl,
  options: RestartOptions,
): Promise<void> {
  const { nodeId, isAllAtOnce, say, settleMs = DEFAULT_SETTLE_MS } = options;
  const present = await cluster.nodes();
  if (present.length === 0) throw new RestartError('No node is running.');
  if (nodeId !== undefined && !present.includes(nodeId)) {
    throw new RestartError(`There is no node ${nodeId}, only ${present.join(', ')}.`);
  }
  const asked = nodeId === undefined ? present : [nodeId];
  for (const [i, id] of asked.entries()) {
    say(`${id}: asked to restart (${i + 1} of ${asked.length})`);
    await cluster.restart(id);
    if (isAllAtOnce) continue;
    await replaced(cluster, id, present.length, options);
    if (i < asked.length - 1) await sleep(settleMs);
  }
}

async function replaced(
  cluster: ClusterControl,
  nodeId: string,
  count: number,
  { timeoutMs, say }: RestartOptions,
): Promise<void> {
  const seconds = timeoutMs / 1000;
  await until(
    async () => !(await cluster.nodes()).includes(nodeId),
    timeoutMs,
    `${nodeId} has not stopped within ${seconds} s. The other nodes were left alone.`,
  );
  say(`${nodeId}: has left`);
  await until(
    async () => (await cluster.nodes()).length >= count,
    timeoutMs,
    `${nodeId} has stopped, but nothing took its place within ${seconds} s. Is a process manager there to start it again? The other nodes were left alone.`,
  );
  say(`${nodeId}: replaced`);
}

async function until(
  isTrue: () => Promise<boolean>,
  timeoutMs: number,
  sentence: string,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() >= endMs) throw new RestartError(sentence);
    await sleep(POLL_MS);
  }
}
