import { LinkMonitor } from './link-monitor.js';
import type { LinkSession } from './link-session.js';

/** From one attempt to connect to the loss of what it brought; the next attempt is another life. */
export class LinkLife {
  /** Resolves with the reason when this life is over. */
  readonly over: Promise<Error>;
  isOver = false;
  /** Its connections, from the beginning of `connect` on. */
  session?: LinkSession;
  private end!: (reason: Error) => void;
  private readonly monitor = new LinkMonitor(
    () => this.session?.connections() ?? [],
    (reason) => this.lose(reason),
  );

  /** @param onOver called once, in the turn of the loss, while nothing is dropped yet */
  constructor(private readonly onOver: (reason: Error) => void) {
    this.over = new Promise((resolve) => (this.end = resolve));
  }

  /**
   * Connects, and watches from then on.
   * @throws what is in the way, also when this life ends meanwhile
   */
  async connect(
    session: LinkSession,
    scripts: readonly string[],
    timeoutMs: number,
  ): Promise<void> {
    this.session = session;
    const timeout = setTimeout(() => this.lose(new Error('it does not answer')), timeoutMs);
    try {
      await this.unlessOver(session.connect(scripts));
    } finally {
      clearTimeout(timeout);
    }
    this.monitor.start();
  }

  /**
   * Waits for work, as long as this life lasts.
   * @throws what the work throws, or why this life is over
   */
  async unlessOver(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.over]);
    if (this.isOver) throw await this.over;
  }

  /** Ends this life now; a second call does nothing. */
  lose(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onOver(reason);
    this.drop();
    this.end(reason);
  }

  /** Ends this life once everything that was sent is answered, and tells nobody. */
  async quit(): Promise<void> {
    this.isOver = true;
    this.monitor.stop();
    await this.session?.quit();
  }

  /** Ends this life at once, and tells nobody. */
  drop(): void {
    this.isOver = true;
    this.monitor.stop();
    this.session?.drop();
    this.end(new Error('the link was closed'));
  }
}
