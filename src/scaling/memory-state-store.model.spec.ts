import { jest } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryStateStore } from './memory-state-store.js';

/* Any calls in any order, against models that keep lists and look through all of it. */

const APP = 'app';

let store: MemoryStateStore;

/** A store for one run, with nobody in it. */
function begin(): void {
  store?.onModuleDestroy();
  store = new MemoryStateStore();
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  store.onModuleDestroy();
  jest.useRealTimers();
});

describe('The connections of an application', () => {
  const call = fc.record({
    isOpening: fc.boolean(),
    socketId: fc.constantFrom('1.1', '1.2', '1.3', '1.4', '1.5'),
    limit: fc.constantFrom(null, 0, 1, 3),
  });

  it('are those that were let in and did not go', () => {
    const property = fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
      begin();
      const open = new Set<string>();
      for (const { isOpening, socketId, limit } of calls) {
        const isLetIn = isOpening && (limit === null || open.size < limit);
        if (isLetIn) open.add(socketId);
        if (!isOpening) open.delete(socketId);
        const answer = isOpening
          ? store.openConnection(APP, socketId, limit)
          : store.closeConnection(APP, socketId);
        expect(answer ?? false).toBe(isLetIn);
        expect(store.countConnections(APP)).toBe(open.size);
      }
    });
    fc.assert(property);
  });
});

describe('Signed-in users', () => {
  const USERS = ['a', 'b', 'c'];
  const call = fc.record({
    kind: fc.constantFrom('in', 'out', 'wait'),
    userId: fc.constantFrom(...USERS),
    socketId: fc.constantFrom('1.1', '1.2', '1.3'),
    ms: fc.constantFrom(1, 50, 100, 250),
  });
  type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

  /** Who is online by a list of connections, and what was said of who went offline. */
  class UsersModel {
    readonly told: string[] = [];
    private readonly connections = new Map(USERS.map((userId) => [userId, new Set<string>()]));
    private readonly leftMs = new Map<string, number>();

    get online(): readonly string[] {
      return USERS.filter((userId) => this.isOnline(userId));
    }

    /** @returns whether the user came, if that is what was done */
    answer({ kind, userId, socketId, ms }: Call): boolean | undefined {
      const own = this.connections.get(userId)!;
      if (kind === 'wait') return this.pass(ms);
      if (kind === 'out') {
        if (own.delete(socketId) && own.size === 0) this.leftMs.set(userId, ms);
        return undefined;
      }
      const isNew = !this.isOnline(userId);
      own.add(socketId);
      this.leftMs.delete(userId);
      return isNew;
    }

    private isOnline(userId: string): boolean {
      return this.connections.get(userId)!.size > 0 || this.leftMs.has(userId);
    }

    private pass(ms: number): undefined {
      for (const [userId, left] of this.leftMs) {
        if (left > ms) this.leftMs.set(userId, left - ms);
        else if (this.leftMs.delete(userId)) this.told.push(`${userId} is offline`);
      }
    }
  }

  function answerOfStore({ kind, userId, socketId, ms }: Call): boolean | undefined | void {
    if (kind === 'in') return store.signIn(APP, userId, socketId);
    if (kind === 'out') return store.signOut(APP, userId, socketId, ms);
    jest.advanceTimersByTime(ms);
  }

  it('are online until the grace after their last connection is over, and then said to be offline', () => {
    const property = fc.property(fc.array(call, { maxLength: 50 }), (calls) => {
      begin();
      const told: string[] = [];
      store.listen({
        onMembersChanged: () => told.push('members changed'),
        onRestored: () => told.push('restored'),
        onPlaceChanged: () => told.push('place changed'),
        onUserStatus: (_, userId, isOnline) =>
          told.push(`${userId} is ${isOnline ? 'online' : 'offline'}`),
      });
      const model = new UsersModel();
      for (const each of calls) {
        const expected = model.answer(each);
        expect(answerOfStore(each)).toBe(expected);
        expect([...told].sort()).toEqual([...model.told].sort());
        expect(store.onlineUsers(APP, USERS)).toEqual(model.online);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('What is remembered for a time', () => {
  const call = fc.record({
    kind: fc.constantFrom('do', 'look', 'wait', 'forget'),
    name: fc.constantFrom('a', 'b'),
    amount: fc.integer({ min: 1, max: 6 }),
    ms: fc.constantFrom(1, 400, 600, 1000, 2500),
  });
  type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

  /** @param start begins a run, and gives what is done at each of its moments */
  function run(start: () => (call: Call, nowMs: number) => void): void {
    const property = fc.property(fc.array(call, { maxLength: 50 }), (calls) => {
      begin();
      const act = start();
      let nowMs = 0;
      for (const each of calls) {
        if (each.kind === 'wait') jest.advanceTimersByTime(each.ms);
        if (each.kind === 'wait') nowMs += each.ms;
        else act(each, nowMs);
      }
    });
    fc.assert(property);
  }

  it('is the last event of each cache channel, with the seconds it has left', () => {
    run(() => {
      const cached = new Map<string, { readonly data: string; readonly endMs: number }>();
      return ({ kind, name, amount }, nowMs) => {
        if (kind === 'do') {
          const data = `at ${nowMs}`;
          store.cacheEvent(APP, name, { event: 'e', data }, amount);
          cached.set(name, { data, endMs: nowMs + amount * 1000 });
        }
        const isForgotten = kind === 'forget' && store.forgetCachedEvent(APP, name);
        const wasThere = (cached.get(name)?.endMs ?? 0) > nowMs;
        expect(isForgotten).toBe(kind === 'forget' && wasThere);
        if (isForgotten) cached.delete(name);
        const { data, endMs } = cached.get(name) ?? { endMs: 0 };
        const ttlSeconds = Math.ceil((endMs - nowMs) / 1000);
        const expected = ttlSeconds > 0 ? { event: 'e', data, ttlSeconds } : undefined;
        expect(store.cachedEvent(APP, name)).toEqual(expected);
      };
    });
  });

  it('is what was taken out of each bucket, in a window that opens with the first who takes', () => {
    const [LIMIT, WINDOW_MS] = [8, 1000];
    run(() => {
      const windows = new Map<string, { taken: number; readonly endMs: number }>();
      return ({ name, amount }, nowMs) => {
        const former = windows.get(name);
        const isOpen = former !== undefined && nowMs < former.endMs;
        const window = isOpen ? former : { taken: 0, endMs: nowMs + WINDOW_MS };
        windows.set(name, window);
        const isGiven = window.taken + amount <= LIMIT;
        expect(store.take(APP, name, amount, LIMIT, WINDOW_MS)).toBe(isGiven);
        if (isGiven) window.taken += amount;
      };
    });
  });
});
