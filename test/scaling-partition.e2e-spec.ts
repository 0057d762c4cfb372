import {
  changesSeenBy,
  heard,
  member,
  numbersFrom,
  publishNumbers,
  signedIn,
  toldTo,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, RECOVERY_MS, scalingStatusOf, SWEEP_MS } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { usersIn } from './harness/publish.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { signedRequest } from './harness/signed-request.js';
import { TcpGate } from './harness/tcp-gate.js';

afterEach(closeAll);

const ROOM = 'presence-room';

/** Two nodes, of which one reaches Redis only through a gate. */
async function startTwo(leaseSeconds: number) {
  const redis = await RedisServer.start();
  const gate = await TcpGate.to(redis);
  const cluster = await NodeCluster.startWith(
    1,
    redis,
    { REVERB_SCALING_LEASE: String(leaseSeconds) },
    ServerHere.start,
  );
  const cut = await cluster.add({ REDIS_PORT: String(gate.port) });
  await cluster.untilUp();
  const whole = cluster.nodes[0]!;
  const ann = await member(whole, ROOM, 'ann');
  const bob = await member(cut, ROOM, 'bob');
  await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann', 'bob']));
  return { gate, cluster, whole, cut, ann, bob };
}

const untilStatus = (node: ServerHere, status: string) =>
  eventually(async () => expect(await scalingStatusOf(node)).toBe(status), {
    withinMs: RECOVERY_MS,
  });

describe('A node that alone cannot reach Redis', () => {
  it('says so in its answers, and the others do not', async () => {
    const { gate, cluster, whole, cut } = await startTwo(10);
    gate.shut();
    await untilStatus(cut, 'down');
    const partial = await signedRequest(cut, 'GET', 'connections');
    expect(partial).toMatchObject({
      json: { connections: 1 },
      headers: { 'x-revurb-partial': 'true' },
    });
    const complete = await signedRequest(whole, 'GET', 'connections');
    expect(complete.json).toEqual({ connections: 2 });
    expect(complete.headers).not.toHaveProperty('x-revurb-partial');
    expect(await scalingStatusOf(whole)).toBe('up');
    gate.open();
    await cluster.untilUp();
  });

  it('for less than its lease is missed by nobody, and delivers what it kept', async () => {
    const { gate, cluster, whole, cut, ann, bob } = await startTwo(10);
    gate.shut();
    await untilStatus(cut, 'down');
    await publishNumbers(cut, ROOM, numbersFrom(0, 10));
    await publishNumbers(whole, ROOM, numbersFrom(100, 10));
    await untilHeard(bob, ROOM, numbersFrom(0, 10));
    await untilHeard(ann, ROOM, numbersFrom(100, 10));
    gate.open();
    await untilHeard(ann, ROOM, [...numbersFrom(100, 10), ...numbersFrom(0, 10)]);
    await cluster.untilUp();
    await publishNumbers(whole, ROOM, [200]);
    for (const client of [ann, bob]) {
      await eventually(() => expect(heard(client, ROOM).at(-1)).toBe(200));
    }
    // Its own once. What Redis delivered meanwhile it may have missed.
    expect(heard(bob, ROOM).filter((number) => number < 100)).toEqual(numbersFrom(0, 10));
    expect(changesSeenBy(ann, ROOM)).toEqual(['added bob']);
    expect(changesSeenBy(bob, ROOM)).toEqual([]);
  });

  it('for longer has left, and comes back', async () => {
    const { gate, cluster, whole, cut, ann, bob } = await startTwo(3);
    const watcher = await signedIn(whole, 'watcher', 'cid');
    await signedIn(cut, 'cid');
    await eventually(() => expect(toldTo(watcher)).toEqual(['online cid']));
    gate.shut();
    const options = { withinMs: SWEEP_MS };
    await eventually(() => expect(rosterSeenBy(ann, ROOM)).toEqual(['ann']), options);
    await eventually(() => expect(toldTo(watcher)).toEqual(['online cid', 'offline cid']), options);
    // What changes on both sides meanwhile.
    const dee = await member(whole, ROOM, 'dee');
    const eve = await member(cut, ROOM, 'eve');
    // Whatever the death of a node has set going is over.
    await watcher.expectNoFrame(({ event }) => event === 'never', 3_000);
    gate.open();
    const all = ['ann', 'bob', 'dee', 'eve'];
    await eventually(() => {
      for (const client of [ann, bob, dee, eve]) expect(rosterSeenBy(client, ROOM)).toEqual(all);
    }, options);
    for (const node of cluster.nodes) expect(await usersIn(node, ROOM)).toEqual(all);
    const told = ['online cid', 'offline cid', 'online cid'];
    await eventually(() => expect(toldTo(watcher)).toEqual(told), options);
    await cluster.untilAllAnswer('connections', { connections: 6 });
  });
});
