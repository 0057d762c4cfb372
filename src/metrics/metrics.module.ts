import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { EventLoopLag } from './event-loop-lag.js';
import { InspectorCounters } from './inspector-counters.js';
import { MetricsHandler } from './metrics.handler.js';
import { completeMetricsOptions, METRICS_OPTIONS, type MetricsOptions } from './metrics.options.js';
import { NodeSurvey } from './node-survey.js';
import { MetricsEndpoint } from './page/metrics-endpoint.js';
import { MetricsListener } from './page/metrics-listener.js';
import { MetricsPage } from './page/metrics-page.js';
import { RequestCounters } from './request-counters.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<
  Partial<MetricsOptions>
>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * What is going on, for the API and for those who watch. Needs the ScalingModule and the
 * WebhooksModule beside it. Global.
 */
@Module({
  imports: [ConnectionsModule, ChannelsModule],
  providers: [
    {
      provide: METRICS_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completeMetricsOptions,
    },
    EventLoopLag,
    InspectorCounters,
    MetricsEndpoint,
    MetricsHandler,
    MetricsListener,
    MetricsPage,
    NodeSurvey,
    RequestCounters,
  ],
  exports: [
    EventLoopLag,
    InspectorCounters,
    MetricsEndpoint,
    MetricsHandler,
    MetricsPage,
    NodeSurvey,
    RequestCounters,
  ],
})
export class MetricsModule extends ConfigurableModuleClass {}
