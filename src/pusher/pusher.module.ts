import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ChannelsModule } from '../channels/channels.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { AddressLimits } from './address-limits.js';
import { Admission } from './admission.js';
import { ClientAddress } from './client-address.js';
import { ClientEventService } from './client-event.service.js';
import { ClusterHooksReporter } from './cluster-hooks.reporter.js';
import { ConnectionLifecycle } from './connection.lifecycle.js';
import { Drain } from './drain.js';
import { ErrorReporter } from './error.reporter.js';
import { EventDispatcher } from './event.dispatcher.js';
import { Handshake } from './handshake.js';
import { ChannelsController } from './http/channels.controller.js';
import { ConnectionsController } from './http/connections.controller.js';
import { EventsController } from './http/events.controller.js';
import { FallbackController } from './http/fallback.controller.js';
import { FoundPlaces } from './found-places.js';
import { FastLane } from './http/fast-lane.js';
import { FrontDoor } from './http/front-door.js';
import { HealthController } from './http/health.controller.js';
import { PartialAnswer } from './http/partial-answer.js';
import { PublishService } from './http/publish.service.js';
import { Readiness } from './http/readiness.js';
import { RequestAuthentication } from './http/request-authentication.js';
import { SignatureGuard } from './http/signature.guard.js';
import { UsersController } from './http/users.controller.js';
import { WebhooksController } from './http/webhooks.controller.js';
import { KeepAlive } from './keep-alive.js';
import { MessageRouter } from './message.router.js';
import { NodeReporter } from './node.reporter.js';
import { PresenceService } from './presence.service.js';
import { PusherGateway } from './pusher.gateway.js';
import { completePusherOptions, PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';
import { SubscriptionCountNotifier } from './subscription-count.notifier.js';
import { SubscriptionService } from './subscription.service.js';
import { TrafficLog } from './traffic.log.js';
import { UserService } from './user.service.js';
import { WatchlistService } from './watchlist.service.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<
  Partial<PusherOptions>
>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * The Pusher protocol: the gateway for clients and the HTTP API for backends. Needs the
 * ApplicationsModule, the ScalingModule, the WebhooksModule, the MetricsModule and the ExtensionsModule
 * beside it, and `configureServer(app)`. Global.
 */
@Module({
  imports: [
    ConnectionsModule,
    ChannelsModule,
    TracingModule,
    TerminusModule.forRoot({ logger: false }),
  ],
  // Routes are tried in this order, so the fallback comes last.
  controllers: [
    EventsController,
    ChannelsController,
    ConnectionsController,
    UsersController,
    WebhooksController,
    HealthController,
    FallbackController,
  ],
  providers: [
    {
      provide: PUSHER_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completePusherOptions,
    },
    {
      provide: ClientAddress,
      inject: [PUSHER_OPTIONS],
      useFactory: ({ trustedProxies }: PusherOptions) => new ClientAddress(trustedProxies),
    },
    AddressLimits,
    Admission,
    ClientEventService,
    ClusterHooksReporter,
    ConnectionLifecycle,
    Drain,
    ErrorReporter,
    EventDispatcher,
    FastLane,
    FoundPlaces,
    FrontDoor,
    Handshake,
    KeepAlive,
    MessageRouter,
    NodeReporter,
    PartialAnswer,
    PresenceService,
    PublishService,
    PusherGateway,
    Readiness,
    RequestAuthentication,
    SignatureGuard,
    SubscriptionCountNotifier,
    SubscriptionService,
    TrafficLog,
    UserService,
    WatchlistService,
  ],
  exports: [
    ClientAddress,
    ConnectionLifecycle,
    Drain,
    EventDispatcher,
    FrontDoor,
    Handshake,
    PublishService,
    PUSHER_OPTIONS,
    SubscriptionService,
    TrafficLog,
    UserService,
  ],
})
export class PusherModule extends ConfigurableModuleClass {}
