import { closeAll } from '../../../test/harness/eventually.js';
import { RedisCluster } from '../../../test/harness/redis-cluster.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { describeStateStore } from '../../testing/state-store.suite.js';
import { completeScalingOptions, type PartialScalingOptions } from '../scaling.options.js';
import { NodeDirectory } from './node-directory.js';
import { RedisConnections } from './redis-connections.js';
import { RedisStateStore } from './redis-state-store.js';

async function startNodes(count: number, given: PartialScalingOptions) {
  const options = completeScalingOptions({ enabled: true, ...given });
  const nodes = Array.from(
    { length: count },
    () => new RedisStateStore(new RedisConnections(options), new NodeDirectory(), options),
  );
  for (const node of nodes) await node.onModuleInit();
  const close = async () => {
    await Promise.all(nodes.map((node) => node.onApplicationShutdown()));
    await closeAll();
  };
  return { nodes, close };
}

describeStateStore('RedisStateStore, three nodes', async () => {
  const redis = await RedisServer.start();
  return startNodes(3, { redis: redis.options });
});

describeStateStore('RedisStateStore, three nodes over a Cluster', async () => {
  const redis = await RedisCluster.start();
  return startNodes(3, { driver: 'redis-cluster', redis: redis.options });
});
