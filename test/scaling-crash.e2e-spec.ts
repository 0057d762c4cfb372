import { changesSeenBy, member, signedIn, subscriber, toldTo } from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, SWEEP_MS, type ClusterNode } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { publish } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-room';
const users = (...ids: string[]) => ({ users: ids.map((id) => ({ id })) });

/** Only the one that is killed needs a process of its own. */
async function startThree(variables: Record<string, string> = {}) {
  const redis = await RedisServer.start();
  const start = ServerHere.start;
  const cluster = await NodeCluster.startWith<ClusterNode>(2, redis, variables, start);
  const doomed = await cluster.addWith(ServerProcess.start);
  await cluster.untilUp();
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  return { cluster, one, two, doomed };
}

describe('When a node is killed', () => {
  it('the others tell their clients who is gone, once, and count right', async () => {
    const { cluster, one, two, doomed } = await startThree();
    const survivors = [await member(one, ROOM, 'ann'), await member(two, ROOM, 'bob')];
    await member(doomed, ROOM, 'cid');
    await member(doomed, ROOM, 'dee');
    await member(doomed, ROOM, 'ann');
    await subscriber(doomed, 'theirs', 'shared');
    await subscriber(one, 'shared');
    await cluster.untilAllAnswer('connections', { connections: 7 });
    await cluster.untilAllAnswer(
      'channels/shared',
      {
        occupied: true,
        subscription_count: 2,
      },
      { query: { info: 'subscription_count' } },
    );
    await cluster.kill(doomed);
    const options = { withinMs: SWEEP_MS };
    await cluster.untilAllAnswer('connections', { connections: 3 }, options);
    await eventually(() => {
      for (const client of survivors) expect(rosterSeenBy(client, ROOM)).toEqual(['ann', 'bob']);
    }, options);
    for (const client of survivors) {
      const removed = changesSeenBy(client, ROOM).filter((change) => /removed/.test(change));
      expect(removed.sort()).toEqual(['removed cid', 'removed dee']);
    }
    for (const node of cluster.running) {
      const { json } = await signedRequest(node, 'GET', `channels/${ROOM}/users`);
      expect(json.users.map(({ id }: { id: string }) => id).sort()).toEqual(['ann', 'bob']);
    }
    await cluster.untilAllAnswer('channels', { channels: { [ROOM]: {}, shared: {} } });
    await cluster.untilAllAnswer('channels/theirs', { occupied: false });
    await cluster.untilAllAnswer(
      'channels/shared',
      {
        occupied: true,
        subscription_count: 1,
      },
      { query: { info: 'subscription_count' } },
    );
  });

  it('a publish meanwhile waits for nobody, and reaches the others', async () => {
    const { cluster, one, two, doomed } = await startThree();
    const client = await subscriber(two, 'news');
    await subscriber(doomed, 'news');
    await cluster.kill(doomed);
    await publish(one, 'news', 'event');
    await client.expectFrame('event');
    const { status } = await signedRequest(one, 'GET', 'channels');
    expect(status).toBe(200);
  });

  it('its users are offline, at once and once, but not those who are on another node, too', async () => {
    const { cluster, one, two, doomed } = await startThree({ REVERB_WEBHOOK_GRACE: '30' });
    const watchers = [
      await signedIn(one, 'watcher', 'cid', 'dee'),
      await signedIn(two, 'watcher', 'cid', 'dee'),
    ];
    await signedIn(doomed, 'cid');
    await signedIn(doomed, 'dee');
    await signedIn(one, 'dee');
    await eventually(() => {
      for (const watcher of watchers) {
        expect(toldTo(watcher).sort()).toEqual(['online cid', 'online dee']);
      }
    });
    await cluster.kill(doomed);
    for (const watcher of watchers) {
      const told = () => expect(toldTo(watcher).slice(2)).toEqual(['offline cid']);
      await eventually(told, { withinMs: SWEEP_MS });
    }
    // Neither a second time nor for dee: another sweep goes by.
    await watchers[0]!.expectNoFrame(
      ({ json }) => /offline.*dee/.test(JSON.stringify(json)),
      2_000,
    );
    for (const watcher of watchers) expect(toldTo(watcher)).toHaveLength(3);
  });

  it('and the only survivor is killed, too, a new node finds nothing of them in the end', async () => {
    const redis = await RedisServer.start();
    const start = ServerProcess.start;
    const cluster = await NodeCluster.startWith<ClusterNode>(3, redis, {}, start);
    await Promise.all(cluster.nodes.map((node, i) => member(node, ROOM, `user-${i}`)));
    await Promise.all(cluster.nodes.map((node) => signedIn(node, 'ann')));
    await Promise.all(cluster.nodes.map((node) => cluster.kill(node)));
    const fresh = await cluster.addWith(ServerHere.start);
    const watcher = await member(fresh, ROOM, 'new');
    const options = { withinMs: SWEEP_MS };
    await cluster.untilAllAnswer(`channels/${ROOM}/users`, users('new'), options);
    await cluster.untilAllAnswer('connections', { connections: 1 }, options);
    await cluster.untilAllAnswer('channels', { channels: { [ROOM]: {} } }, options);
    await eventually(() => expect(rosterSeenBy(watcher, ROOM)).toEqual(['new']), options);
    const late = await signedIn(fresh, 'watcher', 'ann');
    await late.roundTrip();
    expect(toldTo(late)).toEqual([]);
    expect(redis.isRunning).toBe(true);
  });

  it('while members stream in, nobody is left over and nobody is told twice', async () => {
    const { cluster, one, two, doomed } = await startThree();
    const watchers = [await member(one, ROOM, 'w1'), await member(two, ROOM, 'w2')];
    const joining = Array.from({ length: 40 }, async (_, i) => {
      const client = await PusherClient.connect(doomed);
      client.sendSubscribe(ROOM, client.presenceAuth(ROOM, { user_id: `user-${i}` }, doomed));
    });
    await Promise.all(joining);
    // Killed in the midst of it, wherever it is by then.
    await cluster.kill(doomed);
    const options = { withinMs: SWEEP_MS };
    await eventually(async () => {
      for (const node of cluster.running) {
        const { json } = await signedRequest(node, 'GET', `channels/${ROOM}/users`);
        expect(json.users).toHaveLength(2);
      }
      for (const client of watchers) expect(rosterSeenBy(client, ROOM)).toEqual(['w1', 'w2']);
    }, options);
  });
});
