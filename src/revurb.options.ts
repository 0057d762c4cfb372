import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import type { ApplicationProvider } from './applications/application-provider.js';
import type { ApplicationsOptions } from './applications/applications.options.js';
import type { ExtensionsOptions } from './extensions/extensions.options.js';
import type { InspectorOptions } from './inspector/inspector.options.js';
import type { MetricsOptions } from './metrics/metrics.options.js';
import type { PusherOptions } from './pusher/pusher.options.js';
import type { ScalingDriver } from './scaling/scaling.module.js';
import type { PartialScalingOptions } from './scaling/scaling.options.js';
import type { WebhookOptions } from './webhooks/webhook.options.js';

/** What a host may find out when it starts, from its own configuration perhaps. */
export interface RevurbSettings {
  /** Not needed with an `applicationProvider`. */
  readonly applications?: ApplicationsOptions['applications'];
  readonly server?: Partial<PusherOptions>;
  /** How webhooks are delivered; which there are, the applications say. */
  readonly webhooks?: Partial<WebhookOptions>;
  /** The page that Prometheus reads, which is off unless it is enabled here. */
  readonly metrics?: Partial<MetricsOptions>;
  /** The page that shows what goes on, which is off unless it is enabled here. */
  readonly inspector?: Partial<InspectorOptions>;
  /** How classes marked with `@PusherExtension()` are treated; see docs/extending.md. */
  readonly extensions?: Partial<ExtensionsOptions>;
  /** Several nodes as one server; see docs/scaling.md. */
  readonly scaling?: PartialScalingOptions;
}

/** What a host has to know before it starts: the classes the server is put together from. */
export interface RevurbParts {
  /** Modules that export what the provider, the drivers and the factory of settings inject. */
  readonly imports?: ModuleMetadata['imports'];
  /** Where applications come from instead, a database perhaps. */
  readonly applicationProvider?: Type<ApplicationProvider>;
  /** Scaling drivers of your own, by the name `scaling.driver` may give. */
  readonly scalingDrivers?: Readonly<Record<string, ScalingDriver>>;
}

/** What a host says when it imports the server. */
export type RevurbOptions = RevurbSettings & RevurbParts;

/**
 * What a host says when its settings have to be found out: `useFactory` with what it wants to
 * `inject`, or a class with a method `create` as `useClass` or `useExisting`.
 */
export type RevurbAsyncOptions = ConfigurableModuleAsyncOptions<RevurbSettings> & RevurbParts;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<RevurbSettings>().setClassMethodName('forRoot').build();

/** Token of the {@link RevurbSettings}. */
export const REVURB_SETTINGS = MODULE_OPTIONS_TOKEN;

/** Finds out the settings, once for all modules of the server. */
@Module({ exports: [REVURB_SETTINGS] })
export class RevurbSettingsModule extends ConfigurableModuleClass {}
