import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Channel } from '../channels/channel.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { PresenceView, ViewStep } from '../channels/presence-view.js';
import type { Connection } from '../connections/connection.js';
import { andThen, inBackground, type Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import {
  StateStore,
  type Member,
  type MembersChange,
  type RosterVersion,
} from '../scaling/state-store.js';
import { memberAdded, memberRemoved } from './protocol/server-frame.js';

/** How long a change may be missing before the roster is read again. */
const PATIENCE_MS = 1000;
const CHECK_INTERVAL_MS = 250;

/**
 * Knows who is in a presence channel, and tells its subscribers who comes and goes.
 *
 * The store says who is there and counts the changes; whoever caused one tells all nodes; each node
 * keeps a view of what its own subscribers know, and what changes in that is what they are told. So
 * every subscriber hears of every member once, and by turns, whatever gets lost on the way.
 */
@Injectable()
export class PresenceService implements OnModuleDestroy {
  private readonly logger = new Logger(PresenceService.name);
  /** Channels whose views wait for something, and since when. */
  private readonly behind = new Map<Channel, number>();
  /** Rosters on their way here; who comes meanwhile needs no other. */
  private readonly loading = new Map<Channel, Promise<void>>();
  /** Channels with members who have some time to turn up again. */
  private readonly settling = new Map<Channel, NodeJS.Timeout>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly channels: ChannelManager,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
  ) {
    cluster.listen({ onMembers: (change) => this.apply(change) });
    cluster.onRestored(() => this.reloadAll());
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const timer of this.settling.values()) clearTimeout(timer);
    this.behind.clear();
  }

  /**
   * Joins a connection to an open presence channel. Tells the others as soon as the store has said
   * that the user is new.
   * @returns who is there, the joiner among them; undefined when the channel is full
   */
  join(
    { application, socketId }: Connection,
    channel: Channel,
    member: Member,
  ): Awaitable<Iterable<Member> | undefined> {
    const { appId, name } = channel;
    const view = channel.view!;
    const { maxPresenceMembers } = application;
    const asked = this.state.join(appId, name, socketId, member, maxPresenceMembers);
    const entered = andThen(asked, (outcome): RosterVersion | undefined => {
      if (outcome.isFull) return undefined;
      const { isFirst, version } = outcome;
      if (isFirst)
        this.cluster.tellMembers({ appId, channel: name, version, left: [], joined: [member] });
      return version;
    });
    // Asked for in the same turn as the join, so that both are answered in one round trip.
    const loaded = view.isLoaded ? undefined : this.reload(channel);
    return andThen(entered, (version) => {
      if (version === undefined) return undefined;
      const reached = andThen(loaded, () => this.awaitView(channel, version));
      return andThen(reached, () => {
        this.tell(channel, view.include(member));
        return view.members;
      });
    });
  }

  /** A connection is in a presence channel no more. */
  leave({ socketId }: Connection, { appId, name }: Channel, { userId }: Member): void {
    const left = andThen(this.state.leave(appId, name, socketId, userId), (outcome) => {
      const { isLast, version } = outcome;
      if (isLast)
        this.cluster.tellMembers({ appId, channel: name, version, left: [userId], joined: [] });
    });
    inBackground(left, this.logger);
  }

  private apply(change: MembersChange): void {
    const channel = this.channels.find(change.appId, change.channel);
    if (channel === undefined || channel.view === null) return;
    this.tell(channel, channel.view.apply(change));
    if (channel.view.isBehind) this.watch(channel);
  }

  private awaitView(channel: Channel, version: RosterVersion): Promise<void> | undefined {
    const reached = channel.view!.reaches(version);
    if (reached !== undefined) this.watch(channel);
    return reached;
  }

  /** Reads the roster, and tells who is new. Who is missing has some time to turn up again. */
  private reload(channel: Channel): Awaitable<void> {
    const former = this.loading.get(channel);
    if (former !== undefined) return former;
    const { appId, name } = channel;
    const view = channel.view!;
    const loaded = andThen(this.state.roster(appId, name, view.knownVersion), (roster) => {
      this.loading.delete(channel);
      if (roster === undefined) return;
      this.tell(channel, view.load(roster));
      if (view.hasMissing) this.settleLater(channel, view);
    });
    if (loaded instanceof Promise) this.loading.set(channel, loaded);
    return loaded;
  }

  private reloadAll(): void {
    for (const channel of this.channels) {
      if (channel.view?.isLoaded) inBackground(this.reload(channel), this.logger);
    }
  }

  private settleLater(channel: Channel, view: PresenceView): void {
    clearTimeout(this.settling.get(channel));
    const timer = setTimeout(() => {
      this.settling.delete(channel);
      this.tell(channel, view.dropMissing());
    }, this.cluster.settleMs);
    this.settling.set(channel, timer.unref());
  }

  private tell({ name, fanOut }: Channel, steps: readonly ViewStep[]): void {
    for (const { member, isPresent } of steps) {
      fanOut.broadcast(isPresent ? memberAdded(name, member) : memberRemoved(name, member));
    }
  }

  /** One timer for all, while there are any. */
  private watch(channel: Channel): void {
    if (!this.behind.has(channel)) this.behind.set(channel, performance.now());
    this.timer ??= setInterval(() => this.check(), CHECK_INTERVAL_MS).unref();
  }

  private check(): void {
    const nowMs = performance.now();
    for (const [channel, sinceMs] of this.behind) {
      if (!channel.view!.isBehind || channel.isIdle) this.behind.delete(channel);
      else if (nowMs - sinceMs >= PATIENCE_MS) {
        this.behind.set(channel, nowMs);
        inBackground(this.reload(channel), this.logger);
      }
    }
    if (this.behind.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
