/** What nodes tell each other. Carries no secrets, ever. */
export type ClusterMessage = FrameMessage | TerminateMessage | UserStatusMessage;

/** A finished WebSocket frame for all subscribers of a channel. */
export interface FrameMessage {
  readonly type: 'frame';
  readonly appId: string;
  readonly channel: string;
  readonly frame: Buffer;
  /** The connection that does not get it, on whatever node it is. */
  readonly exceptSocketId: string | undefined;
}

/** Close every connection of a user. */
export interface TerminateMessage {
  readonly type: 'terminate';
  readonly appId: string;
  readonly userId: string;
}

/** A user's first connection anywhere signed in, or the last one has been gone for the grace. */
export interface UserStatusMessage {
  readonly type: 'user-status';
  readonly appId: string;
  readonly userId: string;
  readonly isOnline: boolean;
}
