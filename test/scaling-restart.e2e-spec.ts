import { member } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerProcess } from './harness/server-process.js';

afterEach(closeAll);

function restart(redis: RedisServer, ...flags: string[]): ServerProcess {
  return ServerProcess.launch({
    args: ['dist/cli/main.js', 'restart', ...flags],
    variables: { REVERB_SCALING_ENABLED: 'true', ...redis.variables },
  });
}

/** Starts a node for each that ended, as a process manager does, until it is told to stop. */
function keepUp(cluster: NodeCluster, size: number): AbortController {
  const control = new AbortController();
  const watch = async (): Promise<void> => {
    while (!control.signal.aborted) {
      if (cluster.running.length < size) await cluster.add();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  void watch();
  return control;
}

describe('revurb restart', () => {
  it('has one node after the other drain, exit with 0 and be replaced', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(2, redis);
    const former = [...cluster.nodes];
    const members = await Promise.all(
      former.map((node, i) => member(node, 'presence-room', `user-${i}`)),
    );
    const keeping = keepUp(cluster, 2);
    const command = restart(redis);
    let wereBothAway = false;
    while (command.exit === undefined) {
      wereBothAway ||= cluster.running.length === 0;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    keeping.abort();
    expect([command.exit, command.output]).toEqual([0, expect.stringMatching(/replaced/)]);
    expect(wereBothAway).toBe(false);
    expect(former.map(({ exit }) => exit)).toEqual([0, 0]);
    for (const client of members) await client.expectClose(4200);
    await cluster.untilUp();
    expect(cluster.running).toHaveLength(2);
  });

  it('has all nodes exit at once if it is told to', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(2, redis);
    const ann = await member(cluster.nodes[0]!, 'presence-room', 'ann');
    expect(await restart(redis, '--all-at-once', '--timeout', '5').ended()).toBeDefined();
    expect(await Promise.all(cluster.nodes.map((node) => node.ended()))).toEqual([0, 0]);
    await ann.expectClose(4200);
    expect(rosterSeenBy(ann, 'presence-room')).toEqual(['ann']);
  });

  it('says so when Redis cannot be reached, or the server does not scale', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const unreachable = restart(redis);
    expect(await unreachable.ended()).toBe(1);
    expect(unreachable.output).toMatch(/Redis cannot be reached/);
    const alone = ServerProcess.launch({ args: ['dist/cli/main.js', 'restart'] });
    expect(await alone.ended()).toBe(1);
    expect(alone.output).toMatch(/REVERB_SCALING_ENABLED/);
    await eventually(() => expect(redis.isRunning).toBe(false));
  });
});
