import type { Awaitable } from '../awaitable.js';
import type { StoreContext } from './store-context.js';

/** Buckets that all nodes take out of. */
export class SharedBuckets {
  constructor(private readonly context: StoreContext) {}

  /** See StateStore. */
  take(
    appId: string,
    bucket: string,
    amount: number,
    limit: number,
    windowMs: number,
  ): Awaitable<boolean> {
    const alone = () => this.context.mirror.get(appId).take(bucket, amount, limit, windowMs);
    if (!this.context.isUp) return alone();
    const { scripts, keys } = this.context;
    return this.context
      .attempt(() => scripts.takeFromBucket([keys.bucket(appId, bucket)], amount, limit, windowMs))
      .then((taken) => (taken === undefined ? alone() : taken === 1));
  }
}
