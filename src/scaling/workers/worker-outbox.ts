import { Logger } from '@nestjs/common';
import type { ClusterMessage } from '../cluster-message.js';
import { OverloadError } from '../overload-error.js';
import { RareWarning } from '../rare-warning.js';
import type { WorkerLink } from './worker-link.js';

const FULL = 'The buffer for the other processes is full';

/** What the others must be told, or they would know something wrong. There is little of it. */
const isSpared = ({ type }: ClusterMessage) => type !== 'frame' && type !== 'terminate';

/** How much may wait for the hub to take it. */
export interface OutboxLimits {
  readonly bufferMessages: number;
  readonly bufferSize: number;
}

/** The messages that this worker has published and the hub has not taken yet: so many, and no more. */
export class WorkerOutbox {
  private readonly overload = new RareWarning(new Logger('PubSub'), FULL);
  private messages = 0;
  private bytes = 0;
  /** Of this turn of the event loop. */
  private turnMessages = 0;
  private turnBytes = 0;

  constructor(
    private readonly link: WorkerLink,
    private readonly limits: OutboxLimits,
  ) {}

  /** See PubSubProvider. */
  hasRoomFor(messages: number, bytes: number, factor = 1): boolean {
    const { bufferMessages, bufferSize } = this.limits;
    const isFull = this.messages + messages > bufferMessages * factor;
    return !isFull && this.bytes + bytes <= bufferSize * factor;
  }

  /**
   * Counts a message in that is about to be said.
   * @throws OverloadError when there is no room
   */
  enter(message: ClusterMessage): void {
    const bytes = message.type === 'frame' ? message.frame.length : 0;
    if (!this.hasRoomFor(1, bytes, isSpared(message) ? 2 : 1)) {
      this.overload.warn({ messages: this.messages, bytes: this.bytes });
      throw new OverloadError(`${FULL}. Try again in a second.`);
    }
    if (this.turnMessages === 0) this.link.atTurnEnd(() => this.endTurn());
    this.messages += 1;
    this.bytes += bytes;
    this.turnMessages += 1;
    this.turnBytes += bytes;
  }

  private endTurn(): () => void {
    const { turnMessages, turnBytes } = this;
    this.turnMessages = 0;
    this.turnBytes = 0;
    return () => {
      this.messages -= turnMessages;
      this.bytes -= turnBytes;
    };
  }
}
