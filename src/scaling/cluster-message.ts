import type { MembersChange } from './state-store.js';

/** What nodes tell each other. Carries no secrets, ever. */
export type ClusterMessage =
  | FrameMessage
  | MembersMessage
  | TerminateMessage
  | UserStatusMessage
  | AskMessage
  | AnswerMessage
  | RestartMessage;

/** A finished WebSocket frame for all subscribers of a channel. */
export interface FrameMessage {
  readonly type: 'frame';
  readonly appId: string;
  readonly channel: string;
  readonly frame: Buffer;
  /** The connection that does not get it, on whatever node it is. */
  readonly exceptSocketId: string | undefined;
  /** Of the span that sent it (W3C Trace Context), if somebody follows it. */
  readonly traceparent?: string | undefined;
}

/** Users came to a presence channel or left it. Every node makes its own frames of that. */
export interface MembersMessage extends MembersChange {
  readonly type: 'members';
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

/** Asks a node something. */
export interface AskMessage {
  readonly type: 'ask';
  /** Names the question; the answer repeats it. */
  readonly questionId: string;
  /** The node that wants the answer. */
  readonly askedBy: string;
  /** Says who is to answer, and what the content is. */
  readonly subject: string;
  /** Any JSON value. */
  readonly content: unknown;
}

/** Answers {@link AskMessage}. */
export interface AnswerMessage {
  readonly type: 'answer';
  readonly questionId: string;
  /** The node that answers. */
  readonly nodeId: string;
  /** Any JSON value. */
  readonly content: unknown;
}

/** Stop in order, for a process manager to start again. Goes to one node. */
export interface RestartMessage {
  readonly type: 'restart';
}
