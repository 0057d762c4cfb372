import {
  member,
  numbersFrom,
  publishNumbers,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually } from './harness/eventually.js';
import { NodeCluster, readiness, RECOVERY_MS, scalingStatusOf } from './harness/node-cluster.js';
import { rosterSeenBy } from './harness/presence-model.js';
import { RedisServer } from './harness/redis-server.js';
import { ServerHere } from './harness/server-here.js';
import { ServerProcess } from './harness/server-process.js';
import { plainRequest, signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

/** A Redis that is not there yet, and a node that waits for it. */
async function startWithout(variables: Record<string, string> = {}) {
  const redis = await RedisServer.start();
  const cluster = await NodeCluster.startWith(0, redis, variables, ServerHere.start);
  await redis.kill();
  return { redis, cluster, node: await cluster.add() };
}

describe('A node that starts without Redis', () => {
  it('is ready, and says that the others are out of reach', async () => {
    const { node } = await startWithout();
    const { status, json } = await readiness(node);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: 'ok',
      info: { server: { status: 'up' } },
      error: {},
      details: { server: { status: 'up' }, scaling: { status: 'down' } },
    });
    expect((await plainRequest(node.httpUrl, 'GET', '/up')).status).toBe(200);
  });

  it('serves its own clients', async () => {
    const { node } = await startWithout();
    const client = await member(node, 'presence-room', 'ann');
    await publishNumbers(node, 'presence-room', numbersFrom(0, 5));
    await untilHeard(client, 'presence-room', numbersFrom(0, 5));
    const { json, headers } = await signedRequest(node, 'GET', 'connections');
    expect(json).toEqual({ connections: 1 });
    expect(headers['x-revurb-partial']).toBe('true');
  });

  it('is one with the others as soon as Redis is there', async () => {
    const { redis, cluster, node } = await startWithout();
    const other = await cluster.add();
    const ann = await member(node, 'presence-room', 'ann');
    const bob = await member(other, 'presence-room', 'bob');
    await publishNumbers(node, 'presence-room', [1]);
    await redis.restart();
    await cluster.untilUp();
    await eventually(
      () => {
        for (const client of [ann, bob]) {
          expect(rosterSeenBy(client, 'presence-room')).toEqual(['ann', 'bob']);
        }
      },
      { withinMs: RECOVERY_MS },
    );
    await cluster.untilAllAnswer('connections', { connections: 2 });
    await untilHeard(ann, 'presence-room', [1]);
    await publishNumbers(other, 'presence-room', [2]);
    await untilHeard(ann, 'presence-room', [1, 2]);
  });

  it('gives up being ready after REDIS_TIMEOUT, but not trying', async () => {
    const { redis, cluster, node } = await startWithout({ REDIS_TIMEOUT: '2' });
    expect((await readiness(node)).status).toBe(200);
    const client = await subscriber(node, 'news');
    await eventually(
      async () => {
        expect(await readiness(node)).toMatchObject({
          status: 503,
          json: { status: 'error', details: { scaling: { status: 'down' } } },
        });
      },
      { withinMs: RECOVERY_MS },
    );
    // Still alive, and still there for who is connected.
    expect((await plainRequest(node.httpUrl, 'GET', '/health/live')).status).toBe(200);
    await publishNumbers(node, 'news', [1]);
    await untilHeard(client, 'news', [1]);
    await redis.restart();
    await cluster.untilUp();
    expect((await readiness(node)).status).toBe(200);
  });

  it('stops in order', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.start(0, redis);
    await redis.kill();
    expect(await cluster.stop(await cluster.add())).toBe(0);
  });
});

describe('A node that scales', () => {
  it('gives up being ready when Redis is away later, too', async () => {
    const redis = await RedisServer.start();
    const cluster = await NodeCluster.startWith(1, redis, { REDIS_TIMEOUT: '2' }, ServerHere.start);
    const node = cluster.nodes[0]!;
    await redis.kill();
    const isUnready = async () => expect((await readiness(node)).status).toBe(503);
    await eventually(isUnready, { withinMs: RECOVERY_MS });
    await redis.restart();
    await cluster.untilUp();
    expect((await readiness(node)).status).toBe(200);
  });

  it('with a driver nobody knows does not start, and says which there are', async () => {
    const process = ServerProcess.launch({
      variables: { REVERB_SCALING_ENABLED: 'true', REVERB_SCALING_DRIVER: 'carrier-pigeon' },
    });
    expect(await process.ended()).not.toBe(0);
    expect(process.output).toMatch(/carrier-pigeon.*redis/s);
  });

  it('not, needs no Redis', async () => {
    const node = await ServerHere.start({ variables: { REDIS_PORT: '1' } });
    expect(await scalingStatusOf(node)).toBe('up');
    const { headers } = await signedRequest(node, 'GET', 'connections');
    expect(headers).not.toHaveProperty('x-revurb-partial');
  });
});
