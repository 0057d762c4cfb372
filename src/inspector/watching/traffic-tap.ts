import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Application } from '../../applications/application.js';
import { ChannelManager } from '../../channels/channel.manager.js';
import type { Connection } from '../../connections/connection.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { ExtensionRegistry } from '../../extensions/extension.registry.js';
import type { ToldAbout } from '../../extensions/hooks.js';
import type { Subscribed } from '../../extensions/on-hooks.js';
import { ClientAddress } from '../../pusher/client-address.js';
import { originFormOf } from '../../pusher/http/api-routes.js';
import { PusherError, SubscriptionError } from '../../pusher/protocol/pusher-error.js';
import { TrafficLog, type RefusalObserver, type RefusedRequest } from '../../pusher/traffic.log.js';
import { Tracing } from '../../tracing/tracing.js';
import { WebhookDeliverer, type WebhookDelivery } from '../../webhooks/webhook.deliverer.js';
import { clientNameOf } from '../client-name.js';
import type { RecordKind } from '../contract.js';
import { INSPECTOR_APP_ID } from '../feed-channel.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';
import { withoutQuery } from '../without-query.js';
import { ChannelRates } from './channel-rates.js';
import { ClusterTap } from './cluster-tap.js';
import { InspectorTracer } from './event-tracer.js';
import { kindOfRefusal, kindOfStatus } from './refusal-kind.js';
import { WatchDesk, type RecordDetails, type WatchListener } from './watch-desk.js';

/**
 * Makes records of what happens on this node, from the first watch on until the last has ended. Between
 * the two it listens everywhere; else nowhere, so that nothing is made for nobody.
 */
@Injectable()
export class TrafficTap implements WatchListener, RefusalObserver {
  private stops: (() => void)[] = [];
  private rates: ChannelRates | undefined;

  constructor(
    private readonly desk: WatchDesk,
    private readonly extensions: ExtensionRegistry,
    private readonly traffic: TrafficLog,
    private readonly deliverer: WebhookDeliverer,
    private readonly tracing: Tracing,
    private readonly channels: ChannelManager,
    private readonly registry: ConnectionRegistry,
    private readonly clients: ClientAddress,
    private readonly cluster: ClusterTap,
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
  ) {
    desk.listen(this);
  }

  onWatched(): void {
    const rates = (this.rates = new ChannelRates(performance.now()));
    const { desk, channels, registry } = this;
    const view = { desk, channels, registry, rates, hasPayloads: this.options.payloads };
    this.tracing.follow((tracer) => new InspectorTracer(view, tracer));
    this.traffic.observer = this;
    this.deliverer.observer = (delivery) => this.delivered(delivery);
    this.cluster.begin();
    this.observeHooks();
  }

  onUnwatched(): void {
    this.rates = undefined;
    this.tracing.restore();
    this.traffic.observer = null;
    this.deliverer.observer = null;
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  onFlush(): void {
    this.rates?.advance(performance.now());
    this.cluster.look();
  }

  /** Events a second of the channels of an application, on this node; empty while nobody watches. */
  ratesOf(appId: string): ReadonlyMap<string, number> {
    return this.rates?.of(appId, performance.now()) ?? new Map<string, number>();
  }

  connectionRefused(
    connection: Connection,
    why: PusherError | SubscriptionError,
    appId: string | undefined,
  ): void {
    if (appId === INSPECTOR_APP_ID) return;
    const isOfChannel = why instanceof SubscriptionError;
    this.desk.record(
      {
        kind: kindOfRefusal(why),
        appId,
        socketId: connection.socketId,
        userId: connection.user?.id,
        channels: isOfChannel ? [why.channel] : undefined,
      },
      {
        reason: why.message,
        code: isOfChannel ? why.refusal.status : why.code,
        ...clientOf(connection),
      },
    );
  }

  requestRefused({ request, appId, status, sentence }: RefusedRequest): void {
    this.desk.record(
      { kind: kindOfStatus(status), appId },
      {
        reason: `${request.method} ${pathOf(request)}: ${sentence}`,
        code: status,
        address: this.clients.of(request),
      },
    );
  }

  private delivered({ batch, url, outcome, verdict, tookMs }: WebhookDelivery): void {
    this.desk.record(
      { kind: 'webhook', appId: batch.appId },
      {
        url: withoutQuery(url),
        events: batch.events.length,
        failures: batch.failures,
        durationMs: tookMs,
        reason: outcome.isDelivered ? 'delivered' : outcome.cause,
        ...(verdict.isFailure && verdict.taken === 0 && { retryInMs: verdict.pauseMs }),
      },
    );
  }

  private observeHooks(): void {
    this.on('onConnected', ({ application, connection }) =>
      this.tell('connected', application, connection, clientOf(connection)),
    );
    this.on('onDisconnected', ({ application, connection, code, reason, durationMs }) =>
      this.tell('disconnected', application, connection, {
        code,
        durationMs,
        ...(reason !== '' && { reason }),
      }),
    );
    this.on('onSubscribed', (event) => this.subscribed(event));
    this.on('onUnsubscribed', (event) => this.tellOfChannel('unsubscribed', event));
    this.on('onSignedIn', ({ application, connection }) =>
      this.tell('signed-in', application, connection),
    );
    this.on('onSlowConsumer', ({ application, connection, unsentBytes: bytes }) =>
      this.tell('slow-consumer', application, connection, { bytes }),
    );
  }

  private on<H extends keyof ToldAbout>(hook: H, observer: (event: ToldAbout[H]) => void): void {
    this.stops.push(this.extensions.observe(hook, observer));
  }

  private subscribed(event: Subscribed): void {
    this.tellOfChannel('subscribed', event);
    if (event.cache === 'hit') this.tellOfChannel('cache-hit', event);
    if (event.cache === 'miss') this.tellOfChannel('cache-miss', event);
  }

  private tell(
    kind: RecordKind,
    { id: appId }: Application,
    { socketId, user }: Connection,
    details?: RecordDetails,
  ): void {
    if (appId === INSPECTOR_APP_ID) return;
    this.desk.record({ kind, appId, socketId, userId: user?.id }, details);
  }

  private tellOfChannel(kind: RecordKind, event: Subscribed): void {
    const { application, connection, channel, member } = event;
    if (application.id === INSPECTOR_APP_ID) return;
    const userId = member?.userId ?? connection.user?.id;
    const { socketId } = connection;
    this.desk.record({ kind, appId: application.id, socketId, userId, channels: [channel] });
  }
}

function clientOf(connection: Connection): RecordDetails {
  const { address, origin } = connection.client;
  return { address, client: clientNameOf(connection), ...(origin !== undefined && { origin }) };
}

/** As it was asked for, before it was exchanged for a route; without the query, which holds a signature. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  const { originalUrl = request.url ?? '' } = request;
  return originFormOf(originalUrl).split('?', 1)[0]!;
}
