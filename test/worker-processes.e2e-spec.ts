import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub } from './harness/bus-nodes.js';
import { BusProcess } from './harness/bus-process.js';
import { closeAll, eventually } from './harness/eventually.js';
import { memberOf } from './harness/state-node.js';

const APP = 'app';
const ROOM = 'presence-a';
const TOPIC = 'channel app news';
const LEASE_MS = 1000;
const PATIENCE = { withinMs: 10_000 };

let hub: BusHub;
let one: BusProcess;
let two: BusProcess;
let three: BusProcess;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  const onSilent = (pid: number) => process.kill(pid, 'SIGKILL');
  hub = await BusHub.start({ leaseMs: LEASE_MS, onSilent });
  const start = () => BusProcess.start(hub.address);
  [one, two, three] = await Promise.all([start(), start(), start()]);
});
afterEach(() => closeAll());

const frame = (text: string) => ({ type: 'frame', appId: APP, channel: 'news', frame: text });
const join = (worker: BusProcess, userId: string) =>
  worker.call('store', 'join', APP, ROOM, `${userId}.1`, memberOf(userId), 0);
const usersIn = async (worker: BusProcess) =>
  ((await worker.call('store', 'userIds', APP, ROOM)) as string[]).sort();

/** Puts somebody of everything on a worker. */
async function occupy(worker: BusProcess, userId: string): Promise<void> {
  await join(worker, userId);
  await worker.call('store', 'signIn', APP, userId, `${userId}.1`);
  await worker.call('store', 'openConnection', APP, `${userId}.1`, 100);
}

async function expectGone(userId: string): Promise<void> {
  await eventually(() => {
    const told = [...two.told, ...three.told].filter((text) => text.endsWith(` ${userId}`));
    expect(told.sort()).toEqual([`left ${userId}`, `offline ${userId}`]);
    for (const { told: each } of [two, three]) expect(each).toContain('restored');
  }, PATIENCE);
  for (const worker of [two, three]) {
    expect(await usersIn(worker)).toEqual(['stays']);
    expect(await worker.call('store', 'countConnections', APP)).toBe(1);
    expect(await worker.call('store', 'nodes')).toHaveLength(2);
  }
}

describe('Workers in processes of their own', () => {
  it('are one: messages in one order, one state', async () => {
    const workers = [one, two, three];
    for (const worker of workers) await worker.call('pubSub', 'subscribe', TOPIC);
    const published = workers.flatMap((worker, i) =>
      Array.from({ length: 20 }, (_, n) =>
        worker.call('pubSub', 'publish', TOPIC, frame(`${i} ${n}`)),
      ),
    );
    await Promise.all(published);
    await eventually(() => {
      for (const { told } of workers) expect(told).toHaveLength(60);
    }, PATIENCE);
    for (const { told } of workers) expect(told).toEqual(one.told);
    expect(await join(one, '1')).toMatchObject({ isFirst: true });
    expect(await join(two, '1')).toMatchObject({ isFirst: false });
    expect(await usersIn(three)).toEqual(['1']);
  });

  it('lose one that is killed at once, with all it held', async () => {
    await occupy(one, 'goes');
    await occupy(two, 'stays');
    one.kill('SIGKILL');
    await expectGone('goes');
    await expect(one.ended()).resolves.toBe('SIGKILL');
  });

  it('lose one that stands still for longer than the lease, and it is ended', async () => {
    await occupy(one, 'goes');
    await occupy(two, 'stays');
    one.kill('SIGSTOP');
    await expectGone('goes');
    await expect(one.ended()).resolves.toBe('SIGKILL');
  });

  it('keep one that stood still for a moment, and it misses nothing', async () => {
    await one.call('pubSub', 'subscribe', TOPIC);
    one.kill('SIGSTOP');
    for (let i = 0; i < 10; i++) await two.call('pubSub', 'publish', TOPIC, frame(`${i}`));
    await sleep(LEASE_MS / 4);
    one.kill('SIGCONT');
    const expected = Array.from({ length: 10 }, (_, i) => `message ${i}`);
    await eventually(() => expect(one.told).toEqual(expected), PATIENCE);
    expect([two.told, three.told]).toEqual([[], []]);
  });

  it('all end when there is no hub any more', async () => {
    await hub.hub.close();
    const ended = await Promise.all([one.ended(), two.ended(), three.ended()]);
    expect(ended).toEqual([7, 7, 7]);
  });
});
