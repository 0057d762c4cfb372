import { MetricsHandler } from '../src/metrics/metrics.handler.js';
import { subscriber } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, type ClusterNode, type StartNode } from './harness/node-cluster.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { ServerProcess } from './harness/server-process.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

/** Two nodes, and one in this process, which can be asked. */
async function startThree<Node extends ClusterNode>(
  startNode: StartNode<Node>,
  variables: Record<string, string> = {},
) {
  const redis = await RedisServer.start();
  const shared = { REVERB_SCALING_LEASE: '10', ...variables };
  const cluster = await NodeCluster.startWith(2, redis, shared, startNode);
  const own = await startServer({
    REVERB_SCALING_ENABLED: 'true',
    REVERB_SCALING_HEARTBEAT: '1',
    ...redis.variables,
    ...shared,
  });
  const metrics = own.app.get(MetricsHandler, { strict: false });
  const ask = () => metrics.nodes();
  await eventually(async () => expect((await ask()).nodes).toHaveLength(3));
  const [one, two] = cluster.nodes as [Node, Node];
  return { redis, cluster, own, ask, one, two };
}

describe('The figures of all nodes', () => {
  it('are those that each tells of itself', async () => {
    const { own, ask, one, two } = await startThree(ServerHere.start);
    await subscriber(one, 'a');
    await subscriber(one, 'b');
    await subscriber(two, 'a');
    const client = await PusherClient.connect(own);
    await client.roundTrip();
    for (const node of [one, one, two]) await publish(node, 'a', 'event');
    const { nodes, isPartial } = await ask();
    expect(isPartial).toBe(false);
    expect(new Set(nodes.map(({ nodeId }) => nodeId)).size).toBe(3);
    const figures = nodes.map(({ connections, eventsPublished, messagesReceived }) => {
      return { connections, eventsPublished, messagesReceived };
    });
    expect(figures.sort((x, y) => y.eventsPublished - x.eventsPublished)).toEqual([
      { connections: 2, eventsPublished: 2, messagesReceived: 2 },
      { connections: 1, eventsPublished: 1, messagesReceived: 1 },
      { connections: 1, eventsPublished: 0, messagesReceived: 1 },
    ]);
    for (const node of nodes) {
      expect(node.memoryBytes).toBeGreaterThan(1_000_000);
      expect(node.version).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  it('are partial, after a second, when a node does not answer', async () => {
    const { cluster, ask, one } = await startThree(ServerProcess.start);
    cluster.pause(one);
    const askedAt = performance.now();
    const { nodes, isPartial } = await ask();
    expect(performance.now() - askedAt).toBeLessThan(2_500);
    expect({ isPartial, count: nodes.length }).toEqual({ isPartial: true, count: 2 });
    cluster.resume(one);
    await eventually(async () => expect(await ask()).toMatchObject({ isPartial: false }));
  });

  it('are those of live nodes only, and whole again when a dead one has been given up', async () => {
    const { cluster, ask, one, two } = await startThree(ServerProcess.start);
    await cluster.stop(one);
    await eventually(async () => {
      const { nodes, isPartial } = await ask();
      expect({ isPartial, count: nodes.length }).toEqual({ isPartial: false, count: 2 });
    });
    await cluster.kill(two);
    await eventually(
      async () => {
        const { nodes, isPartial } = await ask();
        expect({ isPartial, count: nodes.length }).toEqual({ isPartial: false, count: 1 });
      },
      { withinMs: 15_000, everyMs: 200 },
    );
  });

  it('are not disturbed by a foreign subscriber', async () => {
    const { redis, ask } = await startThree(ServerHere.start);
    const foreign = redis.connect();
    await foreign.psubscribe('*');
    const topics = (await redis.command('PUBSUB', 'CHANNELS', '*')) as string[];
    const listener = redis.connect();
    await listener.subscribe(...topics);
    const { nodes, isPartial } = await ask();
    expect({ isPartial, count: nodes.length }).toEqual({ isPartial: false, count: 3 });
  });

  it('hold no list of connections, however many there are', async () => {
    const { redis, ask, one } = await startThree(ServerHere.start);
    const clients = await Promise.all(Array.from({ length: 50 }, () => PusherClient.connect(one)));
    const monitor = await redis.monitor();
    await ask();
    const told = monitor.lines.filter((line) => /^"publish"/i.test(line));
    expect(told.length).toBeGreaterThan(0);
    for (const line of told) {
      expect(line.length).toBeLessThan(2_000);
      for (const { socketId } of clients) expect(line).not.toContain(socketId);
    }
  });

  it('are those of this node alone while Redis is away', async () => {
    const { redis, cluster, ask } = await startThree(ServerHere.start);
    await redis.kill();
    await cluster.untilDown();
    await eventually(async () => {
      const { nodes, isPartial } = await ask();
      expect({ isPartial, count: nodes.length }).toEqual({ isPartial: true, count: 1 });
    });
  });
});
