import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TracingModule } from '../tracing/tracing.module.js';
import { DeadLetters } from './dead-letters.js';
import { WebhookCounters } from './webhook.counters.js';
import { WebhookDeliverer } from './webhook.deliverer.js';
import { completeWebhookOptions, WEBHOOK_OPTIONS, type WebhookOptions } from './webhook.options.js';
import { WebhookReporter } from './webhook.reporter.js';
import { WebhookSender } from './webhook.sender.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<
  Partial<WebhookOptions>
>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Tells the endpoints of applications what happens. Needs the ApplicationsModule and the ScalingModule
 * beside it. Global.
 */
@Module({
  imports: [TracingModule],
  providers: [
    {
      provide: WEBHOOK_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completeWebhookOptions,
    },
    DeadLetters,
    WebhookCounters,
    WebhookDeliverer,
    WebhookReporter,
    WebhookSender,
  ],
  exports: [DeadLetters, WebhookCounters, WebhookDeliverer, WebhookReporter],
})
export class WebhooksModule extends ConfigurableModuleClass {}
