import type { ClusterMessage } from 'revurb';

/** A message that NATS may not have yet. */
export interface UnsentMessage {
  readonly topic: string;
  readonly sequence: number;
  readonly message: ClusterMessage;
  readonly payload: Buffer;
}

/** One who waits until a message is taken. */
interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
}

/** Bytes that are sent again before NATS is asked whether it keeps up. */
const CHUNK_BYTES = 1_000_000;

/** Messages that NATS has not confirmed, in the order of their sequence; no more than it was made for. */
export class Outbox {
  private readonly messages: UnsentMessage[] = [];
  private readonly waiters: Waiter[] = [];
  private bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** The sequence of the first message; undefined when there is none. */
  get oldest(): number | undefined {
    return this.messages[0]?.sequence;
  }

  /** `bytes` are those of the frames. */
  hasRoomFor(messages: number, bytes: number): boolean {
    return (
      this.messages.length + messages <= this.maxMessages && this.bytes + bytes <= this.maxBytes
    );
  }

  add(message: UnsentMessage): void {
    this.messages.push(message);
    this.bytes += frameBytesOf(message.message);
  }

  /** Resolves when NATS has a message; or when nobody knows when that will be. */
  taken(sequence: number): Promise<void> {
    return new Promise((resolve) => this.waiters.push({ sequence, resolve }));
  }

  /** NATS has everything up to a sequence. */
  confirm(sequence: number): void {
    const isLater = (each: { readonly sequence: number }) => each.sequence > sequence;
    for (const { message } of cutBefore(this.messages, isLater))
      this.bytes -= frameBytesOf(message);
    for (const { resolve } of cutBefore(this.waiters, isLater)) resolve();
  }

  /** Drops what NATS would never take. @returns how many there were */
  dropLargerThan(maxBytes: number): number {
    const large = this.messages.filter(({ payload }) => payload.length > maxBytes);
    for (const message of large) {
      this.messages.splice(this.messages.indexOf(message), 1);
      this.bytes -= frameBytesOf(message.message);
    }
    return large.length;
  }

  /** Nobody waits any more. */
  dismissWaiters(): void {
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  /** The oldest ones, a chunk of them. */
  firstChunk(): readonly UnsentMessage[] {
    let bytes = 0;
    const end = this.messages.findIndex(({ payload }) => (bytes += payload.length) > CHUNK_BYTES);
    return end < 0 ? [...this.messages] : this.messages.slice(0, Math.max(1, end));
  }

  [Symbol.iterator](): Iterator<UnsentMessage> {
    return [...this.messages][Symbol.iterator]();
  }
}

/** What counts for the limit: the same as is asked for before a batch. */
export function frameBytesOf(message: ClusterMessage): number {
  return message.type === 'frame' ? message.frame.length : 0;
}

/** Removes what stands before the first that fits. @returns what was removed */
function cutBefore<T>(items: T[], fits: (item: T) => boolean): readonly T[] {
  const end = items.findIndex(fits);
  return items.splice(0, end < 0 ? items.length : end);
}
