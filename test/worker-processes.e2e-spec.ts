import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub } from './harness/bus-nodes.js';
import { BusProcess } from './harness/bus-process.js';
import { closeAll, eventually } from './harness/eventually.js';
import { memberOf } from './harness/state-node.js';

const APP = 'app';
const ROOM = 'presence-a';
const TOPIC = 'channel app news';
const LEASE_MS = 1500;
const PATIENCE = { withinMs: 10_000 };

let hub: BusHub;
let one: BusProcess;
let two: BusProcess;
let three: BusProcess;

beforeAll(async () => {
  Logger.overrideLogger(false);
  const onSilent = (pid: number) => process.kill(pid, 'SIGKILL');
  hub = await BusHub.start({ leaseMs: LEASE_MS, onSilent });
  [two, three] = await Promise.all([BusProcess.start(hub.address), BusProcess.start(hub.address)]);
  await occupy(two, 'stays');
});
beforeEach(async () => {
  one = await BusProcess.start(hub.address);
  for (const { told } of [two, three]) told.length = 0;
});
afterEach(async () => {
  one.kill('SIGKILL');
  await one.ended();
  await eventually(() => {
    if (hub.hub['workers'].size > 2) throw new Error('The hub has not noticed yet.');
  }, PATIENCE);
});
afterAll(() => closeAll());

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
    for (const worker of [two, three]) await worker.call('pubSub', 'unsubscribe', TOPIC);
    expect(await join(one, '1')).toMatchObject({ isFirst: true });
    expect(await join(one, 'stays')).toMatchObject({ isFirst: false });
    expect(await usersIn(three)).toEqual(['1', 'stays']);
  });

  it('lose one that is killed at once, with all it held', async () => {
    await occupy(one, 'goes');
    one.kill('SIGKILL');
    await expectGone('goes');
    await expect(one.ended()).resolves.toBe('SIGKILL');
  });

  it('lose one that stands still for longer than the lease, and it is ended', async () => {
    await occupy(one, 'goes');
    one.kill('SIGSTOP');
    await expectGone('goes');
    await expect(one.ended()).resolves.toBe('SIGKILL');
  });

  it('keep one that stood still for a moment, and it misses nothing', async () => {
    await one.call('pubSub', 'subscribe', TOPIC);
    one.kill('SIGSTOP');
    for (let i = 0; i < 10; i++) await two.call('pubSub', 'publish', TOPIC, frame(`${i}`));
    await sleep(LEASE_MS / 10);
    one.kill('SIGCONT');
    const expected = Array.from({ length: 10 }, (_, i) => `message ${i}`);
    await eventually(() => expect(one.told).toEqual(expected), PATIENCE);
    expect([two.told, three.told]).toEqual([[], []]);
  });

  it('all end when there is no hub any more', async () => {
    const other = await BusHub.start();
    const start = () => BusProcess.start(other.address);
    const workers = await Promise.all([start(), start()]);
    await other.hub.close();
    expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([7, 7]);
  });
});
