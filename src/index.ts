/**
 * The public API of Revurb: everything a host application or an extension may import, and all that
 * keeps its meaning between minor versions. The list is kept by hand; what is not on it is internal.
 *
 * A host imports {@link RevurbModule} and calls {@link configureServer}:
 *
 * ```ts
 * @Module({
 *   imports: [
 *     RevurbModule.forRoot({
 *       applications: [createApplication({ id: '1', keys: [{ key: 'k', secret: 's' }] })],
 *       server: { path: '/realtime' },
 *     }),
 *   ],
 * })
 * class AppModule {}
 *
 * const app = await NestFactory.create(AppModule);
 * configureServer(app);
 * await app.listen(3000);
 * ```
 */

// The server in a Nest application.
export { RevurbModule } from './revurb.module.js';
export type {
  RevurbAsyncOptions,
  RevurbOptions,
  RevurbParts,
  RevurbSettings,
} from './revurb.options.js';
export { configureServer, type ServerOptions } from './server.js';
export { PusherModule } from './pusher/pusher.module.js';
export { WebhooksModule } from './webhooks/webhooks.module.js';
export type { WebhookOptions } from './webhooks/webhook.options.js';
export type { InspectorOptions } from './inspector/inspector.options.js';
export type { PusherOptions } from './pusher/pusher.options.js';
export { PusherWsAdapter } from './pusher/pusher-ws.adapter.js';

// Applications, and where they come from.
export {
  createApplication,
  type Application,
  type ApplicationDescription,
  type ApplicationKey,
  type ApplicationSettings,
  type ClientEventPolicy,
  type MessageRateLimit,
  type WebhookEndpoint,
} from './applications/application.js';
export { ApplicationProvider } from './applications/application-provider.js';
export { ApplicationsReload } from './applications/applications-reload.js';
export { ApplicationsModule } from './applications/applications.module.js';
export type { ApplicationsOptions } from './applications/applications.options.js';

// Extensions: classes of yours that the server asks or tells.
export {
  PusherExtension,
  type PusherExtensionOptions,
} from './extensions/pusher-extension.decorator.js';
export type { ExtensionsOptions } from './extensions/extensions.options.js';
export { ExtensionsModule } from './extensions/extensions.module.js';
export { HookFault } from './extensions/hook-call.js';
export { Refusal } from './extensions/refusal.js';
export type * from './extensions/before-hooks.js';
export type * from './extensions/on-hooks.js';
export type * from './extensions/cluster-hooks.js';

// Publishing, asking, and what guards, pipes and interceptors meet.
export { EventDispatcher } from './pusher/event.dispatcher.js';
export type { PublishedEvent } from './channels/published-event.js';
export { OverloadError } from './scaling/overload-error.js';
export { UserService } from './pusher/user.service.js';
export { MetricsModule } from './metrics/metrics.module.js';
export { MetricsHandler } from './metrics/metrics.handler.js';
export type { MetricsOptions } from './metrics/metrics.options.js';
export type { ChannelAttribute, ChannelInfo } from './metrics/channel-info.js';
export type { NodeFigures } from './metrics/node-figures.js';
export type { SurveyResult } from './metrics/node-survey.js';
export {
  Connection,
  type ClientDescription,
  type ConnectionPhase,
  type SignedInUser,
} from './connections/connection.js';
export {
  ClosingError,
  PusherError,
  PusherErrorCode,
  SubscriptionError,
  type SubscriptionRefusal,
} from './pusher/protocol/pusher-error.js';

// Ports of a cluster, and what drivers of your own are made of.
export { ScalingModule, type ScalingDriver } from './scaling/scaling.module.js';
export {
  SCALING_OPTIONS,
  type PartialScalingOptions,
  type RedisNode,
  type RedisOptions,
  type RedisTlsFiles,
  type ScalingOptions,
} from './scaling/scaling.options.js';
export {
  PubSubProvider,
  type PubSubCounters,
  type PubSubListener,
} from './scaling/pub-sub-provider.js';
export {
  HAND_OVER_MS,
  StateStore,
  UNKNOWN_VERSION,
  type CachedEvent,
  type CachedEventWithTtl,
  type ChannelState,
  type JoinOutcome,
  type LeaveOutcome,
  type Member,
  type MembersChange,
  type PlaceChange,
  type Roster,
  type RosterVersion,
  type StateListener,
  type StateStoreCounters,
} from './scaling/state-store.js';
export type {
  AnswerMessage,
  AskMessage,
  ClusterMessage,
  FrameMessage,
  MembersMessage,
  RestartMessage,
  TerminateMessage,
  UserStatusMessage,
} from './scaling/cluster-message.js';
export {
  decodeClusterMessage,
  encodeClusterMessage,
  type Envelope,
} from './scaling/cluster-message-codec.js';
export {
  WebhookQueue,
  type DeadLetter,
  type WaitingEvent,
  type WebhookBatch,
  type WebhookEntry,
  type WebhookLane,
  type WebhookQueueOptions,
  type WebhookVerdict,
} from './scaling/webhook-queue.js';
export { MemoryStateStore } from './scaling/memory-state-store.js';
export { LocalPubSubProvider } from './scaling/local-pub-sub.provider.js';
export type { Awaitable } from './scaling/awaitable.js';
export type { WorkerBusAddress } from './scaling/workers/worker-bus-address.js';
