import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { NodeSurvey } from '../metrics/node-survey.js';
import { packageVersion } from '../package-version.js';
import { ConnectionLifecycle } from './connection.lifecycle.js';
import { EventDispatcher } from './event.dispatcher.js';

/** Knows this node's own figures, for whoever asks in the cluster. */
@Injectable()
export class NodeReporter implements OnModuleInit {
  constructor(
    private readonly survey: NodeSurvey,
    private readonly registry: ConnectionRegistry,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly dispatcher: EventDispatcher,
  ) {}

  onModuleInit(): void {
    this.survey.describeBy(() => ({
      version: packageVersion(),
      uptimeSeconds: Math.floor(process.uptime()),
      connections: this.registry.size,
      messagesReceived: this.lifecycle.messagesReceived,
      eventsPublished: this.dispatcher.eventsPublished,
      slowConsumers: this.lifecycle.slowConsumers,
      memoryBytes: process.memoryUsage.rss(),
    }));
  }
}
