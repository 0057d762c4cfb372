import parse from 'parse-prometheus-text-format';
import { plainRequest, type ApiResponse } from './signed-request.js';

type Labels = Readonly<Record<string, string>>;
type Family = ReturnType<typeof parse>[number];

/** A metrics page, as a client of Prometheus reads it. */
export class MetricsScrape {
  private readonly families: ReadonlyMap<string, Family>;

  /** @throws Error when the text is none of Prometheus */
  constructor(readonly text: string) {
    const families = parse(text);
    this.families = new Map(families.map((family) => [family.name, family]));
    if (this.families.size !== families.length) throw new Error('A metric stands there twice.');
  }

  /** Asks for a page that has to be there. */
  static async of(server: { httpUrl: string }, path = '/metrics'): Promise<MetricsScrape> {
    const response = await getMetrics(server, {}, path);
    if (response.status !== 200) throw new Error(`The page is ${response.status} ${response.text}`);
    return new MetricsScrape(response.text);
  }

  /** In the order of the page. */
  get names(): readonly string[] {
    return [...this.families.keys()];
  }

  /** @throws Error when there is no such metric */
  family(name: string): Family {
    const family = this.families.get(name);
    if (family === undefined) throw new Error(`There is no ${name} in:\n${this.text}`);
    return family;
  }

  /** The sum of the values with these labels, whatever others they have; undefined when there are none. */
  value(name: string, labels: Labels = {}): number | undefined {
    const wanted = Object.entries(labels);
    const found = this.family(name).metrics.filter((metric) =>
      wanted.every(([label, value]) => metric.labels?.[label] === value),
    );
    if (found.length === 0) return undefined;
    return found.reduce((sum, { value }) => sum + Number(value), 0);
  }

  /** The ranges of a histogram without labels. */
  histogram(name: string): { buckets: Labels; count: number; sum: number } {
    const [{ buckets, count, sum } = { buckets: {}, count: 'NaN', sum: 'NaN' }] =
      this.family(name).metrics;
    return { buckets, count: Number(count), sum: Number(sum) };
  }
}

/** Asks for a page, whatever the answer. */
export function getMetrics(
  server: { httpUrl: string },
  headers: Readonly<Record<string, string>> = {},
  path = '/metrics',
  method = 'GET',
): Promise<ApiResponse> {
  return plainRequest(server.httpUrl, method, path, { headers: { ...headers } });
}
