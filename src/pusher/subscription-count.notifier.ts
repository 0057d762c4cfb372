import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import type { Channel } from '../channels/channel.js';
import { andThen, inBackground } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
import { subscriptionCount } from './protocol/server-frame.js';

/** Up to here subscribers hear of every change. */
const SMALL_CHANNEL = 100;
/** Above it at most this often, whichever node has something to tell. */
const INTERVAL_MS = 5000;
/** A node tries again a little later than that, so that it does not come a moment too early. */
const RETRY_MS = 5100;

/** When a large channel may be told again, and whether there is anything to tell. */
interface Telling {
  readonly application: Application;
  readonly dueMs: number;
  hasChanged: boolean;
}

/** Tells the subscribers of a channel how many they are, and webhooks, where the application wants that. */
@Injectable()
export class SubscriptionCountNotifier implements OnModuleDestroy {
  private readonly logger = new Logger(SubscriptionCountNotifier.name);
  /** Large channels that were told lately, oldest first, and whether the count changed since. */
  private readonly told = new Map<Channel, Telling>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly webhooks: WebhookReporter,
  ) {}

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.told.clear();
  }

  /** Somebody subscribed to the channel or left it. */
  changed(application: Application, channel: Channel): void {
    if (channel.kind.isPresence || !this.isWanted(application, channel)) return;
    const counted = andThen(this.state.channel(channel.appId, channel.name), (state) =>
      this.count(application, channel, state.subscriptions),
    );
    inBackground(counted, this.logger);
  }

  private count(application: Application, channel: Channel, subscriptions: number) {
    const telling = this.told.get(channel);
    if (subscriptions <= SMALL_CHANNEL) {
      if (telling !== undefined) telling.hasChanged = false;
      return this.tell(application, channel, subscriptions);
    }
    if (telling !== undefined) {
      telling.hasChanged = true;
      return undefined;
    }
    const entry = { application, dueMs: performance.now() + RETRY_MS, hasChanged: false };
    this.told.set(channel, entry);
    this.schedule();
    const bucket = `subscription-count ${channel.name}`;
    return andThen(this.state.take(channel.appId, bucket, 1, 1, INTERVAL_MS), (isDue) => {
      if (isDue) return this.tell(application, channel, subscriptions);
      entry.hasChanged = true;
      return undefined;
    });
  }

  private isWanted(application: Application, { name }: Channel): boolean {
    return application.subscriptionCount || this.webhooks.wantsCount(application, name);
  }

  private tell(application: Application, { appId, name }: Channel, count: number) {
    this.webhooks.counted(application, name, count);
    if (!application.subscriptionCount) return undefined;
    return this.cluster.broadcast(appId, name, subscriptionCount(name, count));
  }

  private schedule(): void {
    const [first] = this.told.values();
    if (first === undefined || this.timer !== undefined) return;
    this.timer = setTimeout(() => this.tellDue(), first.dueMs - performance.now());
    this.timer.unref();
  }

  private tellDue(): void {
    this.timer = undefined;
    const nowMs = performance.now();
    for (const [channel, { application, dueMs, hasChanged }] of this.told) {
      if (dueMs > nowMs) break;
      this.told.delete(channel);
      if (hasChanged) this.changed(application, channel);
    }
    this.schedule();
  }
}
