import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** How often the loop is looked at. */
const RESOLUTION_MS = 20;
/** What is older than two of these counts no more. */
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

  /** The longest that anything due had to wait, over the last one to two seconds. 0 unless it was started. */
  get ms(): number {
    return Math.max(this.lastMs, this.currentMs);
  }

  private get currentMs(): number {
    return this.histogram === undefined ? 0 : Math.max(0, this.histogram.max / 1e6 - RESOLUTION_MS);
  }

  private beginWindow(): void {
    this.lastMs = this.currentMs;
    this.histogram?.reset();
  }
}
