import { ConfigurableModuleBuilder, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ClusterQuestions } from './cluster-questions.js';
import { ClusterService } from './cluster.service.js';
import { LocalPubSubProvider } from './local-pub-sub.provider.js';
import { MemoryStateStore } from './memory-state-store.js';
import { MemoryWebhookQueue } from './memory-webhook-queue.js';
import { PubSubProvider } from './pub-sub-provider.js';
import { NodeDirectory } from './redis/node-directory.js';
import { RedisConnections } from './redis/redis-connections.js';
import { RedisPubSubProvider } from './redis/redis-pub-sub.provider.js';
import { RedisStateStore } from './redis/redis-state-store.js';
import { RedisWebhookQueue } from './redis/redis-webhook-queue.js';
import {
  completeScalingOptions,
  SCALING_OPTIONS,
  type PartialScalingOptions,
  type ScalingOptions,
} from './scaling.options.js';
import { StateStore } from './state-store.js';
import { WebhookQueue } from './webhook-queue.js';
import { WorkerLink } from './workers/worker-link.js';
import { WorkerPubSubProvider } from './workers/worker-pub-sub.provider.js';
import { WorkerStateStore } from './workers/worker-state-store.js';
import { WorkerWebhookQueue } from './workers/worker-webhook-queue.js';

/** The classes that make several nodes one server. They may inject what the `imports` of the module export. */
export interface ScalingDriver {
  readonly pubSub: Type<PubSubProvider>;
  readonly stateStore: Type<StateStore>;
  /** Without one, each node keeps the webhooks it has to deliver in its memory. */
  readonly webhookQueue?: Type<WebhookQueue>;
}

const SCALING_DRIVERS = Symbol('SCALING_DRIVERS');

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<PartialScalingOptions>()
    .setClassMethodName('forRoot')
    .setExtras<{
      drivers?: Readonly<Record<string, ScalingDriver>>;
      /** Modules that export what the drivers inject. */
      imports?: ModuleMetadata['imports'];
    }>({}, (definition, extras) => ({
      ...definition,
      global: true,
      imports: [...(definition.imports ?? []), ...(extras.imports ?? [])],
      providers: [
        ...(definition.providers ?? []),
        { provide: SCALING_DRIVERS, useValue: extras.drivers ?? {} },
      ],
    }))
    .build();

const LOCAL_DRIVER = { pubSub: LocalPubSubProvider, stateStore: MemoryStateStore };
const WORKER_DRIVER: ScalingDriver = {
  pubSub: WorkerPubSubProvider,
  stateStore: WorkerStateStore,
  webhookQueue: WorkerWebhookQueue,
};
const REDIS_DRIVER: ScalingDriver = {
  pubSub: RedisPubSubProvider,
  stateStore: RedisStateStore,
  webhookQueue: RedisWebhookQueue,
};

/** What every server knows. A driver of the same name takes the place of one of these. */
const BUILT_IN_DRIVERS: ReadonlyMap<string, ScalingDriver> = new Map([
  ['redis', REDIS_DRIVER],
  ['redis-cluster', REDIS_DRIVER],
  ['redis-sentinel', REDIS_DRIVER],
]);

/** The options name a driver that nobody registered. */
export class UnknownDriverError extends Error {}

/** Finds the driver that the options name. @throws UnknownDriverError when there is none */
function chooseDriver(
  { enabled, driver: name, workerBus }: ScalingOptions,
  drivers: Readonly<Record<string, ScalingDriver>>,
): ScalingDriver {
  if (!enabled) return workerBus === undefined ? LOCAL_DRIVER : WORKER_DRIVER;
  const driver = Object.hasOwn(drivers, name) ? drivers[name] : BUILT_IN_DRIVERS.get(name);
  if (driver !== undefined) return driver;
  const known = [...BUILT_IN_DRIVERS.keys(), ...Object.keys(drivers)].join(', ');
  throw new UnknownDriverError(
    `REVERB_SCALING_DRIVER is "${name}", but there is no such driver, only ${known}. ` +
      'A driver of your own has to be given to RevurbModule as one of its scalingDrivers.',
  );
}

const provideFromDriver = <P>(
  port: abstract new () => P,
  classOf: (driver: ScalingDriver) => Type<P>,
) => ({
  provide: port,
  inject: [SCALING_OPTIONS, SCALING_DRIVERS, ModuleRef],
  useFactory: (
    options: ScalingOptions,
    drivers: Readonly<Record<string, ScalingDriver>>,
    moduleRef: ModuleRef,
  ) => moduleRef.create<P>(classOf(chooseDriver(options, drivers))),
});

/**
 * Provides the ports that nodes share, PubSubProvider, StateStore and WebhookQueue, by the driver that the
 * options name. Nothing else in the tree knows which one runs. Global.
 */
@Module({
  providers: [
    {
      provide: SCALING_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completeScalingOptions,
    },
    ClusterService,
    ClusterQuestions,
    // These do nothing until a driver makes use of them.
    RedisConnections,
    NodeDirectory,
    WorkerLink,
    provideFromDriver(PubSubProvider, ({ pubSub }) => pubSub),
    provideFromDriver(StateStore, ({ stateStore }) => stateStore),
    provideFromDriver(WebhookQueue, ({ webhookQueue }) => webhookQueue ?? MemoryWebhookQueue),
  ],
  exports: [
    ClusterQuestions,
    ClusterService,
    PubSubProvider,
    StateStore,
    WebhookQueue,
    SCALING_OPTIONS,
    WorkerLink,
  ],
})
export class ScalingModule extends ConfigurableModuleClass {}
