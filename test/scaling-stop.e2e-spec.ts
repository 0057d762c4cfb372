import { changesSeenBy, member, signedIn, subscriber, toldTo } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { publish, usersIn } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-room';

async function startTwo(variables: Record<string, string> = {}) {
  const redis = await RedisServer.start();
  const cluster = await NodeCluster.start(2, redis, variables);
  const [staying, leaving] = cluster.nodes as [ServerProcess, ServerProcess];
  return { redis, cluster, staying, leaving };
}

describe('When a node stops in order', () => {
  it('who comes back elsewhere in time was never away', async () => {
    const { cluster, staying, leaving } = await startTwo();
    const watcher = await member(staying, ROOM, 'watcher', { name: 'W' });
    const observer = await signedIn(staying, 'watcher', 'bob');
    const bob = await member(leaving, ROOM, 'bob', { name: 'Bob' });
    await bob.signin({ id: 'bob' }, leaving);
    await watcher.expectFrame('pusher_internal:member_added');
    await observer.expectFrame('pusher_internal:watchlist_events');
    const stopping = cluster.stop(leaving);
    await bob.expectClose(4200);
    const again = await PusherClient.connect(staying);
    const { json } = await again.subscribePresence(ROOM, { user_id: 'bob' }, staying);
    expect([...json.presence.ids].sort()).toEqual(['bob', 'watcher']);
    await again.signin({ id: 'bob' }, staying);
    expect(await stopping).toBe(0);
    // Longer than the hand-over and a sweep.
    await watcher.expectSilence(5_000);
    await observer.expectSilence(10);
    await again.expectSilence(10);
    expect(await usersIn(staying, ROOM)).toEqual(['bob', 'watcher']);
    await again.close();
    await watcher.expectFrame('pusher_internal:member_removed');
    expect(changesSeenBy(watcher, ROOM)).toEqual(['added bob', 'removed bob']);
  });

  it('those who do not come back leave when their time is over, once', async () => {
    const { cluster, staying, leaving } = await startTwo();
    const watcher = await member(staying, ROOM, 'watcher');
    const observer = await signedIn(staying, 'watcher', 'bob', 'cid');
    for (const id of ['bob', 'cid']) {
      const client = await member(leaving, ROOM, id);
      await client.signin({ id }, leaving);
    }
    await member(leaving, ROOM, 'watcher');
    await eventually(() => expect(rosterSeenBy(watcher, ROOM)).toEqual(['bob', 'cid', 'watcher']));
    expect(await cluster.stop(leaving)).toBe(0);
    // The process ended at once; its members are still missed by nobody.
    expect(await usersIn(staying, ROOM)).toEqual(['bob', 'cid', 'watcher']);
    expect(changesSeenBy(watcher, ROOM)).toEqual(['added bob', 'added cid']);
    const options = { withinMs: SWEEP_MS };
    await eventually(() => expect(rosterSeenBy(watcher, ROOM)).toEqual(['watcher']), options);
    await eventually(() => expect(toldTo(observer)).toHaveLength(4), options);
    await watcher.expectNoFrame(({ event }) => event === 'never', 1_500);
    const changes = changesSeenBy(watcher, ROOM);
    expect(changes.slice(0, 2)).toEqual(['added bob', 'added cid']);
    expect(changes.slice(2).sort()).toEqual(['removed bob', 'removed cid']);
    expect(toldTo(observer).slice(2).sort()).toEqual(['offline bob', 'offline cid']);
    await cluster.untilAllAnswer('connections', { connections: 2 });
    const query = { info: 'user_count,subscription_count' };
    await cluster.untilAllAnswer(
      `channels/${ROOM}`,
      { occupied: true, user_count: 1, subscription_count: 1 },
      { query },
    );
  });

  it('all that was published on it before has arrived', async () => {
    const { cluster, staying, leaving } = await startTwo();
    const client = await subscriber(staying, 'news');
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const publishing = numbers.map((i) => publish(leaving, 'news', 'event', String(i)));
    await Promise.all(publishing);
    expect(await cluster.stop(leaving)).toBe(0);
    await eventually(() => expect(client.framesLike('event')).toHaveLength(numbers.length));
  });

  it('the others answer at once, whatever they are asked meanwhile', async () => {
    const { cluster, staying, leaving } = await startTwo({ REVERB_SHUTDOWN_DRAIN: '3' });
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, i) => member(leaving, ROOM, `user-${i}`)),
    );
    const stopping = cluster.stop(leaving);
    await clients[0]!.expectClose(4200);
    while (leaving.exit === undefined) {
      for (const path of ['connections', 'channels', `channels/${ROOM}/users`]) {
        const askedAt = performance.now();
        const { status, headers } = await signedRequest(staying, 'GET', path);
        expect({ path, status }).toEqual({ path, status: 200 });
        expect(headers).not.toHaveProperty('x-revurb-partial');
        expect(performance.now() - askedAt).toBeLessThan(2_500);
      }
    }
    expect(await stopping).toBe(0);
  });
});
