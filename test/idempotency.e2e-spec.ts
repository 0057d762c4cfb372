import { randomUUID } from 'node:crypto';
import { StateStore } from '../src/scaling/state-store.js';
import { api, expectRefusal, startServerFor, startTwoApplications } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { eventually } from './harness/eventually.js';
import type { ApiTarget } from './harness/signed-request.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer, type TestServer } from './harness/test-server.js';

afterEach(closeAll);

const EVENT = { name: 'e', channel: 'c', data: 'd' };

/** Publishes with the key in the header; `fields` differ from {@link EVENT}. */
const publish = (server: ApiTarget, key: string, fields: object = {}) =>
  api(server, 'POST', 'events', {
    body: { ...EVENT, ...fields },
    headers: { 'X-Idempotency-Key': key },
  });

const publishBatch = (server: ApiTarget, key: string, batch: object[] = [EVENT]) =>
  api(server, 'POST', 'batch_events', {
    body: { batch },
    headers: { 'X-Idempotency-Key': key },
  });

async function withSubscriber(server: TestServer | ApiTarget, url: string) {
  const client = await PusherClient.connect({ ...server, url });
  await client.subscribe('c');
  return client;
}

/** What a client got so far. */
async function received(client: PusherClient) {
  await client.roundTrip();
  return client.framesLike('e').map(({ data }) => data);
}

describe('a publish with a key is done once', () => {
  it('and its first answer is given again, whatever the second asks', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    const answer = { channels: { c: { subscription_count: 1 } } };
    await publish(server, 'k', { data: '1', info: 'subscription_count' }).expect(200, answer);
    await client.subscribe('more');
    await publish(server, 'k', { data: '2' }).expect(200, answer);
    await publish(server, 'k', { data: '3', channel: 'more' }).expect(200, answer);
    expect(await received(client)).toEqual(['1']);
  });

  it('with the key in the header or in the body', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    const inBody = { body: { ...EVENT, idempotency_key: 'k' } };
    await api(server, 'POST', 'events', inBody).expect(200, {});
    await api(server, 'POST', 'events', inBody).expect(200, {});
    await publish(server, 'k').expect(200, {});
    expect(await received(client)).toEqual(['d']);
    await publish(server, 'other', { idempotency_key: 'k' }).expect(200, {});
    expect(await received(client)).toEqual(['d', 'd']);
  });

  it('and so is a batch', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    for (let i = 0; i < 2; i++) await publishBatch(server, 'k', [EVENT, EVENT]).expect(200, {});
    const body = { batch: [EVENT], idempotency_key: 'k' };
    await api(server, 'POST', 'batch_events', { body }).expect(200, {});
    expect(await received(client)).toEqual(['d', 'd']);
  });

  it('while the first is still under way', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => publish(server, key, { info: 'subscription_count' })),
    );
    for (const { status, body } of answers) {
      expect({ status, body }).toEqual({
        status: 200,
        body: { channels: { c: { subscription_count: 1 } } },
      });
    }
    expect(await received(client)).toEqual(['d']);
  });

  it('but with another key, or none, as often as it is asked', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    for (const key of ['k', 'K', 'k ~', `k${'x'.repeat(254)}`]) {
      await publish(server, key, { data: key }).expect(200, {});
    }
    const body = { ...EVENT, idempotency_key: null };
    for (let i = 0; i < 2; i++) await api(server, 'POST', 'events', { body }).expect(200, {});
    expect(await received(client)).toHaveLength(6);
  });
});

describe('a key means nothing elsewhere', () => {
  it('not for another application', async () => {
    const { server, other } = await startTwoApplications();
    const ours = await withSubscriber(server, server.url);
    const theirs = await withSubscriber(other, server.url);
    await publish(server, 'k').expect(200, {});
    await publish(other, 'k').expect(200, {});
    expect([await received(ours), await received(theirs)]).toEqual([['d'], ['d']]);
  });

  it('not for the other way to publish', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    await publish(server, 'k').expect(200, {});
    await publishBatch(server, 'k').expect(200, {});
    expect(await received(client)).toEqual(['d', 'd']);
  });
});

describe('a failure is not remembered', () => {
  it('neither a refused body nor a refused signature', async () => {
    const server = await sharedServer();
    const client = await withSubscriber(server, server.url);
    expectRefusal(await publish(server, 'k', { channel: 'b ad' }), 400);
    expectRefusal(await publish(server, 'k', { data: 'x'.repeat(10_001) }), 413);
    const forged = { body: EVENT, tamper: { secret: 'x' }, headers: { 'X-Idempotency-Key': 'k' } };
    expectRefusal(await api(server, 'POST', 'events', forged), 401);
    await publish(server, 'k').expect(200, {});
    expectRefusal(await publish(server, 'k', { channel: 'b ad' }), 400);
    expectRefusal(await api(server, 'POST', 'events', forged), 401);
    expect(await received(client)).toEqual(['d']);
  });

  it('nor a rate limit, which a repeated key does not count against', async () => {
    const server = await startServerFor({ publishes_per_second: 1 });
    const client = await withSubscriber(server, server.url);
    const limited = await eventually(async () => {
      await publish(server, randomUUID());
      const second = await publish(server, 'late', { data: 'late' });
      expect(second.status).toBe(429);
      return second;
    });
    expectRefusal(limited, 429);
    await eventually(async () => {
      await publish(server, 'late', { data: 'late' }).expect(200, {});
    });
    for (let i = 0; i < 5; i++) await publish(server, 'late').expect(200, {});
    expect((await received(client)).filter((data) => data === 'late')).toHaveLength(1);
  });

  it('nor a fault of the server', async () => {
    const server = await startServer();
    const client = await withSubscriber(server, server.url);
    const state = server.app.get(StateStore);
    const channel = state.channel.bind(state);
    state.channel = () => {
      throw new Error('The store is down');
    };
    const info = { info: 'subscription_count' };
    const failed = await publish(server, 'k', info);
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain('store');
    state.channel = channel;
    await publish(server, 'k', info).expect(200);
    expect(await received(client)).toEqual(['d', 'd']);
  });
});

describe('a key that cannot be one is refused with 400', () => {
  it.each([
    ['empty', ''],
    ['of 256 characters', 'x'.repeat(256)],
  ])('%s', async (_, key) => {
    const server = await sharedServer();
    expectRefusal(await publish(server, key), 400, /[Ii]dempotency.key/);
    expectRefusal(await publishBatch(server, key), 400, /[Ii]dempotency.key/);
    const body = { ...EVENT, idempotency_key: key };
    expectRefusal(await api(server, 'POST', 'events', { body }), 400, /[Ii]dempotency.key/);
  });

  it.each([[1], [true], [{}], [['k']]])('%j', async (key) => {
    const server = await sharedServer();
    const body = { ...EVENT, idempotency_key: key };
    expectRefusal(await api(server, 'POST', 'events', { body }), 400, /^idempotency_key/);
  });
});
