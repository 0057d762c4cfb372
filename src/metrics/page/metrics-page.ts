import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ChannelManager } from '../../channels/channel.manager.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { FlushQueue } from '../../connections/delivery/flush-queue.js';
import { TrafficCounters } from '../../connections/traffic-counters.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import { PubSubProvider } from '../../scaling/pub-sub-provider.js';
import { StateStore } from '../../scaling/state-store.js';
import { WebhookQueue } from '../../scaling/webhook-queue.js';
import { WebhookCounters } from '../../webhooks/webhook.counters.js';
import { EventLoopLag } from '../event-loop-lag.js';
import { InspectorCounters } from '../inspector-counters.js';
import { METRICS_OPTIONS, type MetricsOptions } from '../metrics.options.js';
import { RequestCounters } from '../request-counters.js';
import { clusterFamilies } from './cluster-families.js';
import { deliveryFamilies } from './delivery-families.js';
import { inspectorFamilies } from './inspector-families.js';
import { mergePages } from './merge-pages.js';
import { processFamilies } from './process-families.js';
import type { PrometheusRegistry } from './prometheus-registry.js';
import { trafficFamilies } from './traffic-families.js';
import { webhookFamilies } from './webhook-families.js';

/** The other processes that serve on the same port as this one. */
export interface Siblings {
  /** What this one is called among them. */
  readonly name: string;
  /** Their pages, of those that answer in time. */
  pages(): Promise<readonly string[]>;
}

/** What Prometheus reads of this server. Nothing is read, and next to nothing counted, unless the options want it. */
@Injectable()
export class MetricsPage implements OnModuleInit {
  private registry: PrometheusRegistry | undefined;
  private siblings: Siblings | undefined;
  private writing: Promise<string> | undefined;

  constructor(
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
    private readonly traffic: TrafficCounters,
    private readonly connections: ConnectionRegistry,
    private readonly requests: RequestCounters,
    private readonly channels: ChannelManager,
    private readonly queue: FlushQueue,
    private readonly cluster: ClusterService,
    private readonly pubSub: PubSubProvider,
    private readonly state: StateStore,
    private readonly lag: EventLoopLag,
    private readonly webhooks: WebhookCounters,
    private readonly webhookQueue: WebhookQueue,
    private readonly inspector: InspectorCounters,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!this.options.enabled) return;
    // Only here is the library loaded that a server without a page has no need of.
    const { PrometheusRegistry } = await import('./prometheus-registry.js');
    const registry = (this.registry = new PrometheusRegistry());
    this.lag.start();
    const latency = this.queue.measureLatency();
    registry.add(processFamilies(this.lag));
    registry.add(trafficFamilies(this.traffic, this.connections, this.requests));
    registry.add(deliveryFamilies(this.channels, this.traffic, this.queue));
    registry.addLatency(
      'revurb_publish_to_socket_seconds',
      'From a frame of a channel being there on this node to its last write; of frames sent together the first counts.',
      latency,
    );
    registry.add(clusterFamilies(this.cluster, this.pubSub, this.state));
    registry.add(webhookFamilies(this.webhooks, this.webhookQueue));
    registry.add(inspectorFamilies(this.inspector));
    registry.addProcess();
    this.label();
  }

  /** From now on the page is that of all of them, each with its name in the label `worker`. */
  shareWith(siblings: Siblings): void {
    this.siblings = siblings;
    this.label();
  }

  get contentType(): string {
    return this.known.contentType;
  }

  /** This process alone. */
  async ownText(): Promise<string> {
    return this.known.text();
  }

  /** The whole page. Who asks while it is being written gets the same. */
  text(): Promise<string> {
    this.writing ??= this.write().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private label(): void {
    if (this.siblings !== undefined) this.registry?.label({ worker: this.siblings.name });
  }

  private get known(): PrometheusRegistry {
    if (this.registry === undefined) throw new Error('The metrics page is not enabled.');
    return this.registry;
  }

  private async write(): Promise<string> {
    if (this.siblings === undefined) return this.ownText();
    const [own, others] = await Promise.all([this.ownText(), this.siblings.pages()]);
    return mergePages([own, ...others]);
  }
}
