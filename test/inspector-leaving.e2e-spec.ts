import { signedIn } from './harness/cluster-clients.js';
import { gatherCrowd } from './harness/crowd.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage } from './harness/inspector-page.js';
import { NodeCluster } from './harness/node-cluster.js';
import type { Json, PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { isRunning, signal, startWorkers, workersOf } from './harness/server-workers.js';

const PATIENCE = { withinMs: 10_000 };
/** So many that they are not closed all at once, but in the order they came. */
const CROWD = 60;
/** Those who came last stay for nearly as long. */
const DRAIN = { REVERB_SHUTDOWN_DRAIN: '30' };

afterAll(closeAll);

const untilNodes = (page: InspectorPage, count: number) =>
  eventually(async () => {
    const { nodes, isPartial } = await page.get('nodes');
    expect({ count: nodes.length, isPartial }).toEqual({ count, isPartial: false });
  }, PATIENCE);

const idsOf = ({ nodes }: Json): string[] => nodes.map(({ nodeId }: Json) => nodeId);

describe('While a node is about to stop, whoever looks can', () => {
  let cluster: NodeCluster;
  let leaving: ServerProcess;
  let page: InspectorPage;
  const users = new Map<string, PusherClient>();

  beforeAll(async () => {
    const redis = await RedisServer.start();
    cluster = await NodeCluster.start(2, redis, { ...INSPECTOR_VARIABLES, ...DRAIN });
    leaving = cluster.nodes[1]!;
    page = await InspectorPage.signIn(cluster.nodes[0]!);
    await untilNodes(page, 2);
    await gatherCrowd(leaving, 'crowd', CROWD);
    for (const id of ['reader', 'unwanted', 'socket', 'late']) {
      users.set(id, await signedIn(leaving, id));
    }
    await users.get('reader')!.subscribe('c');
    leaving.kill('SIGTERM');
    await untilNodes(page, 1);
  });

  it('still end subscriptions there', async () => {
    const unsubscribe = { userId: 'reader', channel: 'c' };
    expect(await page.post('apps/app-id/unsubscribe', unsubscribe)).toEqual({
      affected: 1,
      isPartial: false,
    });
    const reader = users.get('reader')!;
    await reader.expectFrame('pusher:subscription_error', { channel: 'c' });
    await reader.roundTrip();
  });

  it('still disconnect who is connected there', async () => {
    const [unwanted, socket] = [users.get('unwanted')!, users.get('socket')!];
    for (const [whom, client] of [
      [{ userId: 'unwanted' }, unwanted],
      [{ socketId: socket.socketId }, socket],
    ] as const) {
      expect(await page.post('apps/app-id/disconnect', whom)).toEqual({
        affected: 1,
        isPartial: false,
      });
      await client.expectClose(4009);
    }
    expect(leaving.exit).toBeUndefined();
  });

  it('disconnect a user although the node does not answer, as soon as it hears of it', async () => {
    cluster.pause(leaving);
    try {
      const nothing = { affected: 0, isPartial: true };
      const unsubscribe = { userId: 'late', channel: 'c' };
      expect(await page.post('apps/app-id/disconnect', { userId: 'late' })).toEqual(nothing);
      expect(await page.post('apps/app-id/unsubscribe', unsubscribe)).toEqual(nothing);
    } finally {
      cluster.resume(leaving);
    }
    await users.get('late')!.expectClose(4009);
  });
});

describe('While a worker is about to stop, whoever looks can', () => {
  it('still disconnect who is connected there', async () => {
    const server = await startWorkers(2, { variables: { ...INSPECTOR_VARIABLES, ...DRAIN } });
    const page = await InspectorPage.signIn(server);
    await gatherCrowd(server, 'crowd', 3 * CROWD);
    const users = Array.from({ length: 8 }, (_, i) => `user-${i}`);
    const clients = await Promise.all(users.map((id) => signedIn(server, id)));
    const [first] = workersOf(server);
    const former = idsOf(await page.get('nodes'));
    signal(first!.pid, 'SIGTERM');
    await eventually(async () => {
      const answer = await page.get('nodes');
      expect(idsOf(answer)).toHaveLength(2);
      expect(idsOf(answer)).not.toEqual(former);
      expect(answer.isPartial).toBe(false);
    }, PATIENCE);
    for (const [i, client] of clients.entries()) {
      const { socketId } = client;
      const whom = i % 2 === 0 ? { socketId } : { userId: users[i] };
      const result = await page.post('apps/app-id/disconnect', whom);
      expect(result).toEqual({ affected: 1, isPartial: false });
      await client.expectClose(4009);
    }
    expect(isRunning(first!.pid)).toBe(true);
  });
});
