import type { Connection } from '../connections/connection.js';
import { FanOut, Seat, type FlushQueue } from '../connections/fan-out.js';
import type { Member } from '../scaling/state-store.js';
import { channelKindOf, type ChannelKind } from './channel-name.js';

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

/** A channel of an application, as far as this node is concerned: its local subscribers. */
export class Channel {
  readonly kind: ChannelKind;
  readonly fanOut: FanOut;
  /** Subscriptions that are being made: the channel is kept although it may be empty. */
  pins = 0;

  constructor(
    readonly appId: string,
    readonly name: string,
    queue: FlushQueue,
  ) {
    this.kind = channelKindOf(name);
    this.fanOut = new FanOut(queue);
  }

  get isIdle(): boolean {
    return this.pins === 0 && this.fanOut.size === 0;
  }
}
