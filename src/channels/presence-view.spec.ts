import * as fc from 'fast-check';
import type { Member, MembersChange, Roster } from '../scaling/state-store.js';
import { PresenceView, type ViewStep } from './presence-view.js';

const member = (userId: string): Member => ({ userId, id: userId, userInfo: undefined });

function change(version: number, joined: string[], left: string[] = []): MembersChange {
  return { appId: 'app', channel: 'presence-a', version, left, joined: joined.map(member) };
}

const roster = (version: number, userIds: string[]): Roster => ({
  version,
  members: userIds.map(member),
});

const told = (steps: readonly ViewStep[]) =>
  steps.map(({ member: { userId }, isPresent }) => (isPresent ? '+' : '-') + userId);

const idsOf = (view: PresenceView) => Array.from(view.members, ({ userId }) => userId).sort();

/** A view that knows a roster of version 10. */
function loaded(...userIds: string[]): PresenceView {
  const view = new PresenceView();
  view.load(roster(10, userIds));
  return view;
}

describe('A view of who is in a presence channel', () => {
  it('takes changes in the order of their versions', () => {
    const view = loaded('ann');
    expect(told(view.apply(change(11, ['bob'])))).toEqual(['+bob']);
    expect(told(view.apply(change(12, [], ['ann'])))).toEqual(['-ann']);
    expect(idsOf(view)).toEqual(['bob']);
    expect(view.knownVersion).toBe(12);
  });

  it('takes none twice', () => {
    const view = loaded('ann');
    view.apply(change(11, ['bob']));
    expect(view.apply(change(11, ['bob']))).toEqual([]);
    expect(view.apply(change(10, [], ['ann']))).toEqual([]);
    expect(idsOf(view)).toEqual(['ann', 'bob']);
  });

  it('keeps one that comes early until its predecessor is there', () => {
    const view = loaded();
    expect(view.apply(change(12, [], ['bob']))).toEqual([]);
    expect(view.isBehind).toBe(true);
    expect(told(view.apply(change(11, ['bob'])))).toEqual(['+bob', '-bob']);
    expect(view.isBehind).toBe(false);
  });

  it('takes several users in one change, those who left first', () => {
    const view = loaded('ann', 'bob');
    expect(told(view.apply(change(13, ['cid'], ['ann', 'bob'])))).toEqual(['-ann', '-bob', '+cid']);
    expect(view.knownVersion).toBe(13);
  });

  it('keeps what comes before the roster does', () => {
    const view = new PresenceView();
    expect(view.apply(change(10, ['ann']))).toEqual([]);
    expect(view.apply(change(11, ['bob']))).toEqual([]);
    expect(told(view.load(roster(10, ['ann'])))).toEqual(['+ann', '+bob']);
  });

  it('a roster that is older than the view says nothing', () => {
    const view = loaded('ann');
    view.apply(change(11, ['bob']));
    expect(view.load(roster(10, []))).toEqual([]);
    expect(view.hasMissing).toBe(false);
    expect(idsOf(view)).toEqual(['ann', 'bob']);
  });
});

describe('After something was missed', () => {
  it('who is new in the roster is told at once', () => {
    const view = loaded('ann');
    view.apply(change(14, ['dan']));
    expect(told(view.load(roster(14, ['ann', 'bob', 'dan'])))).toEqual(['+bob', '+dan']);
    expect(view.isBehind).toBe(false);
  });

  it('who is missing has time to turn up again, and then is gone', () => {
    const view = loaded('ann', 'bob');
    expect(view.load(roster(20, []))).toEqual([]);
    expect(view.hasMissing).toBe(true);
    expect(view.knownVersion).toBeUndefined();
    expect(view.apply(change(21, ['ann']))).toEqual([]);
    expect(told(view.dropMissing())).toEqual(['-bob']);
    expect(idsOf(view)).toEqual(['ann']);
    expect(view.knownVersion).toBe(21);
  });

  it('who is missing and said to be gone is gone at once, and once', () => {
    const view = loaded('ann');
    view.load(roster(20, []));
    expect(told(view.apply(change(21, [], ['ann'])))).toEqual(['-ann']);
    expect(view.dropMissing()).toEqual([]);
  });
});

describe('Who has a subscription on this node', () => {
  it('is there from its seat on, although the view has heard that it left', () => {
    const view = loaded('ann');
    view.apply(change(11, [], ['ann']));
    expect(told(view.include(member('ann')))).toEqual(['+ann']);
    expect(view.include(member('ann'))).toEqual([]);
    expect(view.apply(change(12, ['ann']))).toEqual([]);
  });

  it('is not gone, whatever others think', () => {
    const view = new PresenceView((userId) => userId === 'ann');
    view.load(roster(10, ['ann', 'bob']));
    expect(told(view.apply(change(12, [], ['ann', 'bob'])))).toEqual(['-bob']);
    expect(view.apply(change(13, ['ann']))).toEqual([]);
    view.load(roster(20, []));
    expect(view.dropMissing()).toEqual([]);
    expect(idsOf(view)).toEqual(['ann']);
  });
});

describe('While the store is out of reach', () => {
  it('what this node knows is taken as it comes', () => {
    const view = loaded('ann');
    expect(told(view.apply(change(0, ['bob'])))).toEqual(['+bob']);
    expect(view.apply(change(0, ['bob']))).toEqual([]);
    expect(told(view.apply(change(0, [], ['ann'])))).toEqual(['-ann']);
    expect(view.knownVersion).toBeUndefined();
  });

  it('a view that was not filled yet is what this node knows, and nobody waits', async () => {
    const view = new PresenceView();
    const reached = view.reaches(12);
    view.apply(change(13, [], ['ann']));
    view.apply(change(12, ['ann', 'bob']));
    expect(told(view.load(roster(0, ['cid'])))).toEqual(['+ann', '+bob', '-ann', '+cid']);
    await reached;
    expect(view.reaches(100)).toBeUndefined();
  });

  it('afterwards the roster counts, whatever its version', () => {
    const view = loaded('ann');
    view.apply(change(0, [], ['ann']));
    expect(told(view.load(roster(10, ['ann'])))).toEqual(['+ann']);
    expect(view.knownVersion).toBe(10);
  });
});

describe('Who waits for a version', () => {
  it('goes on at once when the view is there', () => {
    expect(loaded().reaches(10)).toBeUndefined();
  });

  it('goes on when the view gets there, by a change or by a roster', async () => {
    const view = loaded();
    const first = view.reaches(11);
    const second = view.reaches(15);
    expect(view.isBehind).toBe(true);
    view.apply(change(11, ['ann']));
    await first;
    expect(view.isBehind).toBe(true);
    view.load(roster(15, ['ann']));
    await second;
    expect(view.isBehind).toBe(false);
  });

  it('waits for a view that was not filled yet', async () => {
    const view = new PresenceView();
    const reached = view.reaches(10);
    expect(reached).toBeInstanceOf(Promise);
    view.load(roster(10, []));
    await reached;
  });
});

describe('Whatever gets lost, comes twice, late or in the wrong order', () => {
  const users = ['ann', 'bob', 'cid', 'dan'];

  it('every user is told to be there and to be gone by turns, and in the end the view is right', () => {
    const toggles = fc.array(fc.constantFrom(...users), { maxLength: 40 });
    const fate = fc.record({
      isLost: fc.boolean(),
      copies: fc.integer({ min: 1, max: 2 }),
      delay: fc.integer({ min: 0, max: 5 }),
      loads: fc.boolean(),
      drops: fc.boolean(),
      isDown: fc.boolean(),
    });
    const fates = fc.array(fate, { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(toggles, fates, (toggled, fatesOf) => {
        const present = new Set<string>();
        const view = new PresenceView();
        const isTold = new Set<string>();
        const hear = (steps: readonly ViewStep[]) => {
          for (const {
            member: { userId },
            isPresent,
          } of steps) {
            expect(isTold.has(userId)).toBe(!isPresent);
            if (isPresent) isTold.add(userId);
            else isTold.delete(userId);
          }
        };
        const arrivals: { at: number; change: MembersChange }[] = [];
        let version = 100;
        toggled.forEach((userId, i) => {
          const leaves = present.delete(userId);
          if (!leaves) present.add(userId);
          version++;
          const { isLost, copies, delay, loads, drops, isDown } = fatesOf[i]!;
          const made = leaves ? change(version, [], [userId]) : change(version, [userId]);
          for (let copy = 0; copy < (isLost ? 0 : copies); copy++) {
            arrivals.push({ at: i + delay * (copy + 1), change: made });
          }
          for (const arrival of arrivals) if (arrival.at === i) hear(view.apply(arrival.change));
          if (isDown && !loads) hear(view.apply({ ...made, version: 0 }));
          if (loads) hear(view.load(roster(version, [...present])));
          if (drops) hear(view.dropMissing());
        });
        hear(view.load(roster(version, [...present])));
        hear(view.dropMissing());
        expect(idsOf(view)).toEqual([...present].sort());
        expect([...isTold].sort()).toEqual(idsOf(view));
      }),
      { numRuns: 500 },
    );
  });
});
