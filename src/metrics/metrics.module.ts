import { Module } from '@nestjs/common';
import { MetricsHandler } from './metrics.handler.js';

/** What is going on, for the API and for those who watch. */
@Module({ providers: [MetricsHandler], exports: [MetricsHandler] })
export class MetricsModule {}
