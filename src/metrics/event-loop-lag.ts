import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** How often the loop is looked at. */
const RESOLUTION_MS = 20;
/** What is older counts no more. */
const WINDOW_MS = 1000;

/** How late this process is with what is due. Costs nothing until it is started. */
@Injectable()
export class EventLoopLag implements OnModuleDestroy {
  private histogram: IntervalHistogram | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastMs = 0;

  /** A second call does nothing. */
  start(): void {
    if (this.histogram !== undefined) return;
    this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.histogram.enable();
    this.timer = setInterval(() => this.beginWindow(), WINDOW_MS).unref();
  }

  onModuleDestroy(): void {
    this.histogram?.disable();
    clearInterval(this.timer);
  }

  /** How late, on average over the last second or the one before, whichever was worse. 0 unless it was started. */
  get ms(): number {
    return Math.max(this.lastMs, this.currentMs);
  }

  private get currentMs(): number {
    const { mean } = this.histogram ?? { mean: NaN };
    // Nothing was seen yet.
    return Number.isNaN(mean) ? 0 : Math.max(0, mean / 1e6 - RESOLUTION_MS);
  }

  private beginWindow(): void {
    this.lastMs = this.currentMs;
    this.histogram?.reset();
  }
}
