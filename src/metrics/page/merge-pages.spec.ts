import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { mergePages } from './merge-pages.js';

/** A page as a process of several writes it. */
async function pageOf(worker: string, value: number): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels({ worker });
  const registers = [registry];
  new Counter({ name: 'a_total', help: 'Of a.', registers }).inc(value);
  const gauge = new Gauge({ name: 'b', help: 'Of b\nin two lines.', labelNames: ['x'], registers });
  gauge.set({ x: '# HELP "a"\n' }, value);
  new Histogram({ name: 'c_seconds', help: 'Of c.', buckets: [1], registers }).observe(value);
  registry.registerMetric(
    new Counter({ name: 'empty_total', help: 'Of nothing.', labelNames: ['x'], registers: [] }),
  );
  return registry.metrics();
}

describe('Pages that are put together', () => {
  it('have each metric once, with the lines of all', async () => {
    const merged = mergePages([await pageOf('1', 0.5), await pageOf('2', 2)]);
    expect(merged).toBe(
      [
        '# HELP a_total Of a.',
        '# TYPE a_total counter',
        'a_total{worker="1"} 0.5',
        'a_total{worker="2"} 2',
        '',
        '# HELP b Of b\\nin two lines.',
        '# TYPE b gauge',
        'b{x="# HELP \\"a\\"\\n",worker="1"} 0.5',
        'b{x="# HELP \\"a\\"\\n",worker="2"} 2',
        '',
        '# HELP c_seconds Of c.',
        '# TYPE c_seconds histogram',
        'c_seconds_bucket{le="1",worker="1"} 1',
        'c_seconds_bucket{le="+Inf",worker="1"} 1',
        'c_seconds_sum{worker="1"} 0.5',
        'c_seconds_count{worker="1"} 1',
        'c_seconds_bucket{le="1",worker="2"} 0',
        'c_seconds_bucket{le="+Inf",worker="2"} 1',
        'c_seconds_sum{worker="2"} 2',
        'c_seconds_count{worker="2"} 1',
        '',
        '# HELP empty_total Of nothing.',
        '# TYPE empty_total counter',
        '',
      ].join('\n'),
    );
  });

  it('may have metrics that the others have not', () => {
    const first = '# HELP a Of a.\n# TYPE a gauge\na 1\n';
    const second = '# HELP b Of b.\n# TYPE b gauge\nb 2\n';
    expect(mergePages([first, second])).toBe(`${first}\n${second}`);
  });

  it('may have more lines than a call may have arguments', () => {
    const samples = Array.from({ length: 300_000 }, (_, i) => `a{app_id="${i}"} 1`);
    const page = `# HELP a Of a.\n# TYPE a gauge\n${samples.join('\n')}\n`;
    expect(mergePages([page, page]).split('\n')).toHaveLength(2 + 2 * samples.length + 1);
  });

  it('keep lines whole, whatever a label has in it', () => {
    const line = (worker: number) => `a{app_id="x\u2028# HELP y\r\u2029z",worker="${worker}"} 1`;
    const pageOfWorker = (worker: number) => `# HELP a Of a.\n# TYPE a gauge\n${line(worker)}\n`;
    const merged = mergePages([pageOfWorker(1), pageOfWorker(2)]);
    expect(merged).toBe(`${pageOfWorker(1)}${line(2)}\n`);
  });

  it('are the page itself when it is one, and nothing when there is none', async () => {
    const page = await pageOf('1', 1);
    expect(mergePages([page])).toBe(page);
    expect(mergePages([])).toBe('');
    expect(mergePages(['garbage'])).toBe('');
  });
});
