import type { Logger } from '@nestjs/common';

const INTERVAL_MS = 60_000;

/** Warns of what may happen very often, at most once a minute. */
export class RareWarning {
  private lastMs = -Infinity;

  constructor(
    private readonly logger: Logger,
    private readonly sentence: string,
  ) {}

  warn(details: object): void {
    const nowMs = performance.now();
    if (nowMs - this.lastMs < INTERVAL_MS) return;
    this.lastMs = nowMs;
    this.logger.warn(this.sentence, details);
  }
}
