import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../scaling/awaitable.js';
import type { JoinOutcome, Member, StateStore } from '../scaling/state-store.js';
import { quiet, testGlobals, until, type TestGlobals } from './test-globals.js';

/** The nodes of one cluster, each ready for use: what Nest's lifecycle hooks do was done. */
export interface StateStoreCluster {
  /** One node or more; they are asked by turns, and at the same time. */
  readonly nodes: readonly StateStore[];
  /** Called after each test. */
  close?(): Awaitable<void>;
}

/** The stores of one test, and an application nobody else uses. */
interface Subject {
  /** One of the nodes, by turns. */
  readonly any: () => StateStore;
  readonly nodes: () => readonly StateStore[];
  readonly app: () => string;
  readonly otherApp: () => string;
}

const CROWD = 30;

/**
 * Describes what every {@link StateStore} promises, to be called at the top of a test file. Uses the
 * global `describe`, `it` and `expect` of the test runner.
 * @param create makes a cluster for one test; several may use the same server, as every test has its
 * own applications
 */
export function describeStateStore(name: string, create: () => Awaitable<StateStoreCluster>): void {
  const globals = testGlobals();
  const { describe, beforeEach, afterEach } = globals;

  describe(`${name}, a StateStore,`, () => {
    let cluster: StateStoreCluster;
    let app: string;
    let turn = 0;

    beforeEach(async () => {
      cluster = await create();
      app = `app-${randomUUID()}`;
      turn = 0;
    });

    afterEach(async () => {
      await cluster.close?.();
    });

    const subject: Subject = {
      any: () => cluster.nodes[turn++ % cluster.nodes.length]!,
      nodes: () => cluster.nodes,
      app: () => app,
      otherApp: () => `${app}-2`,
    };
    describeConnections(subject, globals);
    describePresence(subject, globals);
    describeMemberLimit(subject, globals);
    describeChannels(subject, globals);
    describeCache(subject, globals);
    describeUsers(subject, globals);
    describeOnce(subject, globals);
    describeBuckets(subject, globals);
  });
}

function describeConnections({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  describe('counts connections:', () => {
    it('those that are open', async () => {
      expect(await any().countConnections(app())).toBe(0);
      expect(await any().openConnection(app(), '1.1', null)).toBe(true);
      expect(await any().openConnection(app(), '1.2', null)).toBe(true);
      expect(await any().countConnections(app())).toBe(2);
      await any().closeConnection(app(), '1.1');
      expect(await any().countConnections(app())).toBe(1);
    });

    it('a close of what is not open changes nothing', async () => {
      await any().openConnection(app(), '1.1', null);
      await any().closeConnection(app(), '9.9');
      await any().closeConnection(app(), '1.1');
      await any().closeConnection(app(), '1.1');
      expect(await any().countConnections(app())).toBe(0);
    });

    it('exactly as many get in as the quota allows, however many come at once', async () => {
      const opened = await atOnce(CROWD, (i) => any().openConnection(app(), `1.${i}`, 7));
      expect(opened.filter(Boolean).length).toBe(7);
      expect(await any().countConnections(app())).toBe(7);
    });

    it('one that was refused is not counted, and one that goes makes room', async () => {
      expect(await any().openConnection(app(), '1.1', 1)).toBe(true);
      expect(await any().openConnection(app(), '1.2', 1)).toBe(false);
      expect(await any().countConnections(app())).toBe(1);
      await any().closeConnection(app(), '1.1');
      expect(await any().openConnection(app(), '1.2', 1)).toBe(true);
    });

    it('a quota of 0 lets nobody in, null everybody, and it may change', async () => {
      expect(await any().openConnection(app(), '1.1', 0)).toBe(false);
      const opened = await atOnce(CROWD, (i) => any().openConnection(app(), `2.${i}`, null));
      expect(opened.every(Boolean)).toBe(true);
      expect(await any().openConnection(app(), '3.1', 10)).toBe(false);
      expect(await any().openConnection(app(), '3.1', CROWD + 1)).toBe(true);
    });

    it('every application has its own', async () => {
      await any().openConnection(app(), '1.1', 1);
      expect(await any().openConnection(otherApp(), '1.1', 1)).toBe(true);
      await any().closeConnection(app(), '1.1');
      expect(await any().countConnections(otherApp())).toBe(1);
    });
  });
}

function describePresence({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const join = (socketId: string, who: Member, channel = 'presence-a') =>
    any().join(app(), channel, socketId, who, 0);
  const leave = (socketId: string, userId: string, channel = 'presence-a') =>
    any().leave(app(), channel, socketId, userId);
  const members = async (channel = 'presence-a') => [...(await any().members(app(), channel))];

  describe('knows who is in a presence channel:', () => {
    it('the first connection of a user is told so, and sees itself', async () => {
      const outcome = admitted(await join('1.1', member('1')));
      expect(outcome.isFirst).toBe(true);
      expect([...outcome.members]).toEqual([member('1')]);
    });

    it('further connections are not the first, and the user is there once', async () => {
      await join('1.1', member('1'));
      const outcome = admitted(await join('1.2', member('1')));
      expect(outcome.isFirst).toBe(false);
      expect(idsOf(outcome.members)).toEqual(['1']);
    });

    it('of the connections of a user that come at once exactly one is the first', async () => {
      const outcomes = await atOnce(CROWD, (i) => join(`1.${i}`, member('1')));
      expect(outcomes.filter((outcome) => admitted(outcome).isFirst).length).toBe(1);
    });

    it('of those that leave at once exactly one is the last', async () => {
      for (let i = 0; i < CROWD; i++) await join(`1.${i}`, member('1'));
      const left = await atOnce(CROWD, (i) => leave(`1.${i}`, '1'));
      expect(left.filter(Boolean).length).toBe(1);
      expect(await members()).toEqual([]);
    });

    it('everybody who came at once is there, and was in the roster of the last', async () => {
      const outcomes = await atOnce(CROWD, (i) => join(`1.${i}`, member(`u${i}`)));
      const sizes = outcomes.map((outcome) => idsOf(admitted(outcome).members).length);
      expect(Math.max(...sizes)).toBe(CROWD);
      expect((await members()).length).toBe(CROWD);
    });

    it('a roster stays as it was, whoever comes or leaves, and can be read twice', async () => {
      const outcome = admitted(await join('1.1', member('1')));
      const roster = await any().members(app(), 'presence-a');
      await join('1.2', member('2'));
      await leave('1.1', '1');
      expect(idsOf(outcome.members)).toEqual(['1']);
      expect(idsOf(outcome.members)).toEqual(['1']);
      expect(idsOf(roster)).toEqual(['1']);
      expect(idsOf(await members())).toEqual(['2']);
    });

    it('only the last connection of a user takes it away, and then it may come first again', async () => {
      await join('1.1', member('1'));
      await join('1.2', member('1'));
      expect(await leave('1.1', '1')).toBe(false);
      expect(idsOf(await members())).toEqual(['1']);
      expect(await leave('1.2', '1')).toBe(true);
      expect(await members()).toEqual([]);
      expect(admitted(await join('1.1', member('1'))).isFirst).toBe(true);
    });

    it('who joins twice with the same connection leaves once', async () => {
      await join('1.1', member('1'));
      expect(admitted(await join('1.1', member('1'))).isFirst).toBe(false);
      expect(await leave('1.1', '1')).toBe(true);
      expect(await leave('1.1', '1')).toBe(false);
    });

    it('a leave of who is not there is nobody’s last', async () => {
      await join('1.1', member('1'));
      expect(await leave('9.9', '1')).toBe(false);
      expect(await leave('1.1', '2')).toBe(false);
      expect(await leave('1.1', '1', 'presence-b')).toBe(false);
      expect(idsOf(await members())).toEqual(['1']);
    });

    it('ids and user_info come back as they were given', async () => {
      const given: Member[] = [
        { userId: '1', id: 1, userInfo: undefined },
        { userId: '01', id: '01', userInfo: '{}' },
        { userId: '1.5', id: 1.5, userInfo: 'null' },
        { userId: '__proto__', id: '__proto__', userInfo: '{"a":{},"b":[],"c":"é \\ud800"}' },
        { userId: 'a:b "c"\n|*', id: 'a:b "c"\n|*', userInfo: '"text"' },
        { userId: 'é\ud83d\ude00', id: 'é\ud83d\ude00', userInfo: '[1, 2]' },
      ];
      for (const [i, who] of given.entries()) await join(`1.${i}`, who);
      const roster = [...(await members())];
      expect(roster.length).toBe(given.length);
      for (const who of given) {
        expect(roster.find(({ userId }) => userId === who.userId)).toEqual(who);
      }
      for (const [i, { userId }] of given.entries())
        expect(await leave(`1.${i}`, userId)).toBe(true);
    });

    it('every channel and every application has its own', async () => {
      await join('1.1', member('1'));
      expect(admitted(await join('1.1', member('1'), 'presence-b')).isFirst).toBe(true);
      const elsewhere = await any().join(otherApp(), 'presence-a', '1.1', member('1'), 0);
      expect(admitted(elsewhere).isFirst).toBe(true);
      expect(await leave('1.1', '1')).toBe(true);
      expect(idsOf(await members('presence-b'))).toEqual(['1']);
      expect(idsOf(await any().members(otherApp(), 'presence-a'))).toEqual(['1']);
    });
  });
}

function describeMemberLimit({ any, app }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const join = (socketId: string, userId: string, limit: number) =>
    any().join(app(), 'presence-a', socketId, member(userId), limit);

  describe('limits the members of a presence channel:', () => {
    it('who is refused leaves no trace', async () => {
      await join('1.1', '1', 1);
      expect((await join('1.2', '2', 1)).isFull).toBe(true);
      expect(idsOf(await any().members(app(), 'presence-a'))).toEqual(['1']);
      expect(await any().leave(app(), 'presence-a', '1.2', '2')).toBe(false);
    });

    it('the further connections of a member are always let in', async () => {
      await join('1.1', '1', 1);
      expect(admitted(await join('1.2', '1', 1)).isFirst).toBe(false);
    });

    it('exactly as many users get in as it allows, however many come at once', async () => {
      const outcomes = await atOnce(CROWD, (i) => join(`1.${i}`, `u${i % 15}`, 5));
      expect(outcomes.filter(({ isFull }) => !isFull).length).toBe(10);
      expect(idsOf(await any().members(app(), 'presence-a')).length).toBe(5);
    });

    it('one who leaves makes room, and 0 is no limit', async () => {
      await join('1.1', '1', 1);
      await any().leave(app(), 'presence-a', '1.1', '1');
      expect((await join('1.2', '2', 1)).isFull).toBe(false);
      expect((await join('1.3', '3', 0)).isFull).toBe(false);
    });
  });
}

function describeChannels({ any, nodes, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const namesOf = async (prefix: string) => {
    const states = await any().channels(app(), prefix);
    return states.map(({ channel }) => channel).sort();
  };

  describe('knows the occupied channels:', () => {
    it('how many subscriptions a channel has, over all nodes', async () => {
      for (const node of nodes()) await node.setSubscriptions(app(), 'a', 3);
      const state = { channel: 'a', subscriptions: 3 * nodes().length, users: 0 };
      expect(await any().channel(app(), 'a')).toEqual(state);
      expect(await any().channels(app(), '')).toEqual([state]);
    });

    it('the last number a node gave is what counts for it', async () => {
      const [node] = nodes();
      for (const count of [1, 2, 5, 4]) await node!.setSubscriptions(app(), 'a', count);
      expect(await any().channel(app(), 'a')).toEqual({ channel: 'a', subscriptions: 4, users: 0 });
    });

    it('also when the numbers came in one go', async () => {
      const [node] = nodes();
      await Promise.all([1, 2, 3].map(async (n) => node!.setSubscriptions(app(), 'a', n)));
      expect(await any().channel(app(), 'a')).toEqual({ channel: 'a', subscriptions: 3, users: 0 });
    });

    it('one that nobody is subscribed to is all zero, and not among them', async () => {
      const nothing = { channel: 'a', subscriptions: 0, users: 0 };
      expect(await any().channel(app(), 'a')).toEqual(nothing);
      const [node] = nodes();
      await node!.setSubscriptions(app(), 'a', 2);
      await node!.setSubscriptions(app(), 'a', 0);
      await node!.setSubscriptions(app(), 'a', 0);
      expect(await any().channel(app(), 'a')).toEqual(nothing);
      expect(await any().channels(app(), '')).toEqual([]);
    });

    it('how many users a presence channel has, each once', async () => {
      const [node] = nodes();
      await node!.setSubscriptions(app(), 'presence-a', 3);
      for (const [socketId, userId] of [
        ['1.1', '1'],
        ['1.2', '1'],
        ['1.3', '2'],
      ] as const) {
        await any().join(app(), 'presence-a', socketId, member(userId), 0);
      }
      const state = { channel: 'presence-a', subscriptions: 3, users: 2 };
      expect(await any().channel(app(), 'presence-a')).toEqual(state);
      expect(await any().channels(app(), 'presence-')).toEqual([state]);
    });

    it('by the beginning of their names, to the letter', async () => {
      const [node] = nodes();
      for (const channel of ['a', 'ab', 'b', 'presence-a', 'private-a', 'A']) {
        await node!.setSubscriptions(app(), channel, 1);
      }
      expect(await namesOf('a')).toEqual(['a', 'ab']);
      expect(await namesOf('p')).toEqual(['presence-a', 'private-a']);
      expect(await namesOf('private-a')).toEqual(['private-a']);
      for (const prefix of ['*', '?', '[a]', 'a*', '\\', 'c']) {
        expect(await namesOf(prefix)).toEqual([]);
      }
    });

    it('those of an application are nobody else’s', async () => {
      const [node] = nodes();
      await node!.setSubscriptions(app(), 'a', 1);
      expect(await any().channels(otherApp(), '')).toEqual([]);
      await node!.setSubscriptions(otherApp(), 'a', 0);
      expect(await namesOf('')).toEqual(['a']);
    });
  });
}

function describeCache({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  describe('remembers the last event of a channel:', () => {
    it('nothing, before there was one', async () => {
      expect(await any().cachedEvent(app(), 'cache-a')).toBeUndefined();
    });

    it('as it was given, with the whole seconds it has left', async () => {
      const event = { event: 'é "quoted"', data: '{"a":{},"b":"\ud83d\ude00 \\ud800"}' };
      await any().cacheEvent(app(), 'cache-a', event, 100);
      const { ttlSeconds, ...cached } = (await any().cachedEvent(app(), 'cache-a'))!;
      expect(cached).toEqual(event);
      expect(Number.isInteger(ttlSeconds)).toBe(true);
      expect(ttlSeconds).toBeGreaterThanOrEqual(1);
      expect(ttlSeconds).toBeLessThanOrEqual(100);
    });

    it('the last one, also when they came in one go, and with the time of that one', async () => {
      const node = any();
      await Promise.all(
        ['1', '2', '3'].map(async (data, i) =>
          node.cacheEvent(app(), 'cache-a', { event: 'e', data }, i === 2 ? 100 : 1),
        ),
      );
      const cached = await any().cachedEvent(app(), 'cache-a');
      expect(cached?.data).toBe('3');
      expect(cached?.ttlSeconds).toBeGreaterThanOrEqual(2);
    });

    it('empty data too', async () => {
      await any().cacheEvent(app(), 'cache-a', { event: 'e', data: '' }, 100);
      expect((await any().cachedEvent(app(), 'cache-a'))?.data).toBe('');
    });

    it('no longer than it should', async () => {
      await any().cacheEvent(app(), 'cache-a', { event: 'e', data: '1' }, 1);
      await until(
        async () => (await any().cachedEvent(app(), 'cache-a')) === undefined,
        'the event is forgotten',
      );
    });

    it('every channel and every application has its own', async () => {
      await any().cacheEvent(app(), 'cache-a', { event: 'e', data: '1' }, 100);
      expect(await any().cachedEvent(app(), 'cache-b')).toBeUndefined();
      expect(await any().cachedEvent(otherApp(), 'cache-a')).toBeUndefined();
    });
  });
}

function describeUsers({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  describe('knows who is signed in:', () => {
    it('the first connection and the last one of a user are told so', async () => {
      expect(await any().signIn(app(), '1', '1.1')).toBe(true);
      expect(await any().signIn(app(), '1', '1.2')).toBe(false);
      expect(await any().signIn(app(), '1', '1.2')).toBe(false);
      expect(await any().signOut(app(), '1', '1.1')).toBe(false);
      expect(await any().signOut(app(), '1', '1.2')).toBe(true);
      expect(await any().signOut(app(), '1', '1.2')).toBe(false);
      expect(await any().signIn(app(), '1', '1.1')).toBe(true);
    });

    it('exactly one is the first and one the last, when they come and go at once', async () => {
      const signedIn = await atOnce(CROWD, (i) => any().signIn(app(), '1', `1.${i}`));
      expect(signedIn.filter(Boolean).length).toBe(1);
      const signedOut = await atOnce(CROWD, (i) => any().signOut(app(), '1', `1.${i}`));
      expect(signedOut.filter(Boolean).length).toBe(1);
    });

    it('a sign-out of who is not signed in is nobody’s last', async () => {
      await any().signIn(app(), '1', '1.1');
      expect(await any().signOut(app(), '1', '9.9')).toBe(false);
      expect(await any().signOut(app(), '2', '1.1')).toBe(false);
      expect(await any().onlineUsers(app(), ['1'])).toEqual(['1']);
    });

    it('which users of a list are online, in the order of the list', async () => {
      for (const userId of ['1', '2', '3', '__proto__']) {
        await any().signIn(app(), userId, `1.${userId}`);
      }
      await any().signOut(app(), '2', '1.2');
      const asked = ['3', '2', 'constructor', '__proto__', '01', '1'];
      expect(await any().onlineUsers(app(), asked)).toEqual(['3', '__proto__', '1']);
      expect(await any().onlineUsers(app(), [])).toEqual([]);
    });

    it('those of an application are nobody else’s', async () => {
      await any().signIn(app(), '1', '1.1');
      expect(await any().signIn(otherApp(), '1', '1.1')).toBe(true);
      expect(await any().signOut(otherApp(), '1', '1.1')).toBe(true);
      expect(await any().onlineUsers(app(), ['1'])).toEqual(['1']);
      expect(await any().onlineUsers(otherApp(), ['1'])).toEqual([]);
    });
  });
}

function describeOnce({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;
  const once = (key: string, makeAnswer: () => Promise<string>, ttlSeconds = 100) =>
    any().once(app(), key, ttlSeconds, makeAnswer);

  describe('gives the same answer to the same key:', () => {
    it('the one that was made first, as it was', async () => {
      const answer = '{"a":{},"b":"é \ud83d\ude00 \\ud800"}';
      expect(await once('key', async () => answer)).toBe(answer);
      expect(await once('key', async () => 'another')).toBe(answer);
    });

    it('an empty one too', async () => {
      expect(await once('key', async () => '')).toBe('');
      expect(await once('key', async () => 'another')).toBe('');
    });

    it('made once, however many ask at once', async () => {
      let made = 0;
      const answers = await atOnce(CROWD, () =>
        once('key', async () => {
          made++;
          await quiet();
          return `answer ${made}`;
        }),
      );
      expect(made).toBe(1);
      expect(new Set(answers)).toEqual(new Set(['answer 1']));
    });

    it('who asks while it is being made waits for it', async () => {
      const gate = deferred<string>();
      const firstAnswer = once('key', () => gate.promise);
      let isAnswered = false;
      const waiting = (async () => {
        const answer = await once('key', async () => 'another');
        isAnswered = true;
        return answer;
      })();
      await quiet();
      expect(isAnswered).toBe(false);
      gate.resolve('answer');
      expect(await firstAnswer).toBe('answer');
      expect(await waiting).toBe('answer');
    });

    it('however long that takes, even longer than it is remembered', async () => {
      const gate = deferred<string>();
      const firstAnswer = once('key', () => gate.promise, 1);
      for (let i = 0; i < 20; i++) await quiet();
      let madeAgain = 0;
      const waiting = once('key', async () => `another ${++madeAgain}`, 1);
      await quiet();
      gate.resolve('answer');
      expect(await firstAnswer).toBe('answer');
      expect(await waiting).toBe('answer');
      expect(madeAgain).toBe(0);
    });

    it('one that fails to be made is told as it is, and made anew by the next', async () => {
      const failure = once('key', () => Promise.reject(new Error('no answer')));
      expect(await failure.catch((error: unknown) => (error as Error).message)).toBe('no answer');
      expect(await once('key', async () => 'answer')).toBe('answer');
      expect(await once('key', async () => 'another')).toBe('answer');
    });

    it('who waits for one that fails is not left waiting', async () => {
      const gate = deferred<string>();
      const asked = [
        once('key', () => gate.promise),
        once('key', async () => 'made by the second'),
      ];
      await quiet();
      gate.reject(new Error('no answer'));
      const [firstOutcome, second] = await Promise.allSettled(asked);
      expect(firstOutcome!.status).toBe('rejected');
      // Either the failure is shared, or the one who waited made the answer.
      if (second!.status === 'fulfilled') expect(second!.value).toBe('made by the second');
    });

    it('no longer than it should', async () => {
      let made = 0;
      const ask = () => once('key', async () => `answer ${++made}`, 1);
      await ask();
      await until(async () => (await ask()) === 'answer 2', 'the answer is made again');
    });

    it('every key and every application has its own', async () => {
      await once('key', async () => 'answer');
      expect(await once('key 2', async () => 'another')).toBe('another');
      expect(await any().once(otherApp(), 'key', 100, async () => 'a third')).toBe('a third');
    });
  });
}

function describeBuckets({ any, app, otherApp }: Subject, globals: TestGlobals): void {
  const { describe, it, expect } = globals;

  describe('limits what is taken out of a bucket in a second:', () => {
    it('as much as it allows is given, however many ask at once', async () => {
      const taken = await atOnce(CROWD * 2, () => any().take(app(), 'bucket', 1, 10));
      const given = taken.filter(Boolean).length;
      expect(given).toBeGreaterThanOrEqual(10);
      // A second may have ended in the midst of it.
      expect(given).toBeLessThanOrEqual(20);
    });

    it('what is more than the rest is refused whole, and takes nothing', async () => {
      await until(async () => {
        const bucket = randomUUID();
        const [ten, six, four, one] = [
          await any().take(app(), bucket, 10, 20),
          await any().take(app(), bucket, 11, 20),
          await any().take(app(), bucket, 10, 20),
          await any().take(app(), bucket, 1, 20),
        ];
        // Tried again, should a second have ended in the midst of it.
        return ten && !six && four && !one;
      }, 'ten of twenty, not eleven, ten more, and nothing is left');
    });

    it('more than it ever allows is never given', async () => {
      expect(await any().take(app(), 'bucket', 11, 10)).toBe(false);
    });

    it('there is more in the next second', async () => {
      await until(async () => !(await any().take(app(), 'bucket', 1, 3)), 'the bucket is empty');
      await until(async () => any().take(app(), 'bucket', 1, 3), 'the bucket is full again');
    });

    it('every bucket and every application has its own', async () => {
      await any().take(app(), 'bucket', 10, 10);
      expect(await any().take(app(), 'bucket 2', 10, 10)).toBe(true);
      expect(await any().take(otherApp(), 'bucket', 10, 10)).toBe(true);
    });
  });
}

/** Does something many times at once. */
function atOnce<T>(count: number, act: (i: number) => Awaitable<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, async (_, i) => act(i)));
}

const member = (userId: string): Member => ({
  userId,
  id: userId,
  userInfo: `{"name":"user ${userId}"}`,
});

const idsOf = (members: Iterable<Member>): string[] =>
  Array.from(members, ({ userId }) => userId).sort();

function admitted(outcome: JoinOutcome): JoinOutcome & { readonly isFull: false } {
  if (outcome.isFull) throw new Error('The channel is full.');
  return outcome;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

function deferred<T>(): Deferred<T> {
  let settle!: Pick<Deferred<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
