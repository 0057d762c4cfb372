import { Inject, Injectable, Logger } from '@nestjs/common';
import { ApplicationProvider } from '../applications/application-provider.js';
import type { Application } from '../applications/application.js';
import { andThen, inBackground, type Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore, type PlaceChange } from '../scaling/state-store.js';
import { WebhookQueue, type WebhookEntry } from '../scaling/webhook-queue.js';
import { OrderedEntries } from './ordered-entries.js';
import {
  channelEvent,
  clientEvent,
  subscriptionCountEvent,
  type ReportedClientEvent,
  type WebhookEventType,
} from './webhook-event.js';
import {
  channelOf,
  placeEvent,
  placesOf,
  readPlace,
  writePlace,
  type WebhookPlace,
} from './webhook-place.js';
import { planOf } from './webhook-plan.js';
import { WebhookDeliverer } from './webhook.deliverer.js';
import { WEBHOOK_OPTIONS, type WebhookOptions } from './webhook.options.js';

/** Who hears of channels besides the endpoints of webhooks, of all applications. */
export interface ChannelListener {
  /** Whether it wants to, now. */
  readonly isListening: boolean;
  /** A channel is occupied, or vacated. Told on one node of the cluster. */
  onChannel(appId: string, channel: string, isOccupied: boolean): void;
}

/**
 * Is told what happens, and puts what an endpoint wants to know into the queue. Costs nothing where no
 * webhooks are configured. What is told of a channel on this node is delivered in the order of the calls.
 */
@Injectable()
export class WebhookReporter {
  private readonly logger = new Logger('Webhooks');
  private readonly entries: OrderedEntries;
  private readonly graceMs: number;
  /** Applications that have places, whether they still have webhooks or not. */
  private readonly placed = new Set<string>();
  private channelListener: ChannelListener | undefined;

  constructor(
    queue: WebhookQueue,
    cluster: ClusterService,
    private readonly state: StateStore,
    private readonly applications: ApplicationProvider,
    private readonly deliverer: WebhookDeliverer,
    @Inject(WEBHOOK_OPTIONS) options: WebhookOptions,
  ) {
    this.graceMs = options.graceSeconds * 1000;
    this.entries = new OrderedEntries(
      (appId, entry) => queue.append(appId, [entry]),
      (error) => this.logger.error('A webhook event is lost', error),
    );
    cluster.onPlaceChanged((change) => this.entries.push(change.appId, this.learn(change)));
  }

  /** Sets who hears of channels, too. */
  listen(listener: ChannelListener): void {
    this.channelListener = listener;
  }

  /** The last call: delivers what can be, for as long as an endpoint may take to answer. */
  async close(): Promise<void> {
    await this.entries.settled();
    await this.deliverer.close();
  }

  /** A connection is subscribed to a channel. @param userId who it is in a presence channel */
  subscribed(application: Application, channel: string, socketId: string, userId?: string): void {
    const isWanted = application.webhooks.length > 0 || this.channelListener?.isListening === true;
    if (!isWanted || application.isReserved) return;
    for (const place of placesOf(channel, userId)) this.occupy(application, place, socketId);
  }

  /**
   * A connection has this place since before the webhooks were configured that want to know. Nothing is
   * told of it, but the place is not vacant as long as it is there.
   */
  found(application: Application, place: WebhookPlace, socketId: string): void {
    inBackground(
      andThen(this.hold(application, place, socketId), () => undefined),
      this.logger,
    );
  }

  /** A connection is subscribed to a channel no more. */
  unsubscribed({ id }: Application, channel: string, socketId: string, userId?: string): void {
    if (!this.placed.has(id)) return;
    for (const place of placesOf(channel, userId).toReversed()) this.vacate(id, place, socketId);
  }

  /** A connection signed in as a user. */
  signedIn(application: Application, userId: string, socketId: string): void {
    if (application.webhooks.length === 0) return;
    this.occupy(application, { kind: 'user', userId }, socketId);
  }

  /** A connection of a user is gone. */
  signedOut({ id }: Application, userId: string, socketId: string): void {
    if (this.placed.has(id)) this.vacate(id, { kind: 'user', userId }, socketId);
  }

  /** A client event was passed on. */
  clientEvent(application: Application, event: ReportedClientEvent): void {
    if (application.webhooks.length === 0) return;
    this.report(application, 'client_event', event.channel, () => clientEvent(event));
  }

  /** Somebody subscribed to a cache channel that has no event. */
  cacheMiss(application: Application, channel: string): void {
    if (application.webhooks.length === 0) return;
    this.report(application, 'cache_miss', channel, () => channelEvent('cache_miss', channel));
  }

  /** Whether somebody wants to be told how many subscribers a channel has. */
  wantsCount(application: Application, channel: string): boolean {
    if (application.webhooks.length === 0) return false;
    return planOf(application).takersOf('subscription_count', channel).length > 0;
  }

  /** So many connections are subscribed to a channel. */
  counted(application: Application, channel: string, count: number): void {
    if (application.webhooks.length === 0) return;
    this.report(application, 'subscription_count', channel, () =>
      subscriptionCountEvent(channel, count),
    );
  }

  private report(
    application: Application,
    type: WebhookEventType,
    channel: string,
    eventOf: () => string,
  ): void {
    const endpointIds = planOf(application).takersOf(type, channel);
    if (endpointIds.length === 0) return;
    this.entries.push(application.id, { endpointIds, event: eventOf(), atMs: Date.now() });
  }

  private occupy(application: Application, place: WebhookPlace, socketId: string): void {
    const changed = this.hold(application, place, socketId);
    if (changed === undefined) return;
    const entry = andThen(changed, (change) => change && this.entryFor(application, change));
    this.entries.push(application.id, entry);
  }

  private hold(
    application: Application,
    place: WebhookPlace,
    socketId: string,
  ): Awaitable<PlaceChange | undefined> {
    const isListenedFor = place.kind === 'channel' && this.channelListener?.isListening === true;
    if (!isListenedFor && !planOf(application).wantsPlace(place)) return undefined;
    this.placed.add(application.id);
    return this.state.occupy(application.id, writePlace(place), socketId);
  }

  private vacate(appId: string, place: WebhookPlace, socketId: string): void {
    const left = this.state.vacate(appId, writePlace(place), socketId, this.graceMs);
    inBackground(left, this.logger);
  }

  private async learn(change: PlaceChange): Promise<WebhookEntry | undefined> {
    const application = await this.applications.findById(change.appId);
    return application && this.entryFor(application, change);
  }

  private entryFor(application: Application, change: PlaceChange): WebhookEntry | undefined {
    const place = readPlace(change.place);
    if (place === undefined) return undefined;
    if (place.kind === 'channel' && this.channelListener?.isListening === true) {
      this.channelListener.onChannel(application.id, place.channel, change.isOccupied);
    }
    const plan = planOf(application);
    // One that wants only the other of the two events gets nothing, but the queue keeps count of both.
    if (!plan.wantsPlace(place)) return undefined;
    const { type, event } = placeEvent(place, change.isOccupied);
    const endpointIds = plan.takersOf(type, channelOf(place));
    return { endpointIds, event, atMs: Date.now(), change };
  }
}
