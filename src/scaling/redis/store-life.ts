import { HAND_OVER_MS } from '../state-store.js';
import { CachedEvents } from './cached-events.js';
import { ChannelReader } from './channel-reader.js';
import { ConnectionCounts } from './connection-counts.js';
import { NodeReaper } from './membership-reaper.js';
import { Membership } from './membership.js';
import type { NodeDirectory } from './node-directory.js';
import { RosterBook } from './roster-book.js';
import type { GracedKind } from './roster-graced-kind.js';
import type { GracedRosters } from './roster-graces.js';
import { OccupiedPlaces, placesOf } from './roster-places.js';
import { PresenceRosters } from './roster-presence.js';
import { RosterReader } from './roster-reader.js';
import { SignedInUsers, usersOf } from './roster-users.js';
import { SharedAnswers } from './shared-answers.js';
import { SharedBuckets } from './shared-buckets.js';
import type { StoreContext } from './store-context.js';
import { SubscriptionCounts } from './subscription-counts.js';
import { readTimeline } from './timeline.js';

/** What Redis loses again and again, as one that evicts keys does, is not restored more often. */
const LOSS_PAUSE_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1000;

/** The parts of the state store, and what they go through together: heartbeats, outages, the end. */
export class StoreLife {
  readonly membership: Membership;
  readonly reaper: NodeReaper;
  readonly connections: ConnectionCounts;
  readonly subscriptions: SubscriptionCounts;
  readonly channels: ChannelReader;
  readonly presence: PresenceRosters;
  readonly reader: RosterReader;
  readonly users: SignedInUsers;
  readonly places: OccupiedPlaces;
  readonly events: CachedEvents;
  readonly answers: SharedAnswers;
  readonly buckets: SharedBuckets;
  /** Times that this node said anew all that it holds. */
  restores = 0;
  private readonly gracedKinds: readonly GracedKind[];
  /** The users, and the places. */
  private readonly graced: readonly GracedRosters[];
  private readonly book: RosterBook;
  private timer: NodeJS.Timeout | undefined;
  private restoring: Promise<void> | undefined;
  private timeline: string | undefined;
  /** When Redis went away, by its own time in microseconds. */
  private goneAtMicros = 0;
  private isClosed = false;
  /** Redis has been told all, but nobody goes by that yet. */
  private isReady = false;
  private wasUp = false;
  private aloneSinceMs = performance.now();
  private lastLossMs = -Infinity;

  constructor(
    private readonly context: StoreContext,
    directory: NodeDirectory,
  ) {
    const [users, places] = [usersOf(context), placesOf(context)];
    this.gracedKinds = [users, places];
    this.book = new RosterBook(context, this.gracedKinds);
    this.presence = new PresenceRosters(context, this.book);
    this.reader = new RosterReader(context, this.book);
    this.users = new SignedInUsers(context, this.book, users);
    this.places = new OccupiedPlaces(context, this.book, places);
    this.graced = [this.users, this.places];
    this.reaper = new NodeReaper(context, this.graced);
    this.membership = new Membership(context, directory, this.reaper, {
      onLeaseLost: () => this.restoreAlone(),
      onNodeDied: () => context.listener?.onRestored(),
    });
    this.connections = new ConnectionCounts(context, this.membership);
    this.subscriptions = new SubscriptionCounts(context);
    this.channels = new ChannelReader(context, this.membership);
    this.events = new CachedEvents(context);
    this.answers = new SharedAnswers(context);
    this.buckets = new SharedBuckets(context);
  }

  /** Milliseconds since Redis could be asked last, 0 while it can. */
  get unreachableMs(): number {
    const { isUp, link, leaseEndsMs } = this.context;
    if (isUp) return 0;
    if (link.status !== 'up') return link.unreachableMs;
    return Math.max(0, performance.now() - Math.min(this.aloneSinceMs, leaseEndsMs));
  }

  /** To be called before the link is opened. */
  start(): void {
    const { context } = this;
    context.onLoss = () => this.onLoss();
    context.link.onRestore(() => this.restore());
    context.link.onUp(() => this.resume());
    context.link.onDown(() => this.suspend());
    this.membership.start();
    this.timer = setInterval(() => void this.tick(), context.heartbeatMs).unref();
  }

  /** See StateStore. */
  async handOver(): Promise<void> {
    this.context.isHandedOver = true;
    if (this.context.isUp) await this.context.attempt(() => this.leave('draining'));
  }

  /** All that is to be sent is sent in this turn, as others may close the link in the next. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    this.membership.stop();
    this.answers.close();
    for (const { graces } of this.gracedKinds) graces.clear();
    const sent = this.context.isUp ? this.sayGoodbye() : [];
    this.context.isRestored = false;
    await Promise.race([Promise.all(sent), rest(CLOSE_TIMEOUT_MS)]);
  }

  private sayGoodbye(): Promise<unknown>[] {
    const { context } = this;
    const { scripts, keys, ownKeys, nodeId, epoch } = context;
    if (!this.book.isEmpty || this.graced.some(({ isEmpty }) => !isEmpty)) {
      return [context.attempt(() => this.leave('departed'))];
    }
    const appIds = Array.from(context.mirror.entries(), ([appId]) => appId);
    const nodeKeys = appIds.map((appId) => ownKeys.subscriptions(appId));
    const all = [ownKeys.epoch, ownKeys.rosters, ownKeys.applications, ...nodeKeys];
    return [
      ...appIds.map((appId) =>
        context.attempt(() => scripts.forgetConnections([keys.connections(appId)], nodeId, epoch)),
      ),
      context.attempt(() => scripts.clearNode(all, epoch)),
      context.attempt(() => this.leave('empty')),
    ];
  }

  private leave(how: 'draining' | 'departed' | 'empty'): Promise<number> {
    const { scripts, keys, nodeId, ttlMs } = this.context;
    return scripts.leave(keys.registry, nodeId, how, HAND_OVER_MS, ttlMs);
  }

  private async tick(): Promise<void> {
    const { context } = this;
    context.mirror.sweep();
    if (context.link.status === 'down') return this.book.forgetEmpty();
    if (this.restoring === undefined && !context.isUp && context.link.status === 'up') {
      return this.restoreAlone();
    }
    await this.membership.beat();
    if (!context.isUp) return;
    for (const rosters of this.graced) rosters.tend();
    this.connections.tend();
    await Promise.all([this.book.tend(), this.subscriptions.tend()]);
  }

  private suspend(): void {
    if (this.context.isRestored) this.goneAtMicros = this.membership.redisMicros;
    this.context.isRestored = false;
    this.isReady = false;
    this.subscriptions.forget();
  }

  private onLoss(): void {
    if (performance.now() - this.lastLossMs < LOSS_PAUSE_MS) return;
    this.lastLossMs = performance.now();
    this.restoreAlone();
  }

  /** Redis is there, but does not know what this node holds. */
  private restoreAlone(): void {
    if (this.isClosed || this.restoring !== undefined || this.context.link.status !== 'up') return;
    this.aloneSinceMs = performance.now();
    void this.context.attempt(async () => {
      await this.restore();
      if (this.context.link.status === 'up') this.resume();
    });
  }

  /** One after the other. @throws when Redis cannot be asked */
  private async restore(): Promise<void> {
    while (this.restoring !== undefined) await this.restoring.catch(() => undefined);
    const restoring = this.restoreOnce();
    this.restoring = restoring;
    try {
      await restoring;
    } finally {
      this.restoring = undefined;
    }
  }

  private async restoreOnce(): Promise<void> {
    const { context, membership } = this;
    context.isRestored = false;
    this.isReady = false;
    const timeline = await readTimeline(context.link);
    const isSameTimeline = timeline !== undefined && timeline === this.timeline;
    await membership.register();
    if (context.isHandedOver) await this.leave('draining');
    await context.restoreApplications();
    const isLost = context.fate === 'lost' || (context.fate === 'alive' && !isSameTimeline);
    if (isLost) for (const rosters of this.graced) await rosters.restore();
    await this.book.restore(isSameTimeline ? 0 : this.goneAtMicros);
    await this.subscriptions.restore();
    await this.connections.restore();
    await this.events.restore();
    await this.answers.restore();
    this.timeline = timeline;
    this.isReady = true;
  }

  /** Redis knows what this node holds, but for what clients did in the last moment. */
  private resume(): void {
    if (this.isClosed || !this.isReady) return;
    this.context.isRestored = true;
    this.context.tellUntold();
    this.book.catchUp();
    this.subscriptions.flush();
    this.connections.flush();
    for (const rosters of this.graced) rosters.tend();
    const wasAlone = this.wasUp || !this.context.mirror.isEmpty;
    if (this.wasUp) this.restores += 1;
    this.wasUp = true;
    if (wasAlone) this.context.listener?.onRestored();
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
