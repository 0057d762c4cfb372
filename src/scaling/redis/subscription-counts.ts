import { Batch } from './batch.js';
import { Rotation } from './rotation.js';
import type { StoreContext } from './store-context.js';

const CHANNELS_PER_SCRIPT = 500;

/** What of one application's numbers Redis does not know yet. */
interface Backlog {
  readonly appId: string;
  readonly channels: Set<string>;
  isSending: boolean;
  /** Redis has others than it should: it begins anew. */
  isReset: boolean;
}

/**
 * How many connections of this node are subscribed to which channel. Redis is told at once of a
 * channel's first and last one, of the others a moment later.
 */
export class SubscriptionCounts {
  private readonly backlogs = new Map<string, Backlog>();
  private readonly rotation: Rotation<Backlog>;
  private readonly batch = new Batch(() => this.flush());

  constructor(private readonly context: StoreContext) {
    this.rotation = new Rotation(context, () => this.backlogs.values());
  }

  /** See StateStore. */
  set(appId: string, channel: string, count: number): void {
    const application = this.context.mirror.get(appId);
    const former = application.subscriptions.get(channel) ?? 0;
    if (former === count) return;
    application.setSubscriptions(channel, count);
    // What happens while Redis is away is in the mirror, and that is restored as a whole.
    if (this.context.link.status === 'down') return;
    const backlog = this.backlogOf(appId);
    backlog.channels.add(channel);
    if (former === 0 || count === 0) void this.send(backlog);
    else this.batch.request();
  }

  /** Tells Redis what it does not know yet. */
  flush(): void {
    this.batch.cancel();
    for (const backlog of this.backlogs.values()) if (isBehind(backlog)) void this.send(backlog);
  }

  /** Redis is away. */
  forget(): void {
    for (const { channels } of this.backlogs.values()) channels.clear();
  }

  /** @throws when Redis cannot be asked */
  async restore(): Promise<void> {
    for (const [appId, { subscriptions }] of this.context.mirror.entries()) {
      if (subscriptions.size === 0 && !this.backlogs.has(appId)) continue;
      const backlog = this.backlogOf(appId);
      this.beginAnew(backlog);
      while (isBehind(backlog)) await this.sendSome(backlog);
    }
  }

  /** Renews some of what would expire, looks whether Redis still knows it, and tries again what was refused. */
  async tend(): Promise<void> {
    this.flush();
    for (const backlog of this.rotation.next(this.backlogs.size)) {
      if (backlog.isSending || isBehind(backlog)) continue;
      const { appId } = backlog;
      const known = await this.context.attempt(() => this.write(appId, []));
      const { subscriptions } = this.context.mirror.get(appId);
      const isWrong = known !== undefined && known !== subscriptions.size;
      if (isWrong && !backlog.isSending && !isBehind(backlog)) {
        this.beginAnew(backlog);
        await this.send(backlog);
      }
    }
  }

  private beginAnew(backlog: Backlog): void {
    backlog.isReset = true;
    for (const channel of this.context.mirror.get(backlog.appId).subscriptions.keys()) {
      backlog.channels.add(channel);
    }
  }

  private async send(backlog: Backlog): Promise<void> {
    if (backlog.isSending || !this.context.isUp) return;
    backlog.isSending = true;
    await this.context.attempt(async () => {
      const enlisting = this.context.enlistApplication(backlog.appId);
      if (enlisting !== undefined) await enlisting;
      while (this.context.isUp && isBehind(backlog)) await this.sendSome(backlog);
    });
    backlog.isSending = false;
  }

  private async sendSome(backlog: Backlog): Promise<void> {
    const { appId, isReset } = backlog;
    const some: string[] = [];
    for (const channel of backlog.channels) {
      if (some.length === CHANNELS_PER_SCRIPT) break;
      some.push(channel);
      backlog.channels.delete(channel);
    }
    backlog.isReset = false;
    try {
      await this.write(appId, some, isReset);
    } catch (error) {
      for (const channel of some) backlog.channels.add(channel);
      backlog.isReset ||= isReset;
      throw error;
    }
  }

  private write(appId: string, channels: readonly string[], isReset = false): Promise<number> {
    const { scripts, ownKeys, epoch, ttlMs, mirror } = this.context;
    const { subscriptions } = mirror.get(appId);
    const args = channels.flatMap((channel) => [channel, subscriptions.get(channel) ?? 0]);
    const keys = [ownKeys.epoch, ownKeys.subscriptions(appId)];
    return scripts.setSubscriptions(keys, epoch, ttlMs, isReset ? 1 : 0, ...args);
  }

  private backlogOf(appId: string): Backlog {
    let backlog = this.backlogs.get(appId);
    if (backlog === undefined) {
      backlog = { appId, channels: new Set(), isSending: false, isReset: false };
      this.backlogs.set(appId, backlog);
    }
    return backlog;
  }
}

const isBehind = ({ isReset, channels }: Backlog) => isReset || channels.size > 0;
