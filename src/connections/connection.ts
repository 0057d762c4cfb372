import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Application } from '../applications/application.js';
import type { FixedWindow } from '../scaling/fixed-window.js';
import type { ApplicationCounters } from './application-counters.js';
import type { CoarseClock } from './coarse-clock.js';
import type { Outlet, Seat } from './delivery/fan-out.js';
import { Outbox, type OutboxOptions, type OutboxOwner } from './delivery/outbox.js';
import { Inbox, type InboxOwner } from './inbox.js';

/** An application's connections on this node. Its settings may be replaced while they are open. */
export interface ApplicationScope {
  application: Application;
  readonly connections: Map<string, Connection>;
  readonly counters: ApplicationCounters;
}

/** What a client said of itself when it connected. */
export interface ClientDescription {
  readonly library: string;
  readonly version: string;
  /**
   * Address of the client, or of the last proxy that is not trusted. Found out when it is first asked
   * for, and empty when the socket is closed by then.
   */
  readonly address: string;
  readonly origin: string | undefined;
}

/** Who a connection signed in as. */
export interface SignedInUser {
  readonly id: string;
  /** `user_info` as JSON text, undefined if it was not given. */
  readonly userInfo: string | undefined;
  /** Users it wants to hear of. */
  readonly watchlist: readonly string[];
}

/** What all connections of a server share. */
export interface ConnectionEnvironment extends OutboxOptions {
  readonly clock: CoarseClock;
  /** Handles one message; see {@link InboxOwner.handle}. */
  onMessage(connection: Connection, message: Buffer): Promise<void> | undefined;
  /** A peer reads too slowly, see {@link OutboxOwner}. */
  onOverflow(connection: Connection): void;
  /**
   * The connection will receive nothing more and takes part in nothing. Called once.
   * @param code what it is closed with, as far as that is known
   * @param reason in words, by whoever closes it; empty for none
   */
  onClosing(connection: Connection, code: number, reason: string): void;
  /** Its socket is gone. Called once, after `onClosing`. */
  onClosed(connection: Connection): void;
}

/** A gateway method, with the connection bound to it and Nest's guards, pipes and interceptors around it. */
export interface ConnectionMessageHandler {
  readonly message: unknown;
  readonly callback: (message: unknown) => unknown;
}

/**
 * Where a connection stands. Messages are handled only while it is `established`; `closing` waits
 * for the peer, `closed` is gone.
 */
export type ConnectionPhase = 'admitting' | 'established' | 'closing' | 'closed';

/** No close frame was seen (RFC 6455, section 7.4.1). */
const ABNORMAL_CLOSURE = 1006;

/** Bytes of a close reason: a control frame holds 125, the code is 2 of them. */
const MAX_REASON_SIZE = 123;

const NO_SEATS: ReadonlyMap<string, Seat> = new Map();

/**
 * One client: a WebSocket, with an ordered, bounded inbox and a bounded outbox. This is what Nest's
 * guards, pipes and interceptors get from `switchToWs().getClient()`.
 */
export class Connection implements Outlet, OutboxOwner, InboxOwner {
  readonly inbox: Inbox;
  private readonly outbox: Outbox;
  phase: ConnectionPhase = 'admitting';
  readonly openedAtMs: number;
  /** Of the last inbound frame, by the coarse clock. */
  lastActivityMs: number;
  /** When the client was asked for a sign of life it has not given yet, else 0. */
  pingedAtMs = 0;
  /** The client has sent a PING or PONG frame, so it will answer one. */
  usesControlFrames = false;
  /** It signed in, or was let into a private or presence channel. */
  isAuthorized = false;
  /** The user it signed in as. */
  user: SignedInUser | undefined;
  /** Limits of what it may send, made when first needed. */
  messageWindow: FixedWindow | undefined;
  clientEventWindow: FixedWindow | undefined;
  /** Application of the key it connected with; undefined only while it is being refused. */
  scope: ApplicationScope | undefined;
  /** What handles its messages, in the form Nest gives them. */
  handlers: readonly ConnectionMessageHandler[] = [];
  private seats: Map<string, Seat> | null = null;

  constructor(
    readonly socketId: string,
    readonly client: ClientDescription,
    private readonly webSocket: WebSocket,
    socket: Socket,
    private readonly environment: ConnectionEnvironment,
  ) {
    this.inbox = new Inbox(this);
    this.outbox = new Outbox(socket, environment, this);
    this.openedAtMs = this.lastActivityMs = environment.clock.nowMs;
  }

  /** @throws Error on a connection that was never admitted */
  get application(): Application {
    if (this.scope === undefined) throw new Error('The connection has no application.');
    return this.scope.application;
  }

  /** Of its application. @throws Error on a connection that was never admitted */
  get counters(): ApplicationCounters {
    if (this.scope === undefined) throw new Error('The connection has no application.');
    return this.scope.counters;
  }

  private get isTakingPart(): boolean {
    return this.phase === 'established' || this.phase === 'admitting';
  }

  get isOpen(): boolean {
    return this.isTakingPart && this.webSocket.readyState === WebSocket.OPEN;
  }

  /** Bytes that were written but have not left yet. */
  get unsentBytes(): number {
    return this.outbox.unsentBytes;
  }

  /** Bytes that came over its socket, the upgrade and, with TLS, what that adds among them. */
  get bytesReceived(): number {
    return this.outbox.bytesReceived;
  }

  /** Bytes that went over its socket, as {@link bytesReceived}. */
  get bytesSent(): number {
    return this.outbox.bytesSent;
  }

  /** Seats by channel name. Changed through {@link take} and {@link giveUp} alone. */
  get subscriptions(): ReadonlyMap<string, Seat> {
    return this.seats ?? NO_SEATS;
  }

  take(channel: string, seat: Seat): void {
    (this.seats ??= new Map()).set(channel, seat);
  }

  giveUp(channel: string): void {
    this.seats?.delete(channel);
  }

  /** The client is admitted: what it sends is handled from now on. */
  establish(): void {
    if (this.phase !== 'admitting') return;
    this.phase = 'established';
    this.inbox.open();
  }

  handle(message: Buffer): Promise<void> | undefined {
    return this.environment.onMessage(this, message);
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  /** Something came in. */
  touch(): void {
    this.lastActivityMs = this.environment.clock.nowMs;
    this.pingedAtMs = 0;
  }

  /**
   * Writes finished frames, in the order of the calls. Never throws. What the peer does not take is
   * queued up to the limit; beyond it the peer is a slow consumer and is closed. What is written
   * while nothing is queued is never too much, whatever its size.
   */
  write(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.scope?.counters.answered.add(bytes.length);
    this.outbox.write(bytes);
  }

  /** As {@link write}, for what was broadcast: the fan-out counts it. */
  deliver(bytes: Buffer): void {
    if (this.isOpen) this.outbox.write(bytes);
  }

  /** As {@link write}, for what the client asked for and cannot have in parts; see {@link Outbox.writeOwed}. */
  writeOwed(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.scope?.counters.answered.add(bytes.length);
    this.outbox.writeOwed(bytes);
  }

  onOverflow(): void {
    this.environment.onOverflow(this);
  }

  /**
   * Closes with a WebSocket close frame, after `lastWords`. A second call, or one on a connection
   * that is gone, does nothing.
   */
  close(code: number, reason: string, lastWords?: Buffer): void {
    if (!this.isTakingPart) return;
    for (const seat of this.subscriptions.values()) seat.settle();
    if (lastWords !== undefined) this.write(lastWords);
    this.webSocket.close(code, fitting(reason));
    this.leave('closing', code, reason);
  }

  /** The peer broke the protocol of the WebSocket, which is closing it. */
  broken(): void {
    this.leave('closing', ABNORMAL_CLOSURE, 'The client broke the protocol of the WebSocket');
  }

  /** The socket is gone. @param reason that the client gave */
  closed(code: number, reason = ''): void {
    this.leave('closed', code, reason);
  }

  /** Drops the socket without a word: for a peer that does not answer. */
  terminate(): void {
    this.webSocket.terminate();
    this.leave('closed', ABNORMAL_CLOSURE, '');
  }

  private leave(phase: 'closing' | 'closed', code: number, reason: string): void {
    const { isTakingPart } = this;
    const wasClosed = this.phase === 'closed';
    if (!wasClosed) this.phase = phase;
    if (isTakingPart) {
      this.inbox.close();
      this.environment.onClosing(this, code, reason);
    }
    if (phase === 'closed' && !wasClosed) this.environment.onClosed(this);
  }
}

/** The part of a close reason that fits into a close frame, cut between characters. */
function fitting(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_SIZE) return reason;
  const bytes = Buffer.from(reason);
  let end = MAX_REASON_SIZE;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
