import { randomUUID } from 'node:crypto';
import type { Awaitable } from '../scaling/awaitable.js';
import type {
  JoinOutcome,
  LeaveOutcome,
  Member,
  MembersChange,
  PlaceChange,
  Roster,
  StateStore,
} from '../scaling/state-store.js';

/** The nodes of one cluster, each ready for use: what Nest's lifecycle hooks do was done. Nobody listens to them yet. */
export interface StateStoreCluster {
  /** One node or more; they are asked by turns, and at the same time. */
  readonly nodes: readonly StateStore[];
  /** Called after the last test. */
  close?(): Awaitable<void>;
}

/** Something that comes at once in this number. */
export const CROWD = 30;

/** The channel that is meant when none is named. */
export const ROOM = 'presence-a';

/** How a user was said to come or go, although nobody called for it. */
interface UserStatus {
  readonly appId: string;
  readonly userId: string;
  readonly isOnline: boolean;
}

/** The stores of the tests, and for each test applications that nobody else uses. */
export class StoreSubject {
  app = '';
  otherApp = '';
  /** Who came or went without a call, on all nodes and in all tests. */
  private readonly statuses: UserStatus[] = [];
  private readonly changes: MembersChange[] = [];
  private readonly placeChanges: PlaceChange[] = [];
  private readonly homes = new Map<string, StateStore>();
  private cluster: StateStoreCluster = { nodes: [] };
  private turn = 0;

  /** Takes the cluster that all tests share. */
  use(cluster: StateStoreCluster): void {
    this.cluster = cluster;
    for (const node of cluster.nodes) {
      node.listen({
        onMembersChanged: (change) => this.changes.push(change),
        onUserStatus: (appId, userId, isOnline) => this.statuses.push({ appId, userId, isOnline }),
        onPlaceChanged: (change) => this.placeChanges.push(change),
        onRestored: () => undefined,
      });
    }
  }

  beginTest(): void {
    this.app = `app-${randomUUID()}`;
    this.otherApp = `${this.app}-2`;
    this.homes.clear();
    this.turn = 0;
  }

  get nodes(): readonly StateStore[] {
    return this.cluster.nodes;
  }

  /** One of the nodes, by turns. */
  any(): StateStore {
    return this.nodes[this.turn++ % this.nodes.length]!;
  }

  /** The node a connection is connected to: one of them by turns, and always the same for the same connection. */
  homeOf(socketId: string): StateStore {
    const home = this.homes.get(socketId) ?? this.any();
    this.homes.set(socketId, home);
    return home;
  }

  /** Whether users were said to be online or offline, in the order of that, by any node. */
  statusesOf(userId: string, appId = this.app): readonly boolean[] {
    return this.statuses
      .filter((status) => status.appId === appId && status.userId === userId)
      .map(({ isOnline }) => isOnline);
  }

  /** The changes of a place that nobody called for, in the order they were told, by any node. */
  changesOf(place: string, appId = this.app): readonly PlaceChange[] {
    return this.placeChanges.filter((change) => change.appId === appId && change.place === place);
  }

  /** The changes of presence channels that nobody called for. */
  get uncalledChanges(): readonly MembersChange[] {
    return this.changes.filter(({ appId }) => appId === this.app);
  }

  open(socketId: string, limit: number | null, appId = this.app): Awaitable<boolean> {
    return this.homeOf(socketId).openConnection(appId, socketId, limit);
  }

  close(socketId: string): Awaitable<void> {
    return this.homeOf(socketId).closeConnection(this.app, socketId);
  }

  /** @throws Error when the channel is full */
  async join(socketId: string, who: Member, channel = ROOM, appId = this.app) {
    return admitted(await this.homeOf(socketId).join(appId, channel, socketId, who, 0));
  }

  leave(socketId: string, userId: string, channel = ROOM): Awaitable<LeaveOutcome> {
    return this.homeOf(socketId).leave(this.app, channel, socketId, userId);
  }

  roster(channel = ROOM, appId = this.app): Promise<Roster> {
    return rosterOn(this.any(), appId, channel);
  }

  /** Who is in a channel, sorted. */
  async userIds(channel = ROOM, appId = this.app): Promise<readonly string[]> {
    return idsOf((await this.roster(channel, appId)).members);
  }

  signIn(socketId: string, userId: string, appId = this.app): Awaitable<boolean> {
    return this.homeOf(socketId).signIn(appId, userId, socketId);
  }

  signOut(socketId: string, userId: string, graceMs: number, appId = this.app): Awaitable<void> {
    return this.homeOf(socketId).signOut(appId, userId, socketId, graceMs);
  }

  occupy(socketId: string, place: string, appId = this.app): Awaitable<PlaceChange | undefined> {
    return this.homeOf(socketId).occupy(appId, place, socketId);
  }

  vacate(socketId: string, place: string, graceMs: number, appId = this.app): Awaitable<void> {
    return this.homeOf(socketId).vacate(appId, place, socketId, graceMs);
  }
}

/** A roster as one node knows it. */
export async function rosterOn(node: StateStore, appId: string, channel: string): Promise<Roster> {
  const roster = await node.roster(appId, channel);
  if (roster === undefined) throw new Error('There is a roster, as none is known.');
  return roster;
}

/** Does something many times at once. */
export function atOnce<T>(count: number, act: (i: number) => Awaitable<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, async (_, i) => act(i)));
}

/** Some user. */
export const member = (userId: string): Member => ({
  userId,
  id: userId,
  userInfo: `{"name":"user ${userId}"}`,
});

/** Who these are, sorted. */
export const idsOf = (members: Iterable<Member>): string[] =>
  Array.from(members, ({ userId }) => userId).sort();

/** @throws Error when the channel is full */
export function admitted(outcome: JoinOutcome): JoinOutcome & { readonly isFull: false } {
  if (outcome.isFull) throw new Error('The channel is full.');
  return outcome;
}
