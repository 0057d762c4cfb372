import { Module, type DynamicModule, type ModuleMetadata, type Type } from '@nestjs/common';
import type { ApplicationProvider } from './applications/application-provider.js';
import { ApplicationsModule } from './applications/applications.module.js';
import type { ApplicationsOptions } from './applications/applications.options.js';
import { PusherModule } from './pusher/pusher.module.js';
import type { PusherOptions } from './pusher/pusher.options.js';
import { ScalingModule, type ScalingDriver } from './scaling/scaling.module.js';
import type { PartialScalingOptions } from './scaling/scaling.options.js';
import type { WebhookOptions } from './webhooks/webhook.options.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** What a host says when it imports the server. */
export interface RevurbOptions {
  /** Not needed with an `applicationProvider`. */
  readonly applications?: ApplicationsOptions['applications'];
  /** Modules that export what the provider and the drivers below inject. */
  readonly imports?: ModuleMetadata['imports'];
  /** Where applications come from instead, a database perhaps. */
  readonly applicationProvider?: Type<ApplicationProvider>;
  readonly server?: Partial<PusherOptions>;
  /** How webhooks are delivered; which there are, the applications say. */
  readonly webhooks?: Partial<WebhookOptions>;
  /** Several nodes as one server; see docs/scaling.md. */
  readonly scaling?: PartialScalingOptions;
  /** Scaling drivers of your own, by the name `scaling.driver` may give. */
  readonly scalingDrivers?: Readonly<Record<string, ScalingDriver>>;
}

/**
 * The whole server, to be imported into a Nest application. Goes with `configureServer(app)`. Global:
 * every module of the host may inject what it exports.
 */
@Module({})
export class RevurbModule {
  /** One per application. */
  static forRoot(options: RevurbOptions): DynamicModule {
    return {
      module: RevurbModule,
      global: true,
      imports: [
        ApplicationsModule.forRoot({
          applications: options.applications ?? [],
          provider: options.applicationProvider,
          imports: options.imports,
        }),
        ScalingModule.forRoot({
          ...options.scaling,
          drivers: options.scalingDrivers,
          imports: options.imports,
        }),
        WebhooksModule.forRoot(options.webhooks ?? {}),
        PusherModule.forRoot(options.server ?? {}),
      ],
      exports: [ApplicationsModule, ScalingModule, WebhooksModule, PusherModule],
    };
  }
}
