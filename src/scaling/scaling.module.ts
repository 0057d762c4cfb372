import { ConfigurableModuleBuilder, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ClusterService } from './cluster.service.js';
import { LocalPubSubProvider } from './local-pub-sub.provider.js';
import { MemoryStateStore } from './memory-state-store.js';
import { PubSubProvider } from './pub-sub-provider.js';
import type { ScalingOptions } from './scaling.options.js';
import { StateStore } from './state-store.js';

/** The two classes that make several nodes one server. They may inject what the `imports` of the module export. */
export interface ScalingDriver {
  readonly pubSub: Type<PubSubProvider>;
  readonly stateStore: Type<StateStore>;
}

const SCALING_DRIVERS = Symbol('SCALING_DRIVERS');

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ScalingOptions>()
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

const LOCAL_DRIVER: ScalingDriver = { pubSub: LocalPubSubProvider, stateStore: MemoryStateStore };

/** The options name a driver that nobody registered. */
export class UnknownDriverError extends Error {}

/** Finds the driver that the options name. @throws UnknownDriverError when there is none */
function chooseDriver(
  options: ScalingOptions,
  drivers: Readonly<Record<string, ScalingDriver>>,
): ScalingDriver {
  if (!options.enabled) return LOCAL_DRIVER;
  const driver = Object.hasOwn(drivers, options.driver) ? drivers[options.driver] : undefined;
  if (driver !== undefined) return driver;
  const known = Object.keys(drivers).join(', ') || 'none is registered';
  throw new UnknownDriverError(
    `Scaling is enabled with the driver "${options.driver}", which is not registered (${known}). ` +
      'Give it to ScalingModule.forRoot({ drivers }), or set REVERB_SCALING_ENABLED=false.',
  );
}

const provideFromDriver = <P>(port: abstract new () => P, part: keyof ScalingDriver) => ({
  provide: port,
  inject: [MODULE_OPTIONS_TOKEN, SCALING_DRIVERS, ModuleRef],
  useFactory: (
    options: ScalingOptions,
    drivers: Readonly<Record<string, ScalingDriver>>,
    moduleRef: ModuleRef,
  ) => moduleRef.create<PubSubProvider | StateStore>(chooseDriver(options, drivers)[part]),
});

/**
 * Provides the two ports that nodes share, PubSubProvider and StateStore, by the driver that the
 * options name. Nothing else in the tree knows which one runs. Global.
 */
@Module({
  providers: [
    ClusterService,
    provideFromDriver(PubSubProvider, 'pubSub'),
    provideFromDriver(StateStore, 'stateStore'),
  ],
  exports: [ClusterService, PubSubProvider, StateStore],
})
export class ScalingModule extends ConfigurableModuleClass {}
