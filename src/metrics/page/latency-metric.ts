import { Histogram, type MetricType, type Registry } from 'prom-client';
import type { LatencyHistogram } from '../../connections/delivery/latency-histogram.js';

type Values = Awaited<ReturnType<Histogram<'le'>['get']>>;

/** The library declares an enumeration, but goes by the words. */
const TYPE = 'histogram' as unknown as MetricType;

/** A histogram of Prometheus, in seconds, that reads its values where they were counted. */
export class LatencyMetric extends Histogram<'le'> {
  /** @param registry the page it stands on */
  constructor(
    private readonly title: string,
    private readonly explanation: string,
    registry: Registry,
    private readonly latency: LatencyHistogram,
  ) {
    super({ name: title, help: explanation, registers: [registry] });
  }

  override async get(): Promise<Values> {
    const { title: name, explanation: help } = this;
    const values = [...this.read()];
    return { name, help, type: TYPE, aggregator: 'sum', collect: () => undefined, values };
  }

  /** What the registry asks for instead when it makes text. */
  getForPromString(): Promise<Values> {
    return this.get();
  }

  private *read(): IterableIterator<Values['values'][number]> {
    const { boundsMs, counts, sumMs } = this.latency;
    let count = 0;
    for (const [range, inRange] of counts.entries()) {
      count += inRange;
      const boundMs = boundsMs[range];
      const le = boundMs === undefined ? '+Inf' : boundMs / 1000;
      yield { metricName: `${this.title}_bucket`, labels: { le }, value: count };
    }
    yield { metricName: `${this.title}_sum`, labels: {}, value: sumMs / 1000 };
    yield { metricName: `${this.title}_count`, labels: {}, value: count };
  }
}
