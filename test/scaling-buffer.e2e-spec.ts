import {
  heard,
  numbersFrom,
  publishNumbers,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';

afterEach(closeAll);

/** Two nodes without their Redis, and a subscriber on each. */
async function startCutOff(variables: Record<string, string>) {
  const redis = await RedisServer.start();
  const cluster = await NodeCluster.start(2, redis, variables);
  const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
  const near = await subscriber(one, 'news', 'more');
  const far = await subscriber(two, 'news', 'more');
  await redis.kill();
  await cluster.untilDown();
  return { redis, cluster, one, two, near, far };
}

const publish = (node: ServerProcess, body: object) =>
  signedRequest(node, 'POST', 'events', { body: { name: 'number', data: '0', ...body } });

const publishBatch = (node: ServerProcess, numbers: readonly number[], data = '') =>
  signedRequest(node, 'POST', 'batch_events', {
    body: {
      batch: numbers.map((number) => ({
        name: 'number',
        channel: 'news',
        data: data || String(number),
      })),
    },
  });

describe('When the buffer for the other nodes is full', () => {
  it('an event is refused with 503 and Retry-After, and delivered nowhere', async () => {
    const { redis, cluster, one, near, far } = await startCutOff({
      REVERB_SCALING_BUFFER_MESSAGES: '50',
    });
    await publishNumbers(one, 'news', numbersFrom(0, 50));
    for (let i = 0; i < 20; i++) {
      const { status, headers, json } = await publish(one, { channel: 'news', data: '99' });
      expect({ status, json }).toEqual({ status: 503, json: { error: expect.any(String) } });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    await near.roundTrip();
    expect(heard(near, 'news')).toEqual(numbersFrom(0, 50));
    const warnings = one.output.match(/"level":"warn"[^\n]*[Bb]uffer/g) ?? [];
    expect(warnings.length).toBeLessThan(2);
    await redis.restart();
    await untilHeard(far, 'news', numbersFrom(0, 50));
    await cluster.untilUp();
    await publishNumbers(one, 'news', [50]);
    for (const client of [near, far]) await untilHeard(client, 'news', numbersFrom(0, 51));
  });

  it('a batch is taken as a whole or not at all, and so is an event on two channels', async () => {
    const { redis, one, near, far } = await startCutOff({ REVERB_SCALING_BUFFER_MESSAGES: '12' });
    expect((await publishBatch(one, numbersFrom(0, 8))).status).toBe(200);
    expect((await publishBatch(one, numbersFrom(100, 5))).status).toBe(503);
    expect((await publishBatch(one, numbersFrom(8, 3))).status).toBe(200);
    expect((await publish(one, { channels: ['news', 'more'] })).status).toBe(503);
    expect((await publish(one, { channels: ['news'], data: '11' })).status).toBe(200);
    await near.roundTrip();
    expect(heard(near, 'news')).toEqual(numbersFrom(0, 12));
    expect(heard(near, 'more')).toEqual([]);
    await redis.restart();
    await untilHeard(far, 'news', numbersFrom(0, 12));
    expect(heard(far, 'more')).toEqual([]);
  });

  it('of bytes, it is the same', async () => {
    const { redis, one, near, far } = await startCutOff({ REVERB_SCALING_BUFFER_SIZE: '50000' });
    const large = JSON.stringify('x'.repeat(9_000));
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) {
      statuses.push((await publish(one, { channel: 'news', data: large })).status);
    }
    const taken = statuses.filter((status) => status === 200).length;
    expect(statuses).toEqual([...Array(taken).fill(200), ...Array(10 - taken).fill(503)]);
    expect([4, 5]).toContain(taken);
    expect((await publishBatch(one, numbersFrom(0, 5), large)).status).toBe(503);
    await near.roundTrip();
    expect(heard(near, 'news')).toHaveLength(taken);
    await redis.restart();
    await untilHeard(far, 'news', Array(taken).fill('x'.repeat(9_000)));
  });

  it('client events are not what ends the process, or the connection', async () => {
    const { one, near } = await startCutOff({
      REVERB_SCALING_BUFFER_MESSAGES: '1',
      REVERB_APP_CLIENT_EVENTS_PER_SECOND: '0',
    });
    await publishNumbers(one, 'news', [0]);
    await near.subscribePrivate('private-room', one);
    for (let i = 0; i < 50; i++) near.trigger('client-typed', 'private-room', i);
    await near.roundTrip();
    expect(near.isOpen).toBe(true);
    expect(one.exit).toBeUndefined();
  });
});
