import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { handleOf, type DirectWriter, type DirectWriteTarget } from './direct-write.js';

/*
 * What is written to one client, and has not left yet.
 *
 * Invariants:
 *  1. Bytes leave in the order they were written, whatever way they take: the direct one is taken
 *     only while nothing waits, neither in the stream nor in the handle below it.
 *  2. Unsent bytes are counted on both ways. Beyond the limit the peer is a slow consumer: that is
 *     said once, and nothing is taken any more.
 *  3. What is written while nothing waits is never too much, nor is what is owed to the client.
 *  4. There is no object, closure or timer for a write that the kernel takes at once.
 */

/** What all outboxes of a server share. */
export interface OutboxOptions {
  /** Null: everything goes through the streams. */
  readonly directWriter: DirectWriter | null;
  /** Unsent bytes beyond which a peer is a slow consumer. */
  readonly maxOutboxSize: number;
}

/** Whose outbox it is. */
export interface OutboxOwner {
  /** The limit is exceeded. Called once; nothing is written any more. */
  onOverflow(): void;
}

/** How often the limit what is owed to a client may be. */
const MAX_OWED_LIMITS = 16;

/** The bytes on their way to one client. Never throws. */
export class Outbox implements DirectWriteTarget {
  private directlyQueuedBytes = 0;
  /** Of the unsent bytes, at most so many are not held against the client. */
  private owedBytes = 0;
  private hasOverflown = false;
  private readonly directWriter: DirectWriter | null;

  constructor(
    private readonly socket: Socket,
    private readonly options: OutboxOptions,
    private readonly owner: OutboxOwner,
  ) {
    const canWriteDirectly = socket instanceof Socket && !(socket instanceof TLSSocket);
    this.directWriter = canWriteDirectly ? options.directWriter : null;
  }

  /** Bytes that were written but have not left yet. */
  get unsentBytes(): number {
    return this.socket.writableLength + this.directlyQueuedBytes;
  }

  /** Over the socket, in either direction: by its own counters, so counting them costs nothing. */
  get bytesReceived(): number {
    return this.socket.bytesRead;
  }

  get bytesSent(): number {
    return this.socket.bytesWritten;
  }

  /** Writes finished frames: at once if nothing waits, else behind what does. */
  write(bytes: Buffer): void {
    if (this.hasOverflown) return;
    if (this.unsentBytes > 0) return this.queue(bytes);
    this.owedBytes = bytes.length;
    if (this.directWriter === null) {
      this.socket.write(bytes);
      return;
    }
    const handle = handleOf(this.socket);
    if (handle !== null && !this.directWriter.write(handle, bytes, this)) this.socket.destroy();
  }

  /**
   * Writes what the client asked for and cannot have in parts, like the roster of a large channel:
   * that says nothing about how it reads. Bounded too, at {@link MAX_OWED_LIMITS} times the limit.
   */
  writeOwed(bytes: Buffer): void {
    if (this.unsentBytes > 0) {
      const limit = this.options.maxOutboxSize * MAX_OWED_LIMITS;
      this.owedBytes = Math.min(this.owedBytes + bytes.length, limit);
    }
    this.write(bytes);
  }

  onQueued(bytes: number): void {
    this.directlyQueuedBytes += bytes;
  }

  onDrained(bytes: number, hasFailed: boolean): void {
    this.directlyQueuedBytes -= bytes;
    if (hasFailed) this.socket.destroy();
  }

  private queue(bytes: Buffer): void {
    this.socket.write(bytes);
    if (this.unsentBytes - this.owedBytes <= this.options.maxOutboxSize) return;
    this.hasOverflown = true;
    this.owner.onOverflow();
  }
}
