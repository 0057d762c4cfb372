import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { RedisServer } from '../../../test/harness/redis-server.js';
import { StateNode } from '../../../test/harness/state-node.js';

const PATIENCE = { withinMs: 10_000 };
/** Longer than a lease and a sweep. */
const LONG_MS = 60_000;

let redis: RedisServer;
let app: string;
let a: StateNode;
let b: StateNode;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  redis = await RedisServer.start();
  app = `app-${randomUUID()}`;
  [a, b] = (await StateNode.startCluster(2, { redis: redis.options })) as [StateNode, StateNode];
});

afterEach(() => closeAll());

const occupy = async (node: StateNode, place: string) =>
  (await node.store.occupy(app, place, `${node.store.nodeId}.1`)) !== undefined;
const vacate = async (node: StateNode, place: string, graceMs: number) =>
  node.store.vacate(app, place, `${node.store.nodeId}.1`, graceMs);
/** What nobody called for, by all nodes, in no order. */
const told = () =>
  [a, b]
    .flatMap(({ placeChanges }) => placeChanges)
    .map(({ place, isOccupied }) => `${isOccupied ? '+' : '-'}${place}`)
    .sort();
const expectTold = (...expected: readonly string[]) =>
  eventually(() => expect(told()).toEqual([...expected].sort()), PATIENCE);
const becomes = (status: 'up' | 'down', ...nodes: readonly StateNode[]) =>
  eventually(() => {
    for (const { store } of nodes) expect(store.status).toBe(status);
  }, PATIENCE);

describe('The places of a node that dies', () => {
  it('are vacant at once, but for those that somebody else is in', async () => {
    for (const place of ['x', 'y', 'shared']) expect(await occupy(a, place)).toBe(true);
    expect(await occupy(b, 'shared')).toBe(false);
    await a.crash();
    await expectTold('-x', '-y');
    await vacate(b, 'shared', 1);
    await expectTold('-x', '-y', '-shared');
  });

  it('are said to be vacant by another one when their grace had begun', async () => {
    await occupy(a, 'x');
    await vacate(a, 'x', 1500);
    await a.crash();
    await sleep(300);
    expect(told()).toEqual([]);
    await expectTold('-x');
  });

  it('are never said to be vacant when somebody came back within it', async () => {
    for (const place of ['x', 'y']) await occupy(a, place);
    for (const place of ['x', 'y']) await vacate(a, place, 1500);
    await a.crash();
    expect(await occupy(b, 'x')).toBe(false);
    await expectTold('-y');
  });

  it('are occupied again when it was taken for dead only, each told once', async () => {
    await occupy(a, 'x');
    a.freeze();
    await expectTold('-x');
    a.thaw();
    await expectTold('-x', '+x');
    const [vacated, occupied] = [...b.placeChanges, ...a.placeChanges];
    expect(occupied!.version).toBeGreaterThan(vacated!.version);
  });
});

describe('The places of a node that stops', () => {
  it('are missed only when its hand-over is over', async () => {
    await occupy(a, 'x');
    await occupy(a, 'y');
    await a.store.handOver();
    await vacate(a, 'x', 1);
    await vacate(a, 'y', 1);
    await a.stop();
    expect(await occupy(b, 'y')).toBe(false);
    expect(told()).toEqual([]);
    await expectTold('-x');
  });
});

describe('While Redis is away', () => {
  it('nothing is said, and when it is back without its data what has changed is said once', async () => {
    for (const place of ['left', 'kept', 'shared']) await occupy(a, place);
    await occupy(b, 'shared');
    await redis.kill();
    await becomes('down', a, b);
    expect(await occupy(a, 'new')).toBe(false);
    await vacate(a, 'shared', 1);
    await vacate(a, 'left', 1);
    expect(await occupy(a, 'brief')).toBe(false);
    await vacate(a, 'brief', 1);
    await sleep(100);
    expect(told()).toEqual([]);
    await redis.restart();
    await becomes('up', a, b);
    await expectTold('+new', '-left');
    await vacate(a, 'kept', 1);
    await expectTold('+new', '-left', '-kept');
    await vacate(b, 'shared', 1);
    await expectTold('+new', '-left', '-kept', '-shared');
  });

  it('and its data stay, who left meanwhile is said to be gone', async () => {
    await occupy(a, 'left');
    await occupy(b, 'shared');
    await occupy(a, 'in its grace');
    await vacate(a, 'in its grace', 300);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await becomes('down', a);
    await vacate(a, 'left', 1);
    await occupy(a, 'new');
    await occupy(a, 'shared');
    await becomes('up', a, b);
    await expectTold('+new', '-left', '-in its grace');
  });

  it('a grace goes on, and ends once', async () => {
    await occupy(a, 'x');
    await vacate(a, 'x', LONG_MS);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(() => expect(b.restored).toBeGreaterThan(0), PATIENCE);
    expect(await occupy(b, 'x')).toBe(false);
    await vacate(b, 'x', 1);
    await expectTold('-x');
  });
});
