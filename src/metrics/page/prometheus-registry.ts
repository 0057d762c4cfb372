import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { LatencyHistogram } from '../../connections/delivery/latency-histogram.js';
import { LatencyMetric } from './latency-metric.js';
import type { MetricFamily, Sample } from './metric-family.js';

/** Default metrics that look at every open socket, one by one, each time they are read. */
const DEAR = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
];

/** The metrics of one server, and nobody else's: there may be several in a process. */
export class PrometheusRegistry {
  private readonly registry = new Registry();

  /** Of its text. */
  get contentType(): string {
    return this.registry.contentType;
  }

  add(families: readonly MetricFamily[]): void {
    for (const family of families) this.addFamily(family);
  }

  addLatency(name: string, help: string, latency: LatencyHistogram): void {
    this.registry.registerMetric(new LatencyMetric(name, help, this.registry, latency));
  }

  /** What Prometheus knows of every process of Node. */
  addProcess(): void {
    collectDefaultMetrics({ register: this.registry });
    for (const name of DEAR) this.registry.removeSingleMetric(name);
  }

  /** Puts labels on everything, whose values tell this process from its siblings. */
  label(labels: Readonly<Record<string, string>>): void {
    this.registry.setDefaultLabels(labels);
  }

  /** Reads all values, and makes text of them. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private addFamily({ type, name, help, labels, read }: MetricFamily): void {
    const shared = { name, help, labelNames: labels, registers: [this.registry] };
    if (type === 'gauge') {
      const metric: Gauge = new Gauge({
        ...shared,
        async collect() {
          empty(metric);
          for (const sample of await read()) metric.set(named(labels, sample), sample[0]);
        },
      });
    } else {
      const metric: Counter = new Counter({
        ...shared,
        async collect() {
          empty(metric);
          for (const sample of await read()) metric.inc(named(labels, sample), sample[0]);
        },
      });
    }
  }
}

/** To the library a metric without labels always has a value. */
function empty(metric: Gauge | Counter): void {
  metric.reset();
  metric.remove({});
}

function named(names: readonly string[], [, ...values]: Sample): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}
