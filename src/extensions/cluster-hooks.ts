import type { Awaitable } from '../scaling/awaitable.js';
import type { Member } from '../scaling/state-store.js';

/*
 * Hooks that are told what has happened in the cluster: of all nodes exactly one is told, whichever
 * that is. While the other nodes are out of reach nothing is told; what has changed meanwhile is told
 * once they are back. Else as the other hooks that are told, see on-hooks.ts.
 */

/** A channel has subscribers, or has none any more. */
export interface ChannelChange {
  readonly appId: string;
  readonly channel: string;
}

/** Told when a connection of any node is the first to subscribe to a channel. */
export interface OnChannelOccupied {
  onChannelOccupied(event: ChannelChange): Awaitable<void>;
}

/** Told when a channel has had no subscriber for the grace (`graceSeconds` of the webhooks). */
export interface OnChannelVacated {
  onChannelVacated(event: ChannelChange): Awaitable<void>;
}

/** A user is in a presence channel now, with its first connection of any node. */
export interface MemberAdded {
  readonly appId: string;
  readonly channel: string;
  readonly member: Member;
}

/** Told when a user comes to a presence channel; its further connections are not told. */
export interface OnMemberAdded {
  onMemberAdded(event: MemberAdded): Awaitable<void>;
}

/** A user is in a presence channel no more: its last connection of any node has left it. */
export interface MemberRemoved {
  readonly appId: string;
  readonly channel: string;
  readonly userId: string;
}

/** Told when the members of a channel are, so without the grace that webhooks have. */
export interface OnMemberRemoved {
  onMemberRemoved(event: MemberRemoved): Awaitable<void>;
}

/** A signed-in user came online, or went offline. */
export interface UserStatus {
  readonly appId: string;
  readonly userId: string;
}

/** Told when the first connection of a user, of any node, signs in. */
export interface OnUserOnline {
  onUserOnline(event: UserStatus): Awaitable<void>;
}

/** Told when a user has had no connection for the grace (`graceSeconds`). */
export interface OnUserOffline {
  onUserOffline(event: UserStatus): Awaitable<void>;
}
