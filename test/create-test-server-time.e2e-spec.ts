import { jest } from '@jest/globals';
import { createTestServer, type TestServer } from '../src/testing/index.js';

const SECOND = 1000;

let server: TestServer;

beforeEach(() => {
  // Sockets need the turns of the event loop.
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
  });
});

afterEach(async () => {
  await server.close();
  jest.useRealTimers();
});

describe('Under fake time a server of a test', () => {
  it('asks silent connections for a sign of life, and closes those that give none', async () => {
    server = await createTestServer();
    const silent = await server.connect({ answersPings: false });
    const lively = await server.connect();
    await jest.advanceTimersByTimeAsync(59 * SECOND);
    expect(silent.received()).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(2 * SECOND);
    await silent.expectEvent('pusher:ping');
    await lively.settle();
    await jest.advanceTimersByTimeAsync(31 * SECOND);
    expect((await silent.expectClosed()).code).toBe(4201);
    expect(lively.closed).toBeUndefined();
  });

  it('says that a user is offline when the grace has passed', async () => {
    server = await createTestServer();
    const bob = await server.connect();
    await bob.signIn({ id: 'bob', watchlist: ['ann'] });
    const ann = await server.connect();
    await ann.signIn({ id: 'ann' });
    await bob.expectEvent('pusher_internal:watchlist_events');
    await ann.close();
    await jest.advanceTimersByTimeAsync(2.9 * SECOND);
    await bob.settle();
    expect(bob.received()).toHaveLength(4);
    await jest.advanceTimersByTimeAsync(0.2 * SECOND);
    await bob.expectEvent('pusher_internal:watchlist_events', {
      data: { events: [{ name: 'offline', user_ids: ['ann'] }] },
    });
  });

  it('opens the next window of a rate limit', async () => {
    server = await createTestServer({
      applications: [{ id: 'app-id', keys: [{ key: 'k', secret: 's' }], clientEventsPerSecond: 1 }],
    });
    const ann = await server.connect();
    await ann.subscribe('private-c');
    const bob = await server.connect();
    await bob.subscribe('private-c');
    ann.trigger('client-1', 'private-c', 1);
    ann.trigger('client-2', 'private-c', 2);
    await ann.expectEvent('pusher:error', { data: expect.objectContaining({ code: 4301 }) });
    await jest.advanceTimersByTimeAsync(SECOND);
    ann.trigger('client-3', 'private-c', 3);
    await bob.expectEvent('client-3');
    expect(bob.received('private-c').map(({ event }) => event)).not.toContain('client-2');
  });

  it('forgets what a cache channel remembers', async () => {
    server = await createTestServer();
    await server.publish('cache-c', 'e', 1);
    const early = await server.connect();
    await early.subscribe('cache-c');
    await early.expectEvent('e');
    jest.advanceTimersByTime(1801 * SECOND);
    const late = await server.connect();
    await late.subscribe('cache-c');
    await late.expectEvent('pusher:cache_miss');
  });

  it('waits for what is expected in real time', async () => {
    server = await createTestServer();
    const missed = server.expectPublished('c', 'e', undefined, { withinMs: 20 });
    await expect(missed).rejects.toThrow('within 20 ms');
  });
});
