import type { NodeRow, TraceFannedOut } from '../src/inspector/contract.js';
import { closeAll, eventually } from './harness/eventually.js';
import { INSPECTOR_VARIABLES, InspectorPage } from './harness/inspector-page.js';
import { NodeCluster } from './harness/node-cluster.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';
import { startWorkers } from './harness/server-workers.js';

/** Longer than all nodes may take to answer. */
const SLOWEST_ANSWER_MS = 2_000;
const PATIENCE = { withinMs: 10_000 };

afterAll(closeAll);

let redis: RedisServer;
let cluster: NodeCluster;
let here: ServerProcess;
let there: ServerProcess;
let page: InspectorPage;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await NodeCluster.start(2, redis, {
    ...INSPECTOR_VARIABLES,
    REVERB_SCALING_BUFFER_MESSAGES: '10',
  });
  [here, there] = cluster.nodes as [ServerProcess, ServerProcess];
  page = await InspectorPage.signIn(here, { name: 'Ann' });
  await untilBothAreSeen();
});

async function untilBothAreSeen(): Promise<void> {
  await eventually(async () => {
    const { nodes } = await page.get('nodes');
    if (nodes.length !== 2) throw new Error(`There are ${nodes.length} nodes.`);
  }, PATIENCE);
}

describe('A page on one node of two', () => {
  it('sees both', async () => {
    const { nodes, silent, isPartial } = await page.get('nodes');
    expect({ silent, isPartial }).toEqual({ silent: [], isPartial: false });
    const statuses = nodes.map(({ cluster: status }: NodeRow) => status);
    expect(statuses).toEqual(['up', 'up']);
    const ids = nodes.map(({ nodeId }: NodeRow) => nodeId);
    expect(ids).toEqual([...ids].sort());
    expect(ids).toContain(page.session!.nodeId);
    const elsewhere = page.on(there);
    const session = await elsewhere.get('session');
    expect(session.isSignedIn).toBe(true);
    expect(session.nodeId).not.toBe(page.session!.nodeId);
    expect(ids).toContain(session.nodeId);
    expect((await page.get('charts')).nodes.map(({ nodeId }: NodeRow) => nodeId)).toEqual(ids);
    const feed = await page.watch();
    const { status, json } = await page.watches([feed.watch]);
    expect({ status, json }).toEqual({ status: 200, json: { nodes: ids, isPartial: false } });
    await feed.end();
  });

  it('sees what happens on the other, and the way of an event to both', async () => {
    const feed = await page.watch();
    const clients = [await PusherClient.connect(here), await PusherClient.connect(there)];
    for (const client of clients) {
      await client.subscribe('both');
      await feed.expectRecord({ kind: 'connected', socketId: client.socketId });
      await feed.expectRecord({ kind: 'subscribed', socketId: client.socketId });
    }
    await publish(there, 'both', 'traced', 'x', { socket_id: clients[0]!.socketId });
    const { traceId } = await feed.expectRecord({ kind: 'published', event: 'traced' });
    const fannedOut = await eventually(() => {
      const found = feed.frames.flatMap(({ nodeId, parts }) =>
        parts.flatMap((part) =>
          part.step === 'fanned-out' && part.traceId === traceId ? [{ nodeId, part }] : [],
        ),
      );
      expect(found).toHaveLength(2);
      return new Map<string, TraceFannedOut>(found.map(({ nodeId, part }) => [nodeId, part]));
    }, PATIENCE);
    const [own, other] = [page.session!.nodeId, (await page.on(there).get('session')).nodeId];
    expect(fannedOut.get(own)).toMatchObject({ sockets: 0, excluded: clients[0]!.socketId });
    expect(fannedOut.get(other)).toMatchObject({ sockets: 1 });
    expect(fannedOut.get(other)!.spanId).toBe(fannedOut.get(own)!.spanId);
    await feed.end();
  });

  it('can browse and act on what is on the other', async () => {
    const feed = await page.watch({ kinds: ['action'] });
    const client = await PusherClient.connect(there);
    const { socketId } = client;
    await client.signin({ id: 'far' }, there);
    await client.subscribePresence('presence-far', { user_id: 'far' }, there);
    const { nodeId } = await page.on(there).get('session');
    const listed = await page.get('apps/app-id/connections?search=far');
    expect(listed).toMatchObject({ connections: [{ socketId, nodeId }], total: 1 });
    expect(await page.get(`apps/app-id/connections/${socketId}`)).toMatchObject({
      nodeId,
      subscriptions: [{ channel: 'presence-far', userId: 'far' }],
    });
    await eventually(async () => {
      expect(await page.get('apps/app-id/channels/presence-far')).toMatchObject({
        subscriptions: 1,
        users: 1,
        subscribers: [{ socketId, userId: 'far', nodeId }],
        members: ['far'],
        isPartial: false,
      });
    }, PATIENCE);
    const unsubscribe = { userId: 'far', channel: 'presence-far' };
    expect(await page.post('apps/app-id/unsubscribe', unsubscribe)).toEqual({
      affected: 1,
      isPartial: false,
    });
    await client.expectFrame('pusher:subscription_error', { channel: 'presence-far' });
    await page.post('apps/app-id/events', {
      events: [{ name: 'e', channels: ['cache-x'], data: 'x' }],
    });
    const forget = { channel: 'cache-x' };
    expect((await page.on(there).post('apps/app-id/forget-cached-event', forget)).affected).toBe(1);
    expect((await page.get('apps/app-id/channels/cache-x')).cached).toBeUndefined();
    expect(await page.post('apps/app-id/disconnect', { userId: 'far' })).toEqual({
      affected: 1,
      isPartial: false,
    });
    await client.expectClose(4009);
    await feed.expectRecord({ action: 'disconnected 1 connection', userId: 'far' });
    await feed.end();
  });

  it('sees the connections of a node that goes close', async () => {
    const feed = await page.watch({ kinds: ['disconnected', 'unsubscribed'] });
    const third = await cluster.add();
    const clients = [await PusherClient.connect(third), await PusherClient.connect(third)];
    for (const client of clients) await client.subscribe('going');
    // The page has asked the newcomer, too.
    const hears = (await page.on(third).get('session')).nodeId;
    await eventually(async () => {
      expect((await page.watches([feed.watch])).json.nodes).toContain(hears);
    }, PATIENCE);
    await cluster.stop(third);
    for (const { socketId } of clients) {
      await feed.expectRecord({ kind: 'unsubscribed', socketId, channels: ['going'] });
      await feed.expectRecord({ kind: 'disconnected', socketId, code: 4200 });
    }
    await feed.end();
  });

  it('sees a node come and go', async () => {
    const feed = await page.watch({ kinds: ['node'] });
    const third = await cluster.add();
    const { nodeId } = await page.on(third).get('session');
    await feed.expectRecord({ kind: 'node', reason: `Node ${nodeId} is there` });
    await cluster.stop(third);
    await feed.expectRecord({ kind: 'node', reason: `Node ${nodeId} is gone` });
    const seen = feed.records.filter(({ reason }) => reason!.includes(nodeId));
    expect(seen).toHaveLength(2);
    await feed.end();
  });
});

describe('While a node does not answer', () => {
  it('the others do, in time, and it is named', async () => {
    const { nodeId } = await page.on(there).get('session');
    cluster.pause(there);
    try {
      const startMs = performance.now();
      const answers = await Promise.all(['nodes', 'applications'].map((path) => page.get(path)));
      expect(performance.now() - startMs).toBeLessThan(SLOWEST_ANSWER_MS);
      expect(answers.map(({ isPartial }) => isPartial)).toEqual([true, true]);
      expect(answers[0].silent).toEqual([nodeId]);
      expect(answers[0].nodes).toHaveLength(1);
      const gone = await page.request('GET', 'apps/app-id/connections/1.2');
      expect([gone.status, gone.json.error]).toEqual([
        404,
        'No connection 1.2 on the nodes that answer.',
      ]);
    } finally {
      cluster.resume(there);
    }
    await cluster.untilUp();
    await untilBothAreSeen();
  });
});

describe('While Redis is away', () => {
  it('a page is told in time what its own node knows, and what happens there', async () => {
    const feed = await page.watch();
    const client = await PusherClient.connect(here);
    await client.subscribe('outage');
    await redis.kill();
    await cluster.untilDown();
    await feed.expectRecord({ kind: 'redis', reason: /cannot be reached/ }).catch(() => undefined);
    expect(feed.of('redis')[0]!.reason).toMatch(/^\S+: The other nodes cannot be reached/);
    for (const path of [
      'applications',
      'nodes',
      'charts',
      'apps/app-id/channels',
      'apps/app-id/channels/outage',
      'apps/app-id/connections',
    ]) {
      const startMs = performance.now();
      const response = await page.request('GET', path);
      const { status, json } = response;
      expect({ path, status, isPartial: json.isPartial }).toEqual({
        path,
        status: 200,
        isPartial: true,
      });
      expect(performance.now() - startMs).toBeLessThan(SLOWEST_ANSWER_MS);
    }
    const { nodes } = await page.get('nodes');
    expect(nodes.map(({ cluster: status }: NodeRow) => status)).toEqual(['down']);
    const { socketId } = client;
    expect(await page.get(`apps/app-id/connections/${socketId}`)).toMatchObject({ socketId });
    const frames = feed.frames.length;
    while (feed.frames.length < frames + 12) {
      const passing = await PusherClient.connect(here);
      await feed.expectRecord({ kind: 'connected', socketId: passing.socketId });
      await passing.close();
    }
    // There would be no room for it, had the feed been kept for the other nodes.
    await publish(here, 'outage', 'during-outage');
    await feed.expectRecord({ kind: 'published', event: 'during-outage' });
    const disconnect = { socketId };
    expect(await page.post('apps/app-id/disconnect', disconnect)).toEqual({
      affected: 1,
      isPartial: true,
    });
    await feed.expectRecord({ kind: 'disconnected', socketId });
    const { status } = await page.request('GET', 'apps/app-id/webhooks');
    expect([200, 503]).toContain(status);
    await redis.restart();
    await cluster.untilUp();
    const found = expect.stringMatching(/: The other nodes can be reached again$/);
    await feed.expectRecord({ kind: 'redis', reason: found });
    await eventually(async () => {
      expect((await page.get('nodes')).isPartial).toBe(false);
    }, PATIENCE);
    const far = await PusherClient.connect(there);
    await feed.expectRecord({ kind: 'connected', socketId: far.socketId });
    await feed.end();
  });
});

describe('A page of a server of several workers', () => {
  it('sees them all, wherever it asks', async () => {
    const server = await startWorkers(2);
    // Made up at the start, as nobody has given one: all of them have the same.
    const [secret] = await server.said(/(?<=#token=)[\w-]+/);
    const visitor = await InspectorPage.signIn(server, { secret });
    const nodeIds = new Set<string>();
    await eventually(async () => {
      const { status, json } = await visitor.request('GET', 'session', { isAlone: true });
      expect({ status, isSignedIn: json.isSignedIn }).toEqual({ status: 200, isSignedIn: true });
      nodeIds.add(json.nodeId);
      expect(nodeIds.size).toBe(2);
    }, PATIENCE);
    const { nodes, isPartial } = await visitor.get('nodes');
    expect(isPartial).toBe(false);
    expect(nodes.map(({ nodeId }: NodeRow) => nodeId)).toEqual([...nodeIds].sort());
    const feed = await visitor.watch();
    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await PusherClient.connect(server));
    for (const [i, client] of clients.entries()) {
      await client.subscribePresence('presence-w', { user_id: `user-${i}` }, server);
      await feed.expectRecord({ kind: 'subscribed', userId: `user-${i}` });
    }
    const { connections, total } = await visitor.get('apps/app-id/connections');
    expect(total).toBe(4);
    expect(new Set(connections.map(({ nodeId }: NodeRow) => nodeId)).size).toBe(2);
    for (const [i, client] of clients.entries()) {
      const unsubscribe = { userId: `user-${i}`, channel: 'presence-w' };
      expect((await visitor.post('apps/app-id/unsubscribe', unsubscribe)).affected).toBe(1);
      const { socketId } = client;
      expect((await visitor.post('apps/app-id/disconnect', { socketId })).affected).toBe(1);
      await client.expectClose(4009);
    }
    const { json } = await signedRequest(server, 'GET', 'connections');
    expect(json.connections).toBe(0);
  });
});
