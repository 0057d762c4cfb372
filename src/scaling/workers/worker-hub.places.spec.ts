import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { BusHub, type BusNode } from '../../../test/harness/bus-nodes.js';
import { closeAll, eventually } from '../../../test/harness/eventually.js';
import { HAND_OVER_MS } from '../state-store.js';

const APP = 'app';
const QUIET_MS = 100;
const LONG_MS = 600_000;
const OUTLIVES_HAND_OVER = { withinMs: HAND_OVER_MS + 5_000 };

let hub: BusHub;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(async () => {
  hub = await BusHub.start();
});
afterEach(() => closeAll());

const joinThree = async () => (await hub.join(3)) as [BusNode, BusNode, BusNode];
const occupy = (node: BusNode, ...places: readonly string[]) =>
  Promise.all(places.map((place) => node.store.occupy(APP, place, '1.1')));

/** What nodes were told of places, in the order of the changes. */
const toldTo = (nodes: readonly BusNode[]) =>
  nodes
    .flatMap(({ placeChanges }) => placeChanges)
    .sort((one, other) => one.version - other.version)
    .map(({ place, isOccupied }) => `${isOccupied ? '+' : '-'}${place}`);

describe('The places of a worker', () => {
  it('that dies are vacant at once, and one of the others is told; those that others hold are not', async () => {
    const [a, b, c] = await joinThree();
    await occupy(a, 'theirs', 'shared', 'more');
    await occupy(b, 'shared');
    a.crash();
    await eventually(() => expect(toldTo([b, c])).toEqual(['-theirs', '-more']));
    await sleep(QUIET_MS);
    expect(toldTo([b, c])).toHaveLength(2);
    expect(await c.store.occupy(APP, 'shared', '3.1')).toBeUndefined();
    expect(await c.store.occupy(APP, 'theirs', '3.1')).toMatchObject({ isOccupied: true });
  });

  it('that dies in a grace are vacant when it is over, whoever is told then', async () => {
    const [a, b, c] = await joinThree();
    await occupy(a, 'goes', 'returns');
    for (const place of ['goes', 'returns']) await a.store.vacate(APP, place, '1.1', 300);
    a.crash();
    await eventually(() => expect(b.store.nodes()).toHaveLength(2));
    expect(await occupy(b, 'returns')).toEqual([undefined]);
    await eventually(() => expect(toldTo([b, c])).toEqual(['-goes']));
  });

  it('that died with all others are told of to who comes next', async () => {
    const nodes = await joinThree();
    for (const [i, node] of nodes.entries()) await occupy(node, `own ${i}`, 'shared');
    for (const node of nodes) node.crash();
    const [next] = (await hub.join(1)) as [BusNode];
    const all = ['-own 0', '-own 1', '-own 2', '-shared'];
    await eventually(() => expect(toldTo([next]).sort()).toEqual(all));
  });

  it('that stops in order stay for a while: who is back was never away', async () => {
    const [a, b, c] = await joinThree();
    await occupy(a, 'left', 'back');
    await a.store.handOver();
    for (const place of ['left', 'back']) await a.store.vacate(APP, place, '1.1', 1);
    await a.stop();
    expect(await occupy(b, 'back')).toEqual([undefined]);
    expect(toldTo([b, c])).toEqual([]);
    await eventually(() => expect(toldTo([b, c])).toEqual(['-left']), OUTLIVES_HAND_OVER);
  });

  it('that stops with all others are told to be vacant while somebody can say so', async () => {
    const [a, b, c] = await joinThree();
    await occupy(a, 'in a grace', 'a');
    await occupy(b, 'b');
    await a.store.vacate(APP, 'in a grace', '1.1', LONG_MS);
    hub.hub.expectEnd();
    for (const node of [a, b, c]) await node.store.handOver();
    await a.store.vacate(APP, 'a', '1.1', LONG_MS);
    await b.store.vacate(APP, 'b', '1.1', LONG_MS);
    await eventually(() => expect(toldTo([a, b, c])).toEqual(['-in a grace', '-a', '-b']));
  });
});
