/** Messages of one connection that may wait before its socket is read no further. */
const MAX_WAITING_MESSAGES = 64;

/** Whose inbox it is. */
export interface InboxOwner {
  /** Handles one message. A promise means: the next one has to wait for it. Never throws or rejects. */
  handle(message: Buffer): Promise<void> | undefined;
  /** Reads no further, as the inbox is full. */
  pause(): void;
  /** Reads on, as the inbox is empty. */
  resume(): void;
}

/**
 * Hands over the messages of one connection one after the other, in the order they came, and none
 * before it is opened. Bounded: it holds what had been read when the socket was told to pause.
 */
export class Inbox {
  private isBusy = true;
  private isPaused = false;
  private isClosed = false;
  private waiting: Buffer[] | null = null;
  /** How many of the waiting messages were handled. */
  private position = 0;

  constructor(private readonly owner: InboxOwner) {}

  /** From now on messages are handled. */
  open(): void {
    this.goOn();
  }

  /** Forgets what waits, and all that comes. Reads on, or the peer's answer to the close would not be seen. */
  close(): void {
    this.isClosed = true;
    this.waiting = null;
    if (!this.isPaused) return;
    this.isPaused = false;
    this.owner.resume();
  }

  push(message: Buffer): void {
    if (this.isClosed) return;
    if (!this.isBusy) return this.handle(message);
    this.waiting ??= [];
    if (this.waiting.push(message) - this.position < MAX_WAITING_MESSAGES || this.isPaused) return;
    this.isPaused = true;
    this.owner.pause();
  }

  private handle(message: Buffer): void {
    const done = this.owner.handle(message);
    if (done === undefined) return;
    this.isBusy = true;
    void done.then(() => this.goOn());
  }

  /** Lets go of what was handled now and then, as the queue may never be empty. */
  private forgetHandled(): void {
    if (this.position < MAX_WAITING_MESSAGES) return;
    this.waiting?.splice(0, this.position);
    this.position = 0;
  }

  private goOn(): void {
    this.isBusy = false;
    while (this.waiting !== null && !this.isBusy) {
      const message = this.waiting[this.position++];
      if (message === undefined) {
        this.waiting = null;
        this.position = 0;
      } else {
        this.forgetHandled();
        this.handle(message);
      }
    }
    if (this.waiting !== null || !this.isPaused || this.isClosed) return;
    this.isPaused = false;
    this.owner.resume();
  }
}
