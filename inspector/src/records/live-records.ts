import { signal } from '@preact/signals';
import { watch, type WatchHandle } from '../feed/feed.js';
import type { RecordsFrame, WatchFilter } from '../contract.js';
import { RecordStore } from './record-store.js';
import { SamplingTally } from './sampling.js';

const HIDDEN_FLUSH_MS = 1000;
const PENDING_FRAMES = 200;

/**
 * What a watch brings, kept in a bounded store. However often frames come, what is drawn changes at
 * most once an animation frame; while the page is hidden, once a second.
 */
export class LiveRecords {
  readonly store: RecordStore;
  /** Rises whenever the store has changed. */
  readonly version = signal(0);
  /** What of the last second is not shown, in words. */
  readonly sampling = signal<string | undefined>(undefined);
  private readonly tally = new SamplingTally();
  private readonly handle: WatchHandle;
  private pending: RecordsFrame[] = [];
  private isScheduled = false;
  private samplingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(filter: WatchFilter, capacity: number) {
    this.store = new RecordStore(capacity);
    this.handle = watch(filter, (frame) => this.receive(frame));
  }

  setFilter(filter: WatchFilter): void {
    this.handle.setFilter(filter);
  }

  clear(): void {
    this.pending = [];
    this.store.clear();
    this.version.value += 1;
  }

  end(): void {
    clearTimeout(this.samplingTimer);
    this.handle.end();
  }

  private receive(frame: RecordsFrame): void {
    this.pending.push(frame);
    if (this.pending.length >= PENDING_FRAMES) {
      this.flush();
    } else if (!this.isScheduled) {
      this.isScheduled = true;
      if (document.hidden) {
        setTimeout(() => this.flush(), HIDDEN_FLUSH_MS);
      } else {
        requestAnimationFrame(() => this.flush());
      }
    }
  }

  private flush(): void {
    this.isScheduled = false;
    const frames = this.pending;
    this.pending = [];
    if (frames.length === 0) {
      return;
    }
    this.store.take(frames);
    this.tally.take(frames, Date.now());
    this.tellSampling();
    this.version.value += 1;
  }

  private tellSampling(): void {
    clearTimeout(this.samplingTimer);
    this.sampling.value = this.tally.sentence(Date.now());
    if (this.sampling.value !== undefined) {
      this.samplingTimer = setTimeout(() => this.tellSampling(), 1000);
    }
  }
}
