import type { Logger } from '@nestjs/common';

const FAULT_INTERVAL_MS = 60_000;

/** An extension is at fault: a hook threw what is no refusal, or took too long. It was logged. */
export class HookFault extends Error {}

/** A hook of one extension. */
export class HookCall {
  private loggedAtMs = -Infinity;

  /** @param instance of a class that has a method of the hook's name */
  constructor(
    private readonly instance: object,
    private readonly hook: string,
    private readonly logger: Logger,
  ) {}

  invoke(event: unknown): unknown {
    return (this.instance as Record<string, (event: unknown) => unknown>)[this.hook]!(event);
  }

  /** Logs what went wrong, whole; at most once a minute, as it may go wrong with every event. */
  fault(error: unknown): HookFault {
    const extension = this.instance.constructor.name;
    const nowMs = performance.now();
    if (nowMs - this.loggedAtMs >= FAULT_INTERVAL_MS) {
      this.loggedAtMs = nowMs;
      this.logger.error(`${extension}.${this.hook} failed`, error);
    }
    return new HookFault(`The extension ${extension} failed.`);
  }
}
