import type { Connection } from '../connections/connection.js';
import { FanOut, Seat } from '../connections/delivery/fan-out.js';
import type { FlushQueue } from '../connections/delivery/flush-queue.js';
import type { Member } from '../scaling/state-store.js';
import type { ChannelCounters, ChannelCountersByKind } from './channel-counters.js';
import { channelKindOf, type ChannelKind } from './channel-name.js';
import { PresenceView } from './presence-view.js';

/** One connection's subscription to one channel. */
export class Subscription extends Seat {
  constructor(
    readonly connection: Connection,
    readonly channel: Channel,
    /** Who the connection is in a presence channel. */
    readonly member: Member | undefined,
  ) {
    super(connection, channel.fanOut);
  }
}

/** Events of a channel, kept for a connection on its way into it. */
export class KeptFrames {
  readonly frames: Buffer[] = [];

  constructor(private readonly socketId: string) {}

  add(frame: Buffer, exceptSocketId: string | undefined): void {
    if (exceptSocketId !== this.socketId) this.frames.push(frame);
  }
}

/** A channel of an application, as far as this node is concerned: its local subscribers. */
export class Channel {
  readonly kind: ChannelKind;
  readonly fanOut: FanOut;
  /** Who is in it, as its subscribers here know; null unless it is a presence channel. */
  readonly view: PresenceView | null;
  /** Subscriptions that are being made: the channel is kept although it may be empty. */
  pins = 0;
  /** Members with a seat here, and how many they have. */
  private readonly seated = new Map<string, number>();
  /** What is kept for those who wait for an answer of the store; they have no seat yet. */
  private kept: Set<KeptFrames> | null = null;
  /** Of all channels of this kind. */
  readonly counters: ChannelCounters;

  constructor(
    readonly appId: string,
    readonly name: string,
    queue: FlushQueue,
    counters: ChannelCountersByKind,
  ) {
    this.kind = channelKindOf(name);
    this.counters = counters[this.kind.name];
    this.fanOut = new FanOut(queue, this.counters);
    this.view = this.kind.isPresence ? new PresenceView((userId) => this.seated.has(userId)) : null;
  }

  get isIdle(): boolean {
    return this.pins === 0 && this.fanOut.size === 0;
  }

  /** Seats a subscription: it gets what is broadcast from now on. */
  seat(subscription: Subscription): void {
    this.fanOut.add(subscription);
    this.counters.subscriptions++;
    this.countSeat(subscription, 1);
  }

  /** Takes the seat away, after its due was written. */
  unseat(subscription: Subscription): void {
    this.fanOut.remove(subscription);
    this.counters.subscriptions--;
    this.countSeat(subscription, -1);
  }

  private countSeat({ member }: Subscription, change: 1 | -1): void {
    if (member === undefined) return;
    const count = (this.seated.get(member.userId) ?? 0) + change;
    if (count > 0) this.seated.set(member.userId, count);
    else this.seated.delete(member.userId);
  }

  /** Keeps all events for a connection from now on, until {@link stopKeeping}. */
  keepFrames(socketId: string): KeptFrames {
    const kept = new KeptFrames(socketId);
    (this.kept ??= new Set()).add(kept);
    return kept;
  }

  stopKeeping(kept: KeptFrames): void {
    this.kept?.delete(kept);
    if (this.kept?.size === 0) this.kept = null;
  }

  /** Broadcasts an event to all subscribers but the excepted one. */
  broadcast(frame: Buffer, exceptSocketId: string | undefined, except?: Connection): void {
    this.fanOut.broadcast(frame, except);
    this.kept?.forEach((kept) => kept.add(frame, exceptSocketId));
  }
}
