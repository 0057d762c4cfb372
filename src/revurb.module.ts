import { Module, type DynamicModule } from '@nestjs/common';
import { ApplicationsModule } from './applications/applications.module.js';
import { ExtensionsModule } from './extensions/extensions.module.js';
import { InspectorModule } from './inspector/inspector.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { PusherModule } from './pusher/pusher.module.js';
import {
  REVURB_SETTINGS,
  RevurbSettingsModule,
  type RevurbAsyncOptions,
  type RevurbOptions,
  type RevurbParts,
  type RevurbSettings,
} from './revurb.options.js';
import { ScalingModule } from './scaling/scaling.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/**
 * The whole server, to be imported into a Nest application. Goes with `configureServer(app)`. Global:
 * every module of the host may inject what it exports.
 */
@Module({})
export class RevurbModule {
  /** One per application. */
  static forRoot(options: RevurbOptions): DynamicModule {
    return putTogether(RevurbSettingsModule.forRoot(options), options);
  }

  /**
   * As {@link forRoot}, with settings that are found out when the application starts:
   *
   * ```ts
   * RevurbModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ server: { path: config.get('REALTIME_PATH') } }),
   *   applicationProvider: DatabaseApplicationProvider,
   * });
   * ```
   */
  static forRootAsync(options: RevurbAsyncOptions): DynamicModule {
    return putTogether(RevurbSettingsModule.forRootAsync(options), options);
  }
}

function putTogether(
  settings: DynamicModule,
  { imports = [], applicationProvider, scalingDrivers }: RevurbParts,
): DynamicModule {
  const from = <T>(choose: (given: RevurbSettings) => T, others: typeof imports = []) => ({
    imports: [settings, ...others],
    inject: [REVURB_SETTINGS],
    useFactory: choose,
  });
  return {
    module: RevurbModule,
    global: true,
    imports: [
      ApplicationsModule.forRootAsync({
        ...from(({ applications = [] }) => ({ applications }), imports),
        provider: applicationProvider,
      }),
      ScalingModule.forRootAsync({
        ...from(({ scaling = {} }) => scaling, imports),
        drivers: scalingDrivers,
      }),
      ExtensionsModule.forRootAsync(from(({ extensions = {} }) => extensions)),
      WebhooksModule.forRootAsync(from(({ webhooks = {} }) => webhooks)),
      MetricsModule.forRootAsync(from(({ metrics = {} }) => metrics)),
      PusherModule.forRootAsync(from(({ server = {} }) => server)),
      InspectorModule.forRootAsync(from(({ inspector = {} }) => inspector)),
    ],
    exports: [ApplicationsModule, ScalingModule, WebhooksModule, MetricsModule, PusherModule],
  };
}
