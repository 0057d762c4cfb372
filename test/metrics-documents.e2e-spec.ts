import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse as parseYaml } from 'yaml';
import { closeAll } from './harness/eventually.js';
import { MetricsScrape } from './harness/metrics-scrape.js';
import { startServer } from './harness/test-server.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

const dashboard = JSON.parse(readFileSync('deploy/grafana/revurb.json', 'utf8')) as {
  panels: readonly Panel[];
  templating: { list: readonly { name: string; definition?: string }[] };
};
const alerts = parseYaml(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as {
  groups: readonly { name: string; rules: readonly Rule[] }[];
};
const operations = readFileSync('docs/operations.md', 'utf8');

const rules = alerts.groups.flatMap((group) => group.rules);
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const expressions = targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m'));
/** What Prometheus itself knows of everything it scrapes. */
const OF_PROMETHEUS = 'up';

/** The metrics that an expression is about. @throws Error when it is no PromQL */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`No PromQL, at ${from}: ${expression}`);
      const isMetric = type.name === 'Identifier' && node.parent?.name === 'VectorSelector';
      if (isMetric) names.push(expression.slice(from, to));
    },
  });
  return names;
}

/** The metric that a line of a histogram belongs to. */
const familyOf = (name: string, known: ReadonlySet<string>) =>
  known.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');

let known: ReadonlySet<string>;

beforeAll(async () => {
  const server = await startServer({ REVERB_METRICS_ENABLED: 'true' });
  known = new Set((await MetricsScrape.of(server)).names);
});
afterAll(closeAll);

const own = (names: Iterable<string>) =>
  [...new Set(names)].filter((name) => name.startsWith('revurb_')).sort();

describe('This spec', () => {
  it('tells PromQL from what is none, and knows its metrics', () => {
    expect(() => metricsIn('sum by (a (b)')).toThrow('No PromQL');
    expect(metricsIn('sum by (x) (rate(a{b="c"}[5m])) / on (y) d_total')).toEqual(['a', 'd_total']);
  });
});

describe('The dashboard', () => {
  it('is about metrics that there are', () => {
    const used = expressions.flatMap(metricsIn).map((name) => familyOf(name, known));
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has every metric of the server', () => {
    const used = expressions.flatMap(metricsIn).map((name) => familyOf(name, known));
    expect(own(used)).toEqual(own(known));
  });

  it('takes its choices from metrics that there are', () => {
    const queries = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(queries).toHaveLength(3);
    for (const query of queries) {
      const [, metric] = /^label_values\((\w+)/.exec(query) ?? [];
      expect(known).toContain(metric);
    }
  });

  it('has panels with an id, a title and a place of their own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.every(({ title }) => title !== '')).toBe(true);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

describe('The alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s is about metrics that there are, and says what is wrong',
    (_, { expr, labels, annotations }) => {
      const used = metricsIn(expr).map((name) => familyOf(name, known));
      expect(used).not.toEqual([]);
      expect(used.filter((name) => !known.has(name) && name !== OF_PROMETHEUS)).toEqual([]);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'summary']);
    },
  );

  it('have names of their own, and each is explained in docs/operations.md', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(operations).toContain(`\`${name}\``);
  });
});

describe('docs/operations.md', () => {
  it('has every metric of the server, and none that there is not', () => {
    const named = [...operations.matchAll(/^\| `(revurb_\w+)` /gm)].map(([, name]) => name!);
    expect(named.length).toBe(new Set(named).size);
    expect(own(named)).toEqual(own(known));
  });
});
