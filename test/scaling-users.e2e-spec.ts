import { member, signedIn, toldTo } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { publish, usersIn } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

const ONLINE = 'pusher_internal:watchlist_events';
const GRACE_MS = 1_000;

let cluster: NodeCluster;
let nodes: ServerProcess[];
let one: ServerProcess;
let two: ServerProcess;

beforeAll(async () => {
  const redis = await RedisServer.start();
  cluster = await NodeCluster.start(3, redis, { REVERB_WEBHOOK_GRACE: String(GRACE_MS / 1_000) });
  nodes = cluster.nodes;
  [one, two] = nodes as [ServerProcess, ServerProcess];
});
afterAll(closeAll);

async function terminate(node: ServerProcess, id: string): Promise<void> {
  const answer = await signedRequest(node, 'POST', `users/${id}/terminate_connections`);
  expect(answer).toMatchObject({ status: 200, json: {} });
}

describe('Terminating a user on one node', () => {
  it('closes its connections on every node, signed in or member, and no other', async () => {
    for (const [i, node] of nodes.entries()) {
      const id = `doomed-${i}`;
      const channel = `presence-doomed-${i}`;
      const doomed = await Promise.all([
        ...nodes.map((other) => signedIn(other, id)),
        ...nodes.map((other) => member(other, channel, id)),
      ]);
      const others = await Promise.all(nodes.map((other) => member(other, channel, 'other')));
      await terminate(node, id);
      for (const client of doomed) {
        expect((await client.expectError(4009)).json.message).toBe(
          'You got disconnected by the app.',
        );
        await client.expectClose(4009);
      }
      for (const other of others) {
        await other.expectFrame('pusher_internal:member_removed');
        await other.roundTrip();
      }
      for (const other of nodes) expect(await usersIn(other, channel)).toEqual(['other']);
    }
  });
});

describe('An event for a user', () => {
  it('reaches all its connections on every node, and nobody else', async () => {
    const channel = '#server-to-user-receiver';
    const receivers = await Promise.all(nodes.map((node) => signedIn(node, 'receiver')));
    const stranger = await signedIn(one, 'stranger');
    for (const receiver of receivers) await receiver.subscribe(channel);
    await stranger.subscribeRefused(channel);
    stranger.discardPending();
    for (const node of nodes) {
      await publish(node, channel, 'message', '"hello"');
      for (const receiver of receivers) {
        expect((await receiver.expectFrame('message', { channel })).json).toBe('hello');
      }
    }
    await stranger.roundTrip();
    expect(stranger.framesLike('message')).toEqual([]);
  });
});

describe('A watcher on another node', () => {
  it('is told at signin who is online, wherever that is', async () => {
    await signedIn(one, 'early-bird');
    for (const node of nodes) {
      const watcher = await signedIn(node, 'watcher', 'nobody', 'early-bird');
      const { json } = await watcher.expectFrame(ONLINE);
      expect(json).toEqual({ events: [{ name: 'online', user_ids: ['early-bird'] }] });
    }
  });

  it('hears once that a user comes, and once that it has gone from every node', async () => {
    const watchers = await Promise.all(nodes.map((node) => signedIn(node, 'w', 'traveller')));
    const tabs = await Promise.all(nodes.map((node) => signedIn(node, 'traveller')));
    for (const watcher of watchers) await watcher.expectFrame(ONLINE);
    await tabs[0]!.close();
    await tabs[1]!.terminate();
    await watchers[0]!.expectNoFrame(ONLINE, GRACE_MS * 1.5);
    await tabs[2]!.close();
    for (const watcher of watchers) {
      await eventually(() => {
        expect(toldTo(watcher)).toEqual(['online traveller', 'offline traveller']);
      });
    }
    for (const watcher of watchers) expect(toldTo(watcher)).toHaveLength(2);
  });

  it('hears nothing when a user comes back on another node within the grace', async () => {
    const watcher = await signedIn(nodes[2]!, 'w', 'hopper');
    let hopper = await signedIn(one, 'hopper');
    await watcher.expectFrame(ONLINE);
    for (const node of [two, one, two]) {
      await hopper.close();
      hopper = await signedIn(node, 'hopper');
    }
    await watcher.expectNoFrame(ONLINE, GRACE_MS * 2.5);
    expect(toldTo(watcher)).toEqual(['online hopper']);
    await hopper.close();
    await watcher.expectFrame(ONLINE);
    expect(toldTo(watcher)).toEqual(['online hopper', 'offline hopper']);
  });

  it('finds a user online who is in its grace', async () => {
    const gone = await signedIn(one, 'just-gone');
    await gone.close();
    const watcher = await signedIn(two, 'w', 'just-gone');
    await watcher.roundTrip();
    expect(toldTo(watcher)).toEqual(['online just-gone']);
    await eventually(() => {
      expect(toldTo(watcher)).toEqual(['online just-gone', 'offline just-gone']);
    });
  });

  it('hears of many who come and go at once, of each once', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `crowd-${i}`);
    const watchers = await Promise.all(nodes.map((node) => signedIn(node, 'w', ...ids)));
    const crowd = await Promise.all([...ids, ...ids].map((id, i) => signedIn(nodes[i % 3]!, id)));
    const online = ids.map((id) => `online ${id}`).sort();
    for (const watcher of watchers) {
      await eventually(() => expect(toldTo(watcher).sort()).toEqual(online));
    }
    await Promise.all(crowd.map((client: PusherClient) => client.terminate()));
    const all = [...ids.map((id) => `offline ${id}`), ...online].sort();
    for (const watcher of watchers) {
      await eventually(() => expect(toldTo(watcher).sort()).toEqual(all), { withinMs: 6_000 });
    }
  });
});
