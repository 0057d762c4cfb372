import { jest } from '@jest/globals';
import * as fc from 'fast-check';
import type { News } from './hub-news.js';
import { HubState, NodeHolding } from './hub-state.js';

/* Any steps of any nodes in any order, against a model that is a list of who holds what. */

const APP = 'app';
const NODES = [0, 1, 2];
const USERS = ['a', 'b', 'c'];
const ROOM = 'presence-a';
const GRACE_MS = 100;

const step = fc.record({
  // Those named more often happen more often.
  kind: fc.constantFrom(
    ...(['join', 'join', 'join', 'leave', 'in', 'in', 'in', 'out'] as const),
    ...(['open', 'close', 'count', 'wait', 'hand over', 'die', 'die'] as const),
  ),
  node: fc.constantFrom(...NODES),
  userId: fc.constantFrom(...USERS),
  socketId: fc.constantFrom('1.1', '1.2'),
  number: fc.nat({ max: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One connection's hold on a user: as a member, or signed in. */
interface Hold {
  readonly node: number;
  readonly userId: string;
  readonly socketId: string;
}

const isSame = (one: Hold, other: Hold) =>
  one.node === other.node && one.userId === other.userId && one.socketId === other.socketId;

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** What there should be, by lists. */
class Model {
  members: Hold[] = [];
  signedIn: Hold[] = [];
  connections: number[] = [0, 0, 0];
  subscriptions: number[] = [0, 0, 0];
  changes = 0;
  readonly graces = new Map<string, number>();
  readonly left: string[] = [];
  readonly offline: string[] = [];
  private readonly handedOver = new Set<number>();

  /** @returns what the step answers */
  take(each: Step): unknown {
    const { kind, node, number } = each;
    switch (kind) {
      case 'join':
        return this.join(each, number);
      case 'leave':
        return this.handedOver.has(node) ? false : this.leave(each);
      case 'in':
        return this.signIn(each);
      case 'out':
        return void (this.handedOver.has(node) || this.signOut(each));
      case 'open':
        return this.open(node, number);
      case 'close':
        return void (this.connections[node] = Math.max(0, this.connections[node]! - 1));
      case 'count':
        return void (this.subscriptions[node] = number);
      case 'wait':
        return this.wait();
      case 'hand over':
        return void this.handedOver.add(node);
      case 'die':
        return this.die(node);
    }
  }

  usersOf(holds: readonly Hold[]): string[] {
    return USERS.filter((id) => holds.some(({ userId }) => userId === id));
  }

  get online(): string[] {
    return USERS.filter((id) => this.usersOf(this.signedIn).includes(id) || this.graces.has(id));
  }

  get all() {
    return {
      users: this.usersOf(this.members),
      online: this.online,
      connections: sum(this.connections),
      subscriptions: sum(this.subscriptions),
      left: [...this.left].sort(),
      offline: [...this.offline].sort(),
    };
  }

  private join(hold: Hold, limit: number): 'full' | boolean {
    const users = this.usersOf(this.members);
    const isNew = !users.includes(hold.userId);
    if (isNew && limit > 0 && users.length >= limit) return 'full';
    if (!this.members.some((other) => isSame(hold, other))) this.members.push(hold);
    if (isNew) this.changes += 1;
    return isNew;
  }

  private leave(hold: Hold): boolean {
    const before = this.usersOf(this.members).length;
    this.members = this.members.filter((other) => !isSame(hold, other));
    const isGone = this.usersOf(this.members).length < before;
    if (isGone) this.changes += 1;
    return isGone;
  }

  private signIn(hold: Hold): boolean {
    const isNew = !this.online.includes(hold.userId);
    this.graces.delete(hold.userId);
    if (!this.signedIn.some((other) => isSame(hold, other))) this.signedIn.push(hold);
    return isNew;
  }

  private signOut(hold: Hold): void {
    const before = this.usersOf(this.signedIn).length;
    this.signedIn = this.signedIn.filter((other) => !isSame(hold, other));
    const isGone = this.usersOf(this.signedIn).length < before;
    if (isGone) this.graces.set(hold.userId, GRACE_MS);
  }

  private open(node: number, limit: number): boolean {
    if (sum(this.connections) >= limit) return false;
    this.connections[node]! += 1;
    return true;
  }

  private wait(): undefined {
    for (const [userId, leftMs] of this.graces) {
      if (leftMs > GRACE_MS / 2) this.graces.set(userId, leftMs - GRACE_MS / 2);
      else if (this.graces.delete(userId)) this.offline.push(userId);
    }
  }

  private die(node: number): undefined {
    const [members, online] = [this.usersOf(this.members), this.usersOf(this.signedIn)];
    this.members = this.members.filter((hold) => hold.node !== node);
    this.signedIn = this.signedIn.filter((hold) => hold.node !== node);
    const left = members.filter((id) => !this.usersOf(this.members).includes(id));
    this.left.push(...left);
    this.changes += left.length;
    this.offline.push(...online.filter((id) => !this.usersOf(this.signedIn).includes(id)));
    this.connections[node] = 0;
    this.subscriptions[node] = 0;
    this.handedOver.delete(node);
  }
}

let state: HubState;
let news: News[];
let holdings: NodeHolding[];

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  state.close();
  jest.useRealTimers();
});

function begin(): void {
  state?.close();
  news = [];
  state = new HubState((each) => news.push(each));
  holdings = NODES.map((node) => new NodeHolding(`node ${node}`));
}

function takeStep({ kind, node, userId, socketId, number }: Step): unknown {
  const holding = holdings[node]!;
  switch (kind) {
    case 'join': {
      const member = { userId, id: userId, userInfo: undefined };
      const joined = state.join(holding, APP, ROOM, socketId, member, number);
      return joined.isFull ? 'full' : joined.isFirst;
    }
    case 'leave':
      return state.leave(holding, APP, ROOM, socketId, userId).isLast;
    case 'in':
      return state.signIn(holding, APP, userId, socketId);
    case 'out':
      return state.signOut(holding, APP, userId, socketId, GRACE_MS);
    case 'open':
      return state.openConnection(holding, APP, number);
    case 'close':
      if (holding.connections.size > 0) state.changeConnections(holding, APP, -1);
      return undefined;
    case 'count':
      return state.setSubscriptions(holding, APP, ROOM, number);
    case 'wait':
      return void jest.advanceTimersByTime(GRACE_MS / 2);
    case 'hand over':
      return void (holding.isHandedOver = true);
    case 'die':
      state.dropConnections(holding);
      state.dropUsers(holding);
      holdings[node] = new NodeHolding(`node ${node}`);
      return undefined;
  }
}

const leftOf = (all: readonly News[]) =>
  all.flatMap((each) => (each.kind === 'members' ? each.change.left : []));
const offlineOf = (all: readonly News[]) =>
  all.flatMap((each) => (each.kind === 'user' && !each.isOnline ? [each.userId] : []));

/** The same as the model has it. */
function observed() {
  const { subscriptions, users } = state.channel(APP, ROOM);
  const userIds = [...state.userIds(APP, ROOM)].sort();
  expect(users).toBe(userIds.length);
  return {
    users: userIds,
    online: state.onlineUsers(APP, USERS),
    connections: state.countConnections(APP),
    subscriptions,
    left: leftOf(news).sort(),
    offline: offlineOf(news).sort(),
  };
}

describe('What all nodes hold together', () => {
  it('is what each of them holds, until it dies', () => {
    const property = fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      begin();
      const model = new Model();
      for (const each of steps) {
        const expected = model.take(each);
        const answer = takeStep(each);
        expect({ each, answer, ...observed() }).toEqual({ each, answer: expected, ...model.all });
      }
    });
    fc.assert(property, { numRuns: 150 });
  });

  it('has versions that count its changes, each once, also those that a death makes', () => {
    const property = fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      begin();
      const keeper = new NodeHolding('keeper');
      const member = { userId: 'keeper', id: 'keeper', userInfo: undefined };
      state.join(keeper, APP, ROOM, '9.9', member, 0);
      const { version } = state.roster(APP, ROOM, undefined)!;
      const model = new Model();
      for (const each of steps.filter(({ kind, number }) => kind !== 'join' || number === 0)) {
        model.take(each);
        takeStep(each);
        expect(state.roster(APP, ROOM, undefined)!.version).toBe(version + model.changes);
        expect(state.roster(APP, ROOM, version + model.changes)).toBeUndefined();
      }
      const changes = news.flatMap((each) => (each.kind === 'members' ? [each.change] : []));
      for (const { left, version: after } of changes) {
        expect(after - left.length).toBeGreaterThanOrEqual(version);
      }
    });
    fc.assert(property, { numRuns: 60 });
  });
});
