import { encodeClusterMessage } from '../src/scaling/cluster-message-codec.js';
import { publishTo } from './harness/api.js';
import { closeAll, eventually } from './harness/eventually.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { LEASE_SECONDS, SWEEP_MS } from './harness/node-cluster.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerProcess } from './harness/server-process.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const SCALING = {
  REVERB_METRICS_ENABLED: 'true',
  REVERB_SCALING_ENABLED: 'true',
  REVERB_SCALING_HEARTBEAT: '1',
  REVERB_SCALING_LEASE: String(LEASE_SECONDS),
};

async function startNodes(count: number) {
  const redis = await RedisServer.start();
  const variables = { ...SCALING, ...redis.variables };
  const nodes = await Promise.all(Array.from({ length: count }, () => startServer(variables)));
  await Promise.all(nodes.map((node) => untilValue(node, 'revurb_cluster_nodes', count)));
  return { redis, nodes, variables };
}

function untilValue(node: { httpUrl: string }, name: string, value: number): Promise<void> {
  return eventually(async () => expect((await MetricsScrape.of(node)).value(name)).toBe(value), {
    withinMs: SWEEP_MS,
    everyMs: 50,
  });
}

/** A subscriber of a channel, and what publishes to the channel as a foreign node would. */
async function listen(node: TestServer, redis: RedisServer, channel: string) {
  const client = await PusherClient.connect(node);
  await client.subscribe(channel);
  const topics = (await redis.command('PUBSUB', 'CHANNELS', `*${channel}*`)) as string[];
  expect(topics).toHaveLength(1);
  const foreign = redis.connect();
  const send = (sequence: number, previous: number) =>
    foreign.publish(
      topics[0]!,
      encodeClusterMessage({
        origin: '0123456789abcdef',
        sequence,
        previous,
        message: { type: 'terminate', appId: 'app-id', userId: 'nobody' },
      }),
    );
  const sendGarbage = () => foreign.publish(topics[0]!, 'garbage');
  return { client, send, sendGarbage };
}

describe('Each of several nodes', () => {
  it('shows what is its own: connections, events taken, deliveries', async () => {
    const { nodes } = await startNodes(2);
    const [one, two] = nodes as [TestServer, TestServer];
    const clients = [await PusherClient.connect(two), await PusherClient.connect(two)];
    for (const client of clients) await client.subscribe('c');
    await publishTo(one, 'c').expect(200);
    for (const client of clients) await client.expectFrame('e');
    const scrapes = [await MetricsScrape.of(one), await MetricsScrape.of(two)];
    const of = (name: string) => scrapes.map((scrape) => scrape.value(name) ?? 0);
    expect(of('revurb_connections')).toEqual([0, 2]);
    expect(of('revurb_events_published_total')).toEqual([1, 0]);
    expect(of('revurb_deliveries_total')).toEqual([0, 2]);
    expect(of('revurb_cluster_nodes')).toEqual([2, 2]);
    expect(of('revurb_cluster_up')).toEqual([1, 1]);
    expect(of('revurb_pubsub_published_total')[0]).toBeGreaterThanOrEqual(1);
    expect(of('revurb_pubsub_received_total')[1]).toBeGreaterThanOrEqual(1);
    expect(of('revurb_pubsub_buffered_messages')).toEqual([0, 0]);
  });

  it('counts what is wrong with what arrives', async () => {
    const { redis, nodes } = await startNodes(1);
    const [node] = nodes as [TestServer];
    const { send, sendGarbage } = await listen(node, redis, 'room');
    await send(1, 0);
    await send(5, 4);
    await send(5, 4);
    await send(3, 2);
    await sendGarbage();
    await untilValue(node, 'revurb_pubsub_garbage_total', 1);
    const scrape = await MetricsScrape.of(node);
    expect(scrape.value('revurb_pubsub_gaps_total')).toBe(1);
    expect(scrape.value('revurb_pubsub_duplicates_total')).toBe(2);
  });

  it('shows that Redis is away, what waits for it, and that it is back', async () => {
    const { redis, nodes } = await startNodes(2);
    const [node] = nodes as [TestServer, TestServer];
    await redis.kill();
    await untilValue(node, 'revurb_cluster_up', 0);
    await publishTo(node, 'c', { data: 'x'.repeat(1000) }).expect(200);
    const away = await MetricsScrape.of(node);
    expect(away.value('revurb_cluster_unreachable_seconds')).toBeGreaterThan(0);
    expect(away.value('revurb_pubsub_buffered_messages')).toBe(1);
    expect(away.value('revurb_pubsub_buffered_bytes')).toBeGreaterThan(1000);
    await redis.restart();
    await untilValue(node, 'revurb_cluster_up', 1);
    await untilValue(node, 'revurb_pubsub_buffered_messages', 0);
    const back = await MetricsScrape.of(node);
    expect(back.value('revurb_cluster_unreachable_seconds')).toBe(0);
    expect(back.value('revurb_state_restores_total')).toBe(1);
  });

  it('counts the dead whom it has cleared away', async () => {
    const { nodes, variables } = await startNodes(1);
    const [survivor] = nodes as [TestServer];
    const doomed = await ServerProcess.start({ variables });
    await untilValue(survivor, 'revurb_cluster_nodes', 2);
    doomed.kill('SIGKILL');
    await untilValue(survivor, 'revurb_state_reaped_nodes_total', 1);
    await untilValue(survivor, 'revurb_cluster_nodes', 1);
  });
});
