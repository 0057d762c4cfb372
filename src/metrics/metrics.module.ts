import { Module } from '@nestjs/common';
import { MetricsHandler } from './metrics.handler.js';
import { NodeSurvey } from './node-survey.js';

/** What is going on, for the API and for those who watch. */
@Module({ providers: [MetricsHandler, NodeSurvey], exports: [MetricsHandler, NodeSurvey] })
export class MetricsModule {}
