import type { Awaitable } from '../scaling/awaitable.js';
import type { WebhookEntry } from '../scaling/webhook-queue.js';

/**
 * Keeps the order of entries of an application some of which are known only later. Those that come to
 * nothing, or fail, are left out.
 */
export class OrderedEntries {
  private readonly tails = new Map<string, Promise<void>>();

  constructor(
    private readonly append: (appId: string, entry: WebhookEntry) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Appends an entry when it is known, and those before it are appended. */
  push(appId: string, entry: Awaitable<WebhookEntry | undefined>): void {
    const former = this.tails.get(appId);
    if (former === undefined && !(entry instanceof Promise)) {
      if (entry !== undefined) this.append(appId, entry);
      return;
    }
    const tail: Promise<void> = this.appendAfter(former, appId, entry).finally(() => {
      if (this.tails.get(appId) === tail) this.tails.delete(appId);
    });
    this.tails.set(appId, tail);
  }

  /** Resolves when all that was pushed is appended. */
  async settled(): Promise<void> {
    await Promise.all(this.tails.values());
  }

  private async appendAfter(
    former: Promise<void> | undefined,
    appId: string,
    entry: Awaitable<WebhookEntry | undefined>,
  ): Promise<void> {
    // Both are listened to from now on, or a failure would have no listener for a while.
    const [known] = await Promise.allSettled([entry, former]);
    if (known.status === 'rejected') this.onError(known.reason);
    else if (known.value !== undefined) this.append(appId, known.value);
  }
}
