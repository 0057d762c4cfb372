import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ChannelManager } from '../../channels/channel.manager.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { FlushQueue } from '../../connections/delivery/flush-queue.js';
import { TrafficCounters } from '../../connections/traffic-counters.js';
import { EventLoopLag } from '../../metrics/event-loop-lag.js';
import { ConnectionLifecycle } from '../../pusher/connection.lifecycle.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import type { NodeCharts } from '../contract.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';
import { ChartHistory } from './chart-history.js';
import { percentileOf } from './percentile.js';

const INTERVAL_MS = 5_000;
const CAPACITY = 180;

/** What only grows, when it was looked at last. */
interface Counts {
  readonly atMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly processor: NodeJS.CpuUsage;
  readonly latencies: Float64Array;
}

/** Keeps the last 15 minutes of this node: a few numbers every five seconds, whoever looks or not. */
@Injectable()
export class ChartSampler implements OnModuleInit, OnModuleDestroy {
  private readonly history = new ChartHistory(CAPACITY);
  private timer: NodeJS.Timeout | undefined;
  private last: Counts | undefined;
  private lastSampleMs = Date.now();
  /** Share of one processor that this process took over the last interval. */
  load = 0;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
    private readonly registry: ConnectionRegistry,
    private readonly channels: ChannelManager,
    private readonly traffic: TrafficCounters,
    private readonly queue: FlushQueue,
    private readonly lag: EventLoopLag,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly cluster: ClusterService,
  ) {}

  onModuleInit(): void {
    if (!this.options.enabled) return;
    this.lag.start();
    this.queue.measureLatency();
    this.last = this.counts();
    this.timer = setInterval(() => this.sample(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  charts(): NodeCharts {
    return {
      nodeId: this.cluster.nodeId,
      endMs: this.lastSampleMs,
      intervalMs: INTERVAL_MS,
      series: this.history.series(),
    };
  }

  private sample(): void {
    const now = this.counts();
    const before = this.last ?? now;
    this.last = now;
    this.lastSampleMs = Date.now();
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const usedMs = (total: NodeJS.CpuUsage) => (total.user + total.system) / 1000;
    this.load = (usedMs(now.processor) - usedMs(before.processor)) / 1000 / seconds;
    const observed = now.latencies.map((count, i) => count - before.latencies[i]!);
    const { boundsMs } = this.queue.measureLatency();
    this.history.add({
      connections: this.registry.size,
      messagesInPerSecond: (now.messagesIn - before.messagesIn) / seconds,
      messagesOutPerSecond: (now.messagesOut - before.messagesOut) / seconds,
      latencyP50Ms: percentileOf(boundsMs, observed, 0.5),
      latencyP99Ms: percentileOf(boundsMs, observed, 0.99),
      eventLoopLagMs: this.lag.ms,
      memoryBytes: process.memoryUsage.rss(),
    });
  }

  private counts(): Counts {
    return {
      atMs: performance.now(),
      messagesIn: this.lifecycle.messagesReceived,
      messagesOut: this.messagesOut(),
      processor: process.cpuUsage(),
      latencies: this.queue.measureLatency().counts.slice(),
    };
  }

  private messagesOut(): number {
    let count = 0;
    for (const [, { answered }] of this.traffic) count += answered.messages;
    for (const kinds of this.channels.counters.values()) {
      for (const { deliveries } of Object.values(kinds)) count += deliveries;
    }
    return count;
  }
}
