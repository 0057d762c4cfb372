import { changesSeenBy, member } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { usersIn } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { Random } from './harness/random.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

const ADDED = 'pusher_internal:member_added';
const REMOVED = 'pusher_internal:member_removed';
const SUCCEEDED = 'pusher_internal:subscription_succeeded';

let cluster: NodeCluster;
let nodes: ServerProcess[];

beforeAll(async () => {
  const redis = await RedisServer.start();
  cluster = await NodeCluster.start(3, redis, { REVERB_APP_MAX_PRESENCE_MEMBERS: '200' });
  nodes = cluster.nodes;
});
afterAll(closeAll);

/** All clients, and all nodes over HTTP, know the same users, and nobody was told twice. */
async function expectRosters(
  channel: string,
  users: readonly string[],
  ...clients: readonly PusherClient[]
): Promise<void> {
  await eventually(() => {
    for (const client of clients) expect(rosterSeenBy(client, channel)).toEqual(users);
  });
  for (const node of nodes) expect(await usersIn(node, channel)).toEqual(users);
}

describe('Members on several nodes', () => {
  it('are in one roster, with what each told of itself', async () => {
    const channel = 'presence-roster';
    await member(nodes[0]!, channel, 'ann', { name: 'Ann' });
    await member(nodes[1]!, channel, 7, { tags: {}, list: [] });
    await member(nodes[2]!, channel, 'cid');
    for (const node of nodes) {
      const client = await PusherClient.connect(node);
      const { json } = await client.subscribePresence(channel, { user_id: 'ann' }, node);
      expect({ ...json.presence, ids: [...json.presence.ids].sort() }).toEqual({
        count: 3,
        ids: [7, 'ann', 'cid'],
        hash: { 7: { tags: {}, list: [] }, ann: { name: 'Ann' }, cid: null },
      });
    }
  });

  it('hear of each other, each once, with what was told', async () => {
    const channel = 'presence-news';
    const ann = await member(nodes[0]!, channel, 'ann');
    const bob = await member(nodes[1]!, channel, 'bob', { name: 'Bob' });
    const { envelope, json } = await ann.expectFrame(ADDED);
    expect(envelope).toEqual({ event: ADDED, channel, data: expect.any(String) });
    expect(json).toEqual({ user_id: 'bob', user_info: { name: 'Bob' } });
    const cid = await member(nodes[2]!, channel, 3);
    expect((await ann.expectFrame(ADDED)).json).toEqual({ user_id: 3 });
    expect((await bob.expectFrame(ADDED)).json).toEqual({ user_id: 3 });
    await expectRosters(channel, ['3', 'ann', 'bob'], ann, bob, cid);
    await cid.close();
    expect((await ann.expectFrame(REMOVED)).json).toEqual({ user_id: 3 });
    bob.unsubscribe(channel);
    await ann.expectFrame(REMOVED);
    await expectRosters(channel, ['ann'], ann);
    expect(changesSeenBy(ann, channel)).toEqual([
      'added bob',
      'added 3',
      'removed 3',
      'removed bob',
    ]);
  });

  it('are never told of themselves', async () => {
    const channel = 'presence-self';
    const clients = await Promise.all(nodes.map((node, i) => member(node, channel, `user-${i}`)));
    await expectRosters(channel, ['user-0', 'user-1', 'user-2'], ...clients);
    for (const [i, client] of clients.entries()) {
      expect(changesSeenBy(client, channel)).not.toContain(`added user-${i}`);
    }
  });
});

describe('A user on two nodes', () => {
  it('counts once, comes once and goes once', async () => {
    const channel = 'presence-tabs';
    const watcher = await member(nodes[2]!, channel, 'watcher');
    const tabs = [await member(nodes[0]!, channel, 'ann'), await member(nodes[1]!, channel, 'ann')];
    await expectRosters(channel, ['ann', 'watcher'], watcher, ...tabs);
    for (const node of nodes) {
      const query = { info: 'user_count,subscription_count' };
      const { json } = await signedRequest(node, 'GET', `channels/${channel}`, { query });
      expect(json).toEqual({ occupied: true, user_count: 2, subscription_count: 3 });
    }
    await tabs[0]!.close();
    await tabs[1]!.roundTrip();
    await expectRosters(channel, ['ann', 'watcher'], watcher, tabs[1]!);
    await tabs[1]!.terminate();
    await watcher.expectFrame(REMOVED);
    await expectRosters(channel, ['watcher'], watcher);
    expect(changesSeenBy(watcher, channel)).toEqual(['added ann', 'removed ann']);
  });

  it('who comes to both in the same moment, comes once', async () => {
    const channel = 'presence-race';
    const watchers = await Promise.all(nodes.map((node) => member(node, channel, 'watcher')));
    for (let round = 0; round < 15; round++) {
      const tabs = await Promise.all(nodes.map((node) => member(node, channel, 'ann')));
      await expectRosters(channel, ['ann', 'watcher'], ...watchers, ...tabs);
      await Promise.all(tabs.map((tab) => tab.terminate()));
      for (const watcher of watchers) await watcher.expectFrame(REMOVED);
    }
    const changes = Array.from({ length: 15 }, () => ['added ann', 'removed ann']).flat();
    for (const watcher of watchers) expect(changesSeenBy(watcher, channel)).toEqual(changes);
  });
});

describe('Who joins', () => {
  it('gets no member_added for somebody whom its own roster holds', async () => {
    const channel = 'presence-joiners';
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, i) => member(nodes[i % 3]!, channel, `user-${i}`)),
    );
    const users = clients.map((_, i) => `user-${i}`).sort();
    // Strict: throws for who is added though there already.
    await expectRosters(channel, users, ...clients);
  });

  it('is kept out when the channel is full over all nodes, unless it is a member', async () => {
    const channel = 'presence-full';
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => member(nodes[i % 3]!, channel, `user-${i}`)),
    );
    for (const node of nodes) {
      const client = await PusherClient.connect(node);
      const auth = client.presenceAuth(channel, { user_id: 'late' }, node);
      const { json } = await client.subscribeRefused(channel, auth);
      expect(json).toMatchObject({ type: 'LimitReached', status: 4004 });
      const again = await client.subscribePresence(channel, { user_id: 'user-0' }, node);
      expect(again.json.presence.count).toBe(200);
    }
  });
});

describe('However members come and go on three nodes', () => {
  it.each([1, 2, 3])('all clients and nodes know the same in the end (%i)', async (seed) => {
    const channel = `presence-storm-${seed}`;
    const random = new Random(seed);
    const watchers = await Promise.all(nodes.map((node, i) => member(node, channel, `w${i}`)));
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, i) => PusherClient.connect(nodes[i % 3]!)),
    );
    const states = clients.map((client, i) => ({ client, node: nodes[i % 3]!, userId: '' }));
    for (let step = 0; step < 600; step++) {
      const state = random.of(states);
      if (state.userId === '') {
        state.userId = `user-${random.below(10)}`;
        const auth = state.client.presenceAuth(channel, { user_id: state.userId }, state.node);
        state.client.sendSubscribe(channel, auth);
      } else {
        state.client.unsubscribe(channel);
        state.userId = '';
      }
      if (random.below(20) === 0) await state.client.roundTrip();
    }
    for (const { client } of states) await client.roundTrip();
    const present = states.filter(({ userId }) => userId !== '');
    const users = new Set(present.map(({ userId }) => userId));
    const everybody = [...users, 'w0', 'w1', 'w2'].sort();
    await expectRosters(channel, everybody, ...watchers);
    for (const { client } of present) {
      await eventually(() => expectLastRoster(client, channel, everybody));
    }
  });
});

/** What a client that came and went knows since it came last. */
function expectLastRoster(client: PusherClient, channel: string, users: readonly string[]): void {
  const last = client.frames.findLastIndex(({ event }) => event === SUCCEEDED);
  const roster = new Set<string>(client.frames[last]!.json.presence.ids.map(String));
  for (const { event, json } of client.frames.slice(last + 1)) {
    const id = String(json?.user_id);
    if (event === ADDED) {
      expect(roster).not.toContain(id);
      roster.add(id);
    }
    if (event === REMOVED) expect(roster.delete(id)).toBe(true);
  }
  expect({ channel, users: [...roster].sort() }).toEqual({ channel, users });
}
