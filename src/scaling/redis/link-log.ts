import { Logger } from '@nestjs/common';
import { describeFault, type FaultContext } from './link-fault.js';

/** Tells what becomes of the link: each change once, and each reason once as long as it lasts. */
export class LinkLog {
  private readonly logger = new Logger('Redis');
  private readonly reasons = new Set<string>();
  private hasBeenUp = false;

  /** @param redis names the servers in a sentence */
  constructor(
    private readonly redis: string,
    private readonly context: Omit<FaultContext, 'isNew'>,
  ) {}

  up(unreachableMs: number): void {
    const since = this.hasBeenUp ? ` again, after ${(unreachableMs / 1000).toFixed(1)} s` : '';
    this.hasBeenUp = true;
    this.reasons.clear();
    this.logger.log(`Connected to ${this.redis}${since}.`);
  }

  /** @param isLost it was up until now */
  down(error: Error, isLost: boolean): void {
    const reason = describeFault(error, { ...this.context, isNew: !this.hasBeenUp });
    if (this.reasons.has(reason)) return;
    this.reasons.add(reason);
    const what = isLost ? 'Lost' : 'Cannot use';
    this.logger.warn(
      `${what} ${this.redis}: ${reason}. This node serves its own clients and keeps trying.`,
    );
  }
}
