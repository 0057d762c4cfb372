import { jest } from '@jest/globals';
import type { Drain } from '../../pusher/drain.js';
import type { ClusterService } from '../../scaling/cluster.service.js';
import { DEFAULT_SCALING_OPTIONS } from '../../scaling/scaling.options.js';
import { ClusterTap } from './cluster-tap.js';
import type { WatchDesk } from './watch-desk.js';

const LEASE_SECONDS = 3;

/** Nodes that all know the same, but for one that drains, when they look; and what each of them records. */
function clusterOf(...nodeIds: readonly string[]) {
  const state = { nodes: nodeIds, status: 'up' as ClusterService['status'], draining: '' };
  const said: string[] = [];
  const tapOf = (nodeId: string) => {
    const cluster = {
      nodeId,
      get nodes() {
        return state.nodes.filter((node) => node === nodeId || node !== state.draining);
      },
      get status() {
        return state.status;
      },
    };
    const desk = {
      record: ({ kind }: { kind: string }, { reason }: { reason: string }) =>
        said.push(`${nodeId} ${kind} ${reason}`),
    };
    const drain = {
      get isDraining() {
        return state.draining === nodeId;
      },
    };
    const tap = new ClusterTap(
      cluster as unknown as ClusterService,
      desk as unknown as WatchDesk,
      drain as Drain,
      { ...DEFAULT_SCALING_OPTIONS, leaseSeconds: LEASE_SECONDS },
    );
    tap.begin();
    return tap;
  };
  const taps = new Map(nodeIds.map((nodeId) => [nodeId, tapOf(nodeId)]));
  /** Has all look that are alive, newcomers among them. @returns what they said */
  const look = (...now: readonly string[]): string[] => {
    state.nodes = now;
    for (const nodeId of now) if (!taps.has(nodeId)) taps.set(nodeId, tapOf(nodeId));
    for (const nodeId of now) taps.get(nodeId)!.look();
    return said.splice(0);
  };
  return { state, look };
}

describe('Of all nodes one records', () => {
  it('nothing, as long as nothing changes', () => {
    expect(clusterOf('b', 'c').look('b', 'c')).toEqual([]);
  });

  it.each(['a', 'bb', 'd'])('that %s has come', (newcomer) => {
    const { look } = clusterOf('b', 'c');
    expect(look('b', 'c', newcomer)).toEqual([`b node Node ${newcomer} is there`]);
    expect(look('b', 'c', newcomer)).toEqual([]);
  });

  it.each([
    ['b', 'c'],
    ['c', 'b'],
  ])('that %s has gone', (gone, left) => {
    const { look } = clusterOf('b', 'c');
    expect(look(left)).toEqual([`${left} node Node ${gone} is gone`]);
    expect(look(left)).toEqual([]);
  });

  it('and it is none that is about to go', () => {
    const { state, look } = clusterOf('b', 'c');
    state.draining = 'b';
    expect(look('b', 'c', 'a')).toEqual(['c node Node a is there', 'c node Node b is gone']);
  });

  it('that one takes the place of another', () => {
    expect(clusterOf('b', 'c').look('a', 'c')).toEqual([
      'c node Node a is there',
      'c node Node b is gone',
    ]);
  });
});

describe('Each node records', () => {
  it('that it has lost the others, and found them, and meanwhile nothing of them', () => {
    const { state, look } = clusterOf('b', 'c');
    state.status = 'down';
    const lost = 'The other nodes cannot be reached: what is shown now is this node alone';
    expect(look('b', 'c')).toEqual([`b redis b: ${lost}`, `c redis c: ${lost}`]);
    expect(look('b')).toEqual([]);
    state.status = 'up';
    const found = 'The other nodes can be reached again';
    expect(look('b', 'c')).toEqual([`b redis b: ${found}`, `c redis c: ${found}`]);
  });

  it('not that others are gone which only come back later than it, but that they are, if they do not', () => {
    jest.useFakeTimers({ doNotFake: ['nextTick'] });
    try {
      const { state, look } = clusterOf('b', 'c');
      state.status = 'down';
      look('b');
      state.status = 'up';
      look('b');
      jest.advanceTimersByTime(LEASE_SECONDS * 1000 - 1);
      expect(look('b')).toEqual([]);
      expect(look('b', 'c')).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(look('b')).toEqual(['b node Node c is gone']);
    } finally {
      jest.useRealTimers();
    }
  });
});
