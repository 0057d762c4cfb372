import { jest } from '@jest/globals';
import { describeStateStore } from '../testing/state-store.suite.js';
import type { ApplicationStates } from './application-state.js';
import { MemoryStateStore } from './memory-state-store.js';

describeStateStore('MemoryStateStore', () => {
  const store = new MemoryStateStore();
  store.onModuleInit();
  return { nodes: [store], close: () => store.onModuleDestroy() };
});

describe('MemoryStateStore', () => {
  const member = { userId: '1', id: '1', userInfo: undefined };

  it('answers at once, so that nothing waits for a promise', () => {
    const store = new MemoryStateStore();
    const answers = [
      store.openConnection('app', '1.1', null),
      store.countConnections('app'),
      store.join('app', 'presence-a', '1.1', member, 0),
      store.roster('app', 'presence-a'),
      store.userIds('app', 'presence-a'),
      store.leave('app', 'presence-a', '1.1', '1'),
      store.channel('app', 'a'),
      store.channels('app', ''),
      store.cachedEvent('app', 'cache-a'),
      store.signIn('app', '1', '1.1'),
      store.onlineUsers('app', ['1']),
      store.occupy('app', 'place', '1.1'),
      store.vacate('app', 'place', '1.1', 0),
      store.take('app', 'bucket', 1, 1, 1000),
    ];
    expect(answers.filter((answer) => (answer as unknown) instanceof Promise)).toEqual([]);
  });

  it('says at once who is gone from the moment on in which the node is about to stop', () => {
    const store = new MemoryStateStore();
    const told: string[] = [];
    store.listen({
      onMembersChanged: () => told.push('members'),
      onUserStatus: () => told.push('user'),
      onRestored: () => told.push('restored'),
      onPlaceChanged: ({ place, isOccupied }) => told.push(`${place} ${isOccupied}`),
    });
    for (const place of ['left', 'kept', 'back']) store.occupy('app', place, '1.1');
    for (const place of ['left', 'back']) store.vacate('app', place, '1.1', 600_000);
    store.occupy('app', 'back', '1.2');
    expect(told).toEqual([]);
    store.handOver();
    expect(told).toEqual(['left false']);
    store.vacate('app', 'kept', '1.1', 600_000);
    expect(told).toEqual(['left false', 'kept false']);
    store.onApplicationShutdown();
  });

  it('forgets in time, with nobody asking, what has expired', () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    try {
      const store = new MemoryStateStore();
      store.onModuleInit();
      store.cacheEvent('app', 'cache-a', { event: 'e', data: '1' }, 5);
      for (let i = 0; i < 100; i++) store.take('app', `bucket ${i}`, 1, 1, 1000);
      const { cache, buckets } = stateOf(store);
      expect([cache.size, buckets.size]).toEqual([1, 100]);
      jest.advanceTimersByTime(20_000);
      expect([cache.size, buckets.size]).toEqual([0, 0]);
      store.onModuleDestroy();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

/** What a store holds of the application. */
function stateOf(store: MemoryStateStore) {
  const { applications } = store as unknown as { applications: ApplicationStates };
  return applications.get('app');
}
