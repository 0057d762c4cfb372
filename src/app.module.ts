import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ApplicationsModule } from './applications/applications.module.js';
import { ConfigModule } from './config/config.module.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { ServerConfiguration } from './config/server-configuration.js';
import { ExtensionsModule } from './extensions/extensions.module.js';
import { InspectorModule } from './inspector/inspector.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ApiExceptionFilter } from './pusher/http/api-exception.filter.js';
import { PusherModule } from './pusher/pusher.module.js';
import { ScalingModule } from './scaling/scaling.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The standalone server: the rooms, joined by what the configuration says. */
@Module({})
export class AppModule {
  /** @param loaded what {@link loadConfiguration} found */
  static forRoot(loaded: LoadedConfiguration): DynamicModule {
    const inject = [ServerConfiguration];
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(loaded),
        ApplicationsModule.forRoot(loaded.applicationsOptions),
        ScalingModule.forRootAsync({
          inject,
          useFactory: ({ scaling }: ServerConfiguration) => scaling,
        }),
        ExtensionsModule.forRoot({}),
        WebhooksModule.forRootAsync({
          inject,
          useFactory: ({ webhooks }: ServerConfiguration) => webhooks,
        }),
        MetricsModule.forRootAsync({
          inject,
          useFactory: ({ metrics, listen }: ServerConfiguration) => ({
            ...metrics,
            host: listen.host,
          }),
        }),
        PusherModule.forRootAsync({
          inject,
          useFactory: ({ pusher }: ServerConfiguration) => pusher,
        }),
        InspectorModule.forRootAsync({
          inject,
          useFactory: ({ inspector }: ServerConfiguration) => inspector,
        }),
      ],
      // Nobody else has routes here, so everything is answered in one form.
      providers: [{ provide: APP_FILTER, useClass: ApiExceptionFilter }],
    };
  }
}
