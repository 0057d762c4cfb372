/** The time of the NATS server, so that all nodes mean the same by a moment. Never exact, and never far off. */
export class ServerClock {
  private offsetMs = Date.now() - performance.now();

  /** The server did something at a time of its own, and it is known just now. */
  sync(serverMs: number): void {
    this.offsetMs = serverMs - performance.now();
  }

  nowMs(): number {
    return performance.now() + this.offsetMs;
  }
}
