import { ApplicationStates } from '../application-state.js';
import type { MembersChange } from '../state-store.js';
import { UserGraces } from '../user-graces.js';
import type { GracedKind } from './roster-graced-kind.js';
import { GracedOwner, PresenceOwner } from './roster-owners.js';
import type { StepOrigin, StepResult, UncalledStep } from './roster-step.js';
import type { StoreContext } from './store-context.js';

let changes: MembersChange[];
let statuses: string[];
let context: StoreContext;

const memberOf = (userId: string) => ({ userId, id: userId, userInfo: undefined });

/** A step as `+user` or `-user`. */
function uncalled(
  text: string,
  version: number,
  result: StepResult = 'changed',
  origin: StepOrigin = 'repair',
  graceMs = 0,
): UncalledStep {
  const userId = text.slice(1);
  const isHold = text.startsWith('+');
  const member = isHold ? memberOf(userId) : undefined;
  return { step: { userId, isHold, origin, member, graceMs }, outcome: { result, version } };
}

beforeEach(() => {
  [changes, statuses] = [[], []];
  context = {
    mirror: new ApplicationStates(),
    fate: 'alive',
    listener: { onMembersChanged: (change: MembersChange) => changes.push(change) },
  } as unknown as StoreContext;
});

describe('Changes of a presence channel that nobody called for', () => {
  const tell = (...steps: UncalledStep[]) =>
    new PresenceOwner(context, 'app', 'presence-a').onUncalled(steps);
  const told = () =>
    changes.map(({ version, left, joined }) => [
      version,
      [...left.map((id) => `-${id}`), ...joined.map(({ userId }) => `+${userId}`)].join(' '),
    ]);

  it('are told together, first who left, then who joined', () => {
    tell(uncalled('-a', 5), uncalled('-b', 6), uncalled('+c', 7), uncalled('+d', 8));
    expect(told()).toEqual([[8, '-a -b +c +d']]);
    expect(changes[0]).toMatchObject({ appId: 'app', channel: 'presence-a' });
  });

  it('are told apart when others are between them, or the order would be lost', () => {
    tell(uncalled('+a', 5), uncalled('+b', 7), uncalled('-c', 8), uncalled('+d', 9));
    expect(told()).toEqual([
      [5, '+a'],
      [7, '+b'],
      [9, '-c +d'],
    ]);
  });

  it('are asked to be looked for when nobody knows of them', () => {
    tell(uncalled('+a', 5), uncalled('+b', 5, 'none', 'doubt'));
    expect(told()).toEqual([
      [5, '+a'],
      [5, ''],
    ]);
  });
});

describe('Statuses of users that nobody called for', () => {
  const kind: GracedKind = {
    channel: undefined,
    graces: new UserGraces(),
    holdersOf: () => new Map(),
    tell: (_, userId, isOnline, version) => statuses.push(`${userId} ${isOnline} ${version}`),
  };
  const tell = (...steps: UncalledStep[]) =>
    new GracedOwner(context, 'app', kind).onUncalled(steps);

  it('are told of who came while Redis was away', () => {
    tell(uncalled('+a', 1, 'changed', 'catch-up'), uncalled('+b', 1, 'returned', 'catch-up'));
    expect(statuses).toEqual(['a true 1']);
  });

  it('are no news when Redis lost its data, but are when the node was taken for dead', () => {
    tell(uncalled('+a', 1));
    expect(statuses).toEqual([]);
    context.fate = 'reaped';
    tell(uncalled('+a', 1));
    expect(statuses).toEqual(['a true 1']);
  });

  it('are told of who is gone, unless it is in its grace', () => {
    tell(uncalled('-a', 1), uncalled('-b', 2, 'changed', 'catch-up', 500));
    tell(uncalled('-c', 2, 'none'));
    expect(statuses).toEqual(['a false 1']);
  });

  it('are told in doubt: it may have come, and nobody was told', () => {
    tell(
      uncalled('+a', 1, 'none', 'doubt'),
      uncalled('+b', 1, 'returned', 'doubt'),
      uncalled('-c', 1, 'changed', 'doubt', 500),
      uncalled('-d', 1, 'none', 'doubt', 500),
    );
    expect(statuses).toEqual(['a true 1', 'b true 1', 'c true 1']);
  });
});
