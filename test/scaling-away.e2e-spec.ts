import {
  changesSeenBy,
  member,
  publishNumbers,
  signedIn,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, readiness, RECOVERY_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { publish, usersIn } from './harness/publish.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { signedRequest } from './harness/signed-request.js';
import type { ApiResponse } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-room';
/** What the contract allows is 2 s; the rest is for a busy machine. */
const LONGEST_MS = 2_500;

async function startNodes(count: number, variables: Record<string, string> = {}) {
  const redis = await RedisServer.start();
  const cluster = await NodeCluster.startWith(count, redis, variables, ServerHere.start);
  const [one, two] = cluster.nodes as [ServerHere, ServerHere];
  return { redis, cluster, one, two };
}

/** Asks, and fails when the answer takes too long. */
async function ask(
  node: ServerHere,
  method: 'GET' | 'POST',
  path: string,
  options: { body?: object; query?: Record<string, string> } = {},
): Promise<ApiResponse> {
  const askedAt = performance.now();
  const answer = await signedRequest(node, method, path, options);
  const tookMs = performance.now() - askedAt;
  if (tookMs > LONGEST_MS) throw new Error(`${method} ${path} took ${tookMs} ms.`);
  return answer;
}

describe('While Redis is away', () => {
  it('a node answers from what it knows, at once, and says so', async () => {
    const { redis, cluster, one, two } = await startNodes(2);
    await member(one, ROOM, 'ann');
    await member(two, ROOM, 'bob');
    await subscriber(one, 'here');
    await subscriber(two, 'there');
    await cluster.untilAllAnswer('connections', { connections: 4 });
    await redis.kill();
    await cluster.untilDown();
    const expected = {
      connections: { connections: 2 },
      channels: { channels: { [ROOM]: {}, here: {} } },
      [`channels/${ROOM}/users`]: { users: [{ id: 'ann' }] },
      'channels/here': { occupied: true },
      'channels/there': { occupied: false },
    };
    for (const [path, json] of Object.entries(expected)) {
      const answer = await ask(one, 'GET', path);
      expect({ path, status: answer.status, json: answer.json }).toEqual({
        path,
        status: 200,
        json,
      });
      expect(answer.headers['x-revurb-partial']).toBe('true');
    }
    const info = { name: 'e', channel: 'here', data: '1', info: 'subscription_count' };
    const published = await ask(one, 'POST', 'events', { body: info });
    expect(published).toMatchObject({
      status: 200,
      json: { channels: { here: { subscription_count: 1 } } },
      headers: { 'x-revurb-partial': 'true' },
    });
    await redis.restart();
    await cluster.untilUp();
    const answer = await ask(one, 'GET', 'connections');
    expect(answer.headers).not.toHaveProperty('x-revurb-partial');
  });

  it('no question waits, from the first moment on', async () => {
    const { redis, cluster, one } = await startNodes(2);
    const paths = ['connections', 'channels', 'channels/a', `channels/${ROOM}/users`];
    const flood = async (path: string) => {
      for (let i = 0; i < 30; i++) {
        const { status } = await ask(one, 'GET', path);
        expect({ path, status }).toEqual({ path, status: 200 });
      }
    };
    const flooding = Promise.all(paths.map(flood));
    await redis.kill();
    await flooding;
    await cluster.untilDown();
    await Promise.all(paths.map(flood));
    const again = Promise.all(paths.map(flood));
    await redis.restart();
    await again;
    await cluster.untilUp();
  });

  it('nothing waits when Redis hangs instead of being gone', async () => {
    const { redis, cluster, one } = await startNodes(1);
    const client = await member(one, ROOM, 'ann');
    redis.pause();
    const presence = PusherClient.connect(one).then(async (bob) => {
      await bob.subscribePresence(ROOM, { user_id: 'bob' }, one);
      return bob;
    });
    const body = { name: 'number', channel: ROOM, data: '1' };
    const answers = await Promise.all([
      ask(one, 'POST', 'events', { body }),
      ask(one, 'GET', 'connections'),
      ask(one, 'GET', `channels/${ROOM}/users`),
      ask(one, 'POST', 'users/nobody/terminate_connections'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const bob = await presence;
    await client.expectFrame('pusher_internal:member_added');
    await untilHeard(client, ROOM, [1]);
    await cluster.untilDown();
    redis.resume();
    await cluster.untilUp();
    await publishNumbers(one, ROOM, [2]);
    await untilHeard(client, ROOM, [1, 2]);
    await eventually(() => expect(rosterSeenBy(bob, ROOM)).toEqual(['ann', 'bob']));
    expect(changesSeenBy(client, ROOM)).toEqual(['added bob']);
  });

  it('clients of the same node come, go, sign in, join and are terminated as ever', async () => {
    const { redis, cluster, one } = await startNodes(2);
    await redis.kill();
    await cluster.untilDown();
    const ann = await member(one, ROOM, 'ann');
    const bob = await member(one, ROOM, 'bob');
    expect((await ann.expectFrame('pusher_internal:member_added')).json.user_id).toBe('bob');
    const watcher = await signedIn(one, 'watcher', 'cid');
    const cid = await signedIn(one, 'cid');
    await watcher.expectFrame('pusher_internal:watchlist_events');
    await cid.subscribe('#server-to-user-cid');
    await publish(one, '#server-to-user-cid', 'event');
    await cid.expectFrame('event');
    bob.trigger('client-typed', ROOM, 1);
    await ann.expectFrame('client-typed');
    expect((await ask(one, 'POST', 'users/bob/terminate_connections')).status).toBe(200);
    await bob.expectClose(4009);
    expect((await ann.expectFrame('pusher_internal:member_removed')).json.user_id).toBe('bob');
  });

  it('a termination reaches the other nodes when it is back', async () => {
    const { redis, cluster, one, two } = await startNodes(2);
    const far = await signedIn(two, 'ann');
    await redis.kill();
    await cluster.untilDown();
    expect((await ask(one, 'POST', 'users/ann/terminate_connections')).status).toBe(200);
    await far.roundTrip();
    await redis.restart();
    await far.expectClose(4009, RECOVERY_MS);
  });

  it('the members of the other nodes stay where they are, and what changed is told after it', async () => {
    const { redis, cluster, one, two } = await startNodes(2);
    const ann = await member(one, ROOM, 'ann');
    const bob = await member(two, ROOM, 'bob');
    const cid = await member(two, ROOM, 'cid');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob', 'cid']));
    await redis.kill();
    await cluster.untilDown();
    await cid.close();
    const dee = await member(two, ROOM, 'dee');
    await bob.expectFrame('pusher_internal:member_removed');
    expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob', 'cid']);
    await redis.restart();
    await eventually(
      () => {
        for (const client of [ann, bob, dee]) {
          expect(rosterSeenBy(client, ROOM)).toEqual(['ann', 'bob', 'dee']);
        }
      },
      { withinMs: RECOVERY_MS },
    );
    await cluster.untilUp();
    for (const node of cluster.nodes)
      expect(await usersIn(node, ROOM)).toEqual(['ann', 'bob', 'dee']);
    const changes = changesSeenBy(ann, ROOM);
    expect(changes.slice(0, 2)).toEqual(['added bob', 'added cid']);
    expect(changes.slice(2).sort()).toEqual(['added dee', 'removed cid']);
  });

  it('a node says that it is ready, and that the others are out of reach', async () => {
    const { redis, cluster, one } = await startNodes(1);
    expect(await readiness(one)).toMatchObject({
      status: 200,
      json: { status: 'ok', details: { scaling: { status: 'up' } } },
    });
    await redis.kill();
    await cluster.untilDown();
    expect(await readiness(one)).toMatchObject({
      status: 200,
      json: { status: 'ok', details: { scaling: { status: 'down' } } },
    });
  });

  it('a node stops in order, with 0', async () => {
    const { redis, cluster, one } = await startNodes(1);
    const client = await subscriber(one, 'news');
    await redis.kill();
    await cluster.untilDown();
    const stopping = cluster.stop(one);
    await client.expectClose(4200);
    expect(await stopping).toBe(0);
  });
});
