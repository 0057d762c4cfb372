import {
  changesSeenBy,
  heard,
  member,
  numbersFrom,
  publishNumbers,
  signedIn,
  subscriber,
  toldTo,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, SWEEP_MS, type ClusterNode } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { usersIn } from './harness/publish.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

const ROOM = 'presence-room';

/** Only the one that sleeps needs a process of its own. */
async function startTwo(variables: Record<string, string> = {}) {
  const redis = await RedisServer.start();
  const start = ServerHere.start;
  const cluster = await NodeCluster.startWith<ClusterNode>(1, redis, variables, start);
  const asleep = await cluster.addWith(ServerProcess.start);
  await cluster.untilUp();
  return { cluster, awake: cluster.nodes[0]!, asleep };
}

describe('A node that sleeps longer than its lease', () => {
  it('is missed by the others, and counts again when it wakes', async () => {
    const { cluster, awake, asleep } = await startTwo();
    const ann = await member(awake, ROOM, 'ann');
    const bob = await member(asleep, ROOM, 'bob');
    await member(asleep, ROOM, 'ann');
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
    cluster.pause(asleep);
    const options = { withinMs: SWEEP_MS };
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann']), options);
    // Who comes and goes while it sleeps.
    const cid = await member(awake, ROOM, 'cid');
    const dee = await member(awake, ROOM, 'dee');
    await dee.close();
    cluster.resume(asleep);
    const everybody = ['ann', 'bob', 'cid'];
    await eventually(() => {
      for (const client of [ann, bob, cid]) expect(rosterSeenBy(client, ROOM)).toEqual(everybody);
    }, options);
    await cluster.untilUp();
    await cluster.untilAllAnswer('connections', { connections: 4 });
    await cluster.untilAllAnswer(
      `channels/${ROOM}`,
      { occupied: true, user_count: 3, subscription_count: 4 },
      { query: { info: 'user_count,subscription_count' } },
    );
    // bob went and came for ann, who may have been told of dee, too; never anybody twice.
    const ofBob = changesSeenBy(ann, ROOM).filter((change) => change.endsWith('bob'));
    expect(ofBob).toEqual(['added bob', 'removed bob', 'added bob']);
    expect(changesSeenBy(bob, ROOM).filter((change) => /ann|bob/.test(change))).toEqual([]);
  });

  it('has said again what it holds before it answers for all', async () => {
    const { cluster, awake, asleep } = await startTwo();
    await member(awake, ROOM, 'ann');
    await member(asleep, ROOM, 'bob');
    cluster.pause(asleep);
    await untilAlone(awake);
    await member(awake, ROOM, 'cid');
    cluster.resume(asleep);
    await eventually(async () => {
      const { headers, json } = await signedRequest(asleep, 'GET', `channels/${ROOM}/users`);
      expect(headers).not.toHaveProperty('x-revurb-partial');
      expect(json.users.map(({ id }: { id: string }) => id).sort()).toEqual(['ann', 'bob', 'cid']);
    });
    expect(await usersIn(awake, ROOM)).toEqual(['ann', 'bob', 'cid']);
  });

  it('gets and sends again, nothing twice and nothing out of order', async () => {
    const { cluster, awake, asleep } = await startTwo();
    const near = await subscriber(awake, 'news');
    const far = await subscriber(asleep, 'news');
    cluster.pause(asleep);
    await publishNumbers(awake, 'news', numbersFrom(0, 5));
    await untilHeard(near, 'news', numbersFrom(0, 5));
    await untilAlone(awake);
    cluster.resume(asleep);
    await far.roundTrip(10_000);
    await cluster.untilUp();
    await publishNumbers(asleep, 'news', [100]);
    await publishNumbers(awake, 'news', [101]);
    await untilHeard(near, 'news', [0, 1, 2, 3, 4, 100, 101]);
    await eventually(() => expect(heard(far, 'news')).toContain(101));
    const numbers = heard(far, 'news');
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(numbers.slice(-2)).toEqual([100, 101]);
  });

  it('has its users offline for the others, and online again', async () => {
    const { cluster, awake, asleep } = await startTwo();
    const watcher = await signedIn(awake, 'watcher', 'bob');
    await signedIn(asleep, 'bob');
    await eventually(() => expect(toldTo(watcher)).toEqual(['online bob']));
    cluster.pause(asleep);
    const options = { withinMs: SWEEP_MS };
    await eventually(() => expect(toldTo(watcher)).toEqual(['online bob', 'offline bob']), options);
    cluster.resume(asleep);
    const all = ['online bob', 'offline bob', 'online bob'];
    await eventually(() => expect(toldTo(watcher)).toEqual(all), options);
  });
});

describe('A node that sleeps for a moment only', () => {
  it('is missed by nobody', async () => {
    const { cluster, awake, asleep } = await startTwo({ REVERB_SCALING_LEASE: '10' });
    const ann = await member(awake, ROOM, 'ann');
    const bob = await member(asleep, ROOM, 'bob');
    await ann.expectFrame('pusher_internal:member_added');
    cluster.pause(asleep);
    await ann.expectSilence(2_500);
    cluster.resume(asleep);
    await cluster.untilUp();
    await ann.expectSilence(1_500);
    await cluster.untilAllAnswer('connections', { connections: 2 });
    await publishNumbers(asleep, 'presence-room', [1]);
    await untilHeard(ann, ROOM, [1]);
    await untilHeard(bob, ROOM, [1]);
  });
});

/** The others have been given up by a node. */
const untilAlone = (node: ClusterNode) =>
  eventually(
    async () => {
      const { json } = await signedRequest(node, 'GET', 'connections');
      expect(json).toEqual({ connections: 1 });
    },
    { withinMs: SWEEP_MS },
  );
