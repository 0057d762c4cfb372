import { jest } from '@jest/globals';
import { ApplicationState, ApplicationStates } from './application-state.js';
import type { Member } from './state-store.js';

const member = (userId: string): Member => ({ userId, id: userId, userInfo: undefined });

let nowMs: number;
let application: ApplicationState;

beforeEach(() => {
  nowMs = 1000;
  application = new ApplicationState(() => nowMs);
});

describe('The version of a presence channel', () => {
  const CHANNEL = 'presence-a';
  const join = (socketId: string, userId: string) =>
    application.join(CHANNEL, socketId, member(userId), 0)!.state.version;
  const leave = (socketId: string, userId: string) =>
    application.leave(CHANNEL, socketId, userId).version;

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is beyond those that another process used before', () => {
    const before = Date.now() * 1000;
    expect(join('1.1', '1')).toBeGreaterThan(before);
  });

  it('is one of its own, also of a channel that empties and fills in the same moment', () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    const versions = Array.from({ length: 10 }, () => [join('1.1', '1'), leave('1.1', '1')]).flat();
    expect(new Set(versions).size).toBe(versions.length);
    expect([...versions].sort((one, other) => one - other)).toEqual(versions);
  });

  it('grows on when the time of day is set back', () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    join('1.1', '1');
    const last = leave('1.1', '1');
    clock.mockReturnValue(1_600_000_000_000);
    expect(join('1.1', '1')).toBeGreaterThan(last);
  });
});

describe('The version of whatever presence channel', () => {
  it('is never 0, does not go back, and is below that of whoever comes next', () => {
    const versions = [application.versionOf('presence-a')];
    for (const userId of ['1', '2']) {
      versions.push(application.join('presence-a', '1.1', member(userId), 0)!.state.version);
      expect(application.versionOf('presence-a')).toBe(versions.at(-1));
      versions.push(application.leave('presence-a', '1.1', userId).version);
      versions.push(application.versionOf('presence-a'));
    }
    expect(versions[0]).toBeGreaterThan(0);
    expect([...versions].sort((one, other) => one - other)).toEqual(versions);
    expect(versions[4]).toBeGreaterThan(versions[3]!);
  });
});

describe('Who is expelled from a presence channel', () => {
  it('is gone with all connections, and the others stay', () => {
    for (const socketId of ['1.1', '1.2']) {
      application.join('presence-a', socketId, member('1'), 0);
    }
    application.join('presence-a', '2.1', member('2'), 0);
    application.expel('presence-a', '1');
    application.expel('presence-a', 'nobody');
    application.expel('presence-b', '1');
    expect(application.presence.get('presence-a')?.members).toEqual([member('2')]);
    expect(application.leave('presence-a', '1.2', '1').isLast).toBe(false);
    expect(application.join('presence-a', '1.1', member('1'), 0)?.isFirst).toBe(true);
  });

  it('leaves nothing behind when nobody else is there', () => {
    application.join('presence-a', '1.1', member('1'), 0);
    application.expel('presence-a', '1');
    expect(application.presence.size).toBe(0);
  });
});

describe('Applications', () => {
  it('come when they are asked for, and stay the same', () => {
    const applications = new ApplicationStates(() => nowMs);
    const [one, other] = [applications.get('1'), applications.get('2')];
    expect(applications.get('1')).toBe(one);
    expect([...applications.entries()]).toEqual([
      ['1', one],
      ['2', other],
    ]);
  });

  it('forget what has expired, all of them', () => {
    const applications = new ApplicationStates(() => nowMs);
    for (const appId of ['1', '2']) applications.get(appId).take('bucket', 1, 1, 500);
    nowMs += 500;
    applications.sweep();
    expect([...applications.entries()].map(([, { buckets }]) => buckets.size)).toEqual([0, 0]);
  });
});

describe('What is empty is forgotten', () => {
  it('a channel that refused everybody', () => {
    application.join('presence-a', '1.1', member('1'), 1);
    expect(application.join('presence-a', '1.2', member('2'), 1)).toBeUndefined();
    application.leave('presence-a', '1.1', '1');
    expect(application.presence.size).toBe(0);
  });

  it('channels, rosters and users', () => {
    application.setSubscriptions('presence-a', 1);
    application.join('presence-a', '1.1', member('1'), 0);
    application.signIn('1', '1.1');
    application.setSubscriptions('presence-a', 0);
    application.leave('presence-a', '1.1', '1');
    application.signOut('1', '1.1');
    const { subscriptions, presence, users } = application;
    expect([subscriptions.size, presence.size, users.size]).toEqual([0, 0, 0]);
  });

  it('and what has expired, when it is swept', async () => {
    application.cache.set('cache-a', { event: 'e', data: '1' }, 500);
    application.take('bucket', 1, 1, 500);
    await application.once('key', 500, async () => 'answer');
    const sizes = () => [
      application.cache.size,
      application.buckets.size,
      application.answers.size,
    ];
    nowMs = 1499;
    application.sweep();
    expect(sizes()).toEqual([1, 1, 1]);
    nowMs = 1500;
    application.sweep();
    expect(sizes()).toEqual([0, 0, 0]);
  });
});

describe('An answer', () => {
  it('is remembered from when it was made, and while it is being made whatever the time', async () => {
    let resolve!: (answer: string) => void;
    const first = application.once('key', 500, () => new Promise((made) => (resolve = made)));
    nowMs += 10_000;
    application.sweep();
    const makeAnother = jest.fn(async () => 'another');
    const second = application.once('key', 500, makeAnother);
    resolve('answer');
    expect(await Promise.all([first, second])).toEqual(['answer', 'answer']);
    nowMs += 499;
    expect(await application.once('key', 500, makeAnother)).toBe('answer');
    expect(makeAnother).not.toHaveBeenCalled();
    nowMs += 1;
    expect(await application.once('key', 500, makeAnother)).toBe('another');
  });

  it('that fails is told to all who wait, and then made anew', async () => {
    const failing = () => Promise.reject(new Error('no answer'));
    const asked = [application.once('key', 500, failing), application.once('key', 500, failing)];
    for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected');
    expect(await application.once('key', 500, async () => 'answer')).toBe('answer');
  });
});

describe('A bucket', () => {
  it('is full again when its window is over, which opens with the first who takes', () => {
    const take = (amount: number) => application.take('bucket', amount, 10, 500);
    expect([take(4), take(6), take(1)]).toEqual([true, true, false]);
    nowMs += 499;
    expect(take(1)).toBe(false);
    nowMs += 1;
    expect([take(10), take(1)]).toEqual([true, false]);
  });

  it('may have a window of another length from then on', () => {
    expect(application.take('bucket', 10, 10, 500)).toBe(true);
    nowMs += 500;
    expect(application.take('bucket', 10, 10, 100)).toBe(true);
    nowMs += 100;
    expect(application.take('bucket', 10, 10, 100)).toBe(true);
  });
});
