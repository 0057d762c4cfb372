import { setTimeout as sleep } from 'node:timers/promises';
import { PresenceView, type ViewStep } from '../../src/channels/presence-view.js';
import type { MembersChange, StateStore } from '../../src/scaling/state-store.js';
import type { Random } from './random.js';
import { memberOf, type StateNode } from './state-node.js';

/** How long those who are missing have to turn up again: a heartbeat of the tests, and more. */
const SETTLE_MS = 700;

/** A node, as far as its store is asked. */
export interface AskedNode {
  readonly store: StateStore;
}

/** The subscribers of presence channels on one node, as presence.service serves them. */
export class StateAudience<N extends AskedNode = StateNode> {
  readonly views: ReadonlyMap<string, PresenceView>;
  /** What was told twice. */
  readonly faults: string[] = [];
  /** Whether the users whom somebody asked for are online, as watchers were told. */
  readonly online = new Map<string, boolean>();
  private readonly present: ReadonlyMap<string, Set<string>>;

  constructor(
    readonly node: N,
    private readonly appId: string,
    channels: readonly string[],
  ) {
    this.views = new Map(channels.map((channel) => [channel, new PresenceView()]));
    this.present = new Map(channels.map((channel) => [channel, new Set<string>()]));
  }

  /** Takes a change that the node told, or another one. */
  take(change: MembersChange): void {
    const view = this.views.get(change.channel)!;
    if (view.isLoaded) this.tell(change.channel, view.apply(change));
  }

  /** Reads who is there. */
  async reload(channel: string): Promise<void> {
    const view = this.views.get(channel)!;
    const roster = await this.node.store.roster(this.appId, channel, view.knownVersion);
    if (roster === undefined) return;
    this.tell(channel, view.load(roster));
    setTimeout(() => this.tell(channel, view.dropMissing()), SETTLE_MS);
  }

  /** Makes up for what watchers were not told, as watchlist.service does. */
  async askAgain(): Promise<void> {
    await this.ask((isOnline) => isOnline);
    setTimeout(() => void this.ask(() => true), SETTLE_MS);
  }

  /** Who is there, by all that was told; sorted. */
  told(channel: string): string[] {
    return [...this.present.get(channel)!].sort();
  }

  private async ask(isNews: (isOnline: boolean) => boolean): Promise<void> {
    const userIds = [...this.online.keys()];
    const answer = await this.node.store.onlineUsers(this.appId, userIds);
    for (const userId of userIds) {
      const isOnline = answer.includes(userId);
      if (isNews(isOnline)) this.online.set(userId, isOnline);
    }
  }

  private tell(channel: string, steps: readonly ViewStep[]): void {
    const present = this.present.get(channel)!;
    for (const { member, isPresent } of steps) {
      const { userId } = member;
      if (present.has(userId) === isPresent) this.faults.push(`${userId} ${isPresent} twice`);
      if (isPresent) present.add(userId);
      else present.delete(userId);
    }
  }
}

/** Nodes with subscribers, and a Pub/Sub between them that loses nothing. */
export class StateCluster {
  readonly audiences: readonly StateAudience[];

  constructor(
    readonly nodes: readonly StateNode[],
    readonly appId: string,
    readonly channels: readonly string[],
  ) {
    this.audiences = nodes.map((node) => new StateAudience(node, appId, channels));
    for (const audience of this.audiences) {
      audience.node.store.listen({
        onMembersChanged: (change) => this.publish(audience, change),
        onUserStatus: (_, userId, isOnline) => this.announce(audience, userId, isOnline),
        onPlaceChanged: () => undefined,
        onRestored: () => {
          void audience.askAgain();
          for (const channel of channels) void audience.reload(channel);
        },
      });
    }
  }

  /** What only one node knows it tells only itself. */
  publish(from: StateAudience, change: MembersChange): void {
    if (change.version === 0) return from.take(change);
    for (const audience of this.audiences) audience.take(change);
  }

  /** What only one node knows it tells only itself. */
  announce(from: StateAudience, userId: string, isOnline: boolean): void {
    const isAlone = from.node.store.status === 'down';
    for (const audience of isAlone ? [from] : this.audiences) audience.online.set(userId, isOnline);
  }

  async join(from: StateAudience, channel: string, socketId: string, userId: string) {
    const { store } = from.node;
    const { appId } = this;
    const outcome = await store.join(appId, channel, socketId, memberOf(userId), 0);
    if (outcome.isFull) throw new Error('There is no limit.');
    const { isFirst, version } = outcome;
    const joined = [memberOf(userId)];
    if (isFirst) this.publish(from, { appId, channel, version, left: [], joined });
    return outcome;
  }

  async leave(from: StateAudience, channel: string, socketId: string, userId: string) {
    const { appId } = this;
    const { isLast, version } = await from.node.store.leave(appId, channel, socketId, userId);
    if (isLast) this.publish(from, { appId, channel, version, left: [userId], joined: [] });
  }

  /** One client, at one node, who comes and goes as the protocol lets it. */
  async visit(i: number, users: number, random: Random, isOver: () => boolean): Promise<void> {
    const audience = this.audiences[i % this.audiences.length]!;
    const { store } = audience.node;
    const [socketId, userId] = [`1.${i}`, `u${i % users}`];
    while (!isOver()) {
      await store.openConnection(this.appId, socketId, random.below(2) === 0 ? null : 1000);
      const channel = random.of(this.channels);
      await this.join(audience, channel, socketId, userId);
      store.setSubscriptions(this.appId, `news-${i}`, 1 + random.below(3));
      if (await store.signIn(this.appId, userId, socketId)) this.announce(audience, userId, true);
      await sleep(random.below(120));
      if (isOver() && random.below(2) === 0) return;
      store.setSubscriptions(this.appId, `news-${i}`, 0);
      await store.signOut(this.appId, userId, socketId, 150);
      await this.leave(audience, channel, socketId, userId);
      await store.closeConnection(this.appId, socketId);
      await sleep(random.below(60));
    }
  }
}
