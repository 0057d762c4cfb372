import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isWellFormed } from '../harness/markup.js';

const { number } = await import(resolve('bench/report.js'));

/** A machine that is busy with other tests may take its time; nothing here is measured. */
const RUN_MS = 180_000;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Suite {
  readonly targets: string[];
  readonly rounds: number;
  readonly figures: Row[];
  readonly checks: Record<string, { delivered: number }>;
  readonly failures: unknown[];
}

interface Figures {
  readonly machine: { node: string };
  readonly servers: Suite;
  readonly scaling: Suite;
  readonly workers: Suite;
  readonly inspector: Suite;
}

interface Row {
  readonly group: string;
  readonly label: string;
  readonly headline?: string;
  readonly best: Record<string, number | null>;
}

/** Runs it as `npm run bench` does, without the variables of whoever runs the tests. */
function bench(...args: string[]): Promise<Outcome> {
  const options = { env: { PATH: process.env.PATH }, timeout: RUN_MS };
  return new Promise((done) => {
    execFile(process.execPath, ['bench/main.js', ...args], options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

let directory: string;
let run: Outcome;
let faultyRun: Outcome;
let figures: Figures;

/** Both at once, since they mostly wait. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  const files = ['--json', join(directory, 'figures.json'), '--write', join(directory, 'page.md')];
  const faulty = ['--only', 'memory', '--server', 'test/fixtures/faulty-server.js'];
  [run, faultyRun] = await Promise.all([
    bench('--smoke', '--only', 'all,workers,inspector', ...files),
    bench('--smoke', ...faulty),
  ]);
  figures = JSON.parse(readFileSync(join(directory, 'figures.json'), 'utf8'));
}, RUN_MS);

afterAll(() => rmSync(directory, { recursive: true }));

describe('The smallest run of the benchmark', () => {
  const rowsOf = (suite: keyof Omit<Figures, 'machine'>, group: RegExp): Row[] =>
    figures[suite].figures.filter((row: Row) => group.test(row.group));

  it('ends well', () => {
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('FAILED')]);
  });

  it.each([
    ['servers', ['revurb', 'naive']],
    ['scaling', ['two nodes']],
    ['workers', ['2 workers']],
    ['inspector', ['watched']],
  ] as const)('loses, repeats and spoils nothing: %s', (suite, targets) => {
    const { checks, failures, rounds } = figures[suite];
    expect([failures, rounds, Object.keys(checks)]).toEqual([[], 1, targets]);
    for (const check of Object.values(checks)) {
      expect(check).toEqual({ delivered: expect.any(Number), lost: 0, duplicated: 0, bad: 0 });
      expect(check.delivered).toBeGreaterThan(100);
    }
  });

  it.each([
    ['servers', /^Fan-out to 20 subscribers, one publish at a time$/, 5],
    ['servers', /^Fan-out to 20 subscribers, 8 publishes in flight$/, 5],
    ['servers', /^Publish to 4 channels of 10,/, 5],
    ['servers', /^Signed publish to nobody,/, 2],
    ['servers', /^Client events in 2 private channels of 10,/, 5],
    ['servers', /^Presence, 3 visitors of a channel of 10,/, 3],
    ['servers', /^Connect and subscribe 40, all on one channel$/, 1],
    ['servers', /^Connect and subscribe 40, each on its own channel$/, 1],
    ['servers', /^Leave, 40 connections$/, 6],
    ['servers', /^Memory, 40 connections/, 1],
    ['scaling', /^200 publishes per second on the first node, one receiver/, 4],
    ['scaling', /^8 publishes in flight on the first node, 4 receivers/, 2],
    ['scaling', /^Redis$/, 1],
    ['scaling', /^Presence, joining 12 members/, 6],
    ['scaling', /^Resynchronization, 100 subscriptions/, 9],
    ['workers', /^Fan-out to 20 subscribers, 8 publishes in flight$/, 5],
    ['workers', /^Publish to 4 channels of 10,/, 5],
    ['workers', /^Signed publish to nobody,/, 2],
    ['workers', /^Connect and subscribe 40, all on one channel$/, 1],
    ['inspector', /^Fan-out to 20 subscribers, 8 publishes in flight$/, 5],
    ['inspector', /^Signed publish to nobody,/, 2],
    ['inspector', /^Fan-out to 20 subscribers, .* watched by turns$/, 3],
  ] as const)('has figures of every scenario: %s, %s', (suite, group, count) => {
    const rows = rowsOf(suite, group);
    expect(rows).toHaveLength(count);
    const { targets } = figures[suite];
    const numbers = Object.fromEntries(targets.map((target) => [target, expect.any(Number)]));
    for (const { label, best } of rows) {
      expect({ label, best }).toEqual({ label, best: numbers });
      expect(run.stdout).toContain(`  ${label}`);
    }
    expect(run.stdout).toContain(rows[0]!.group);
  });

  it('shows that who stops reading is closed with 4100, unlike by a server without limits', () => {
    const rows = rowsOf('servers', /^1 of 10 subscribers stop reading, /);
    const best = Object.fromEntries(rows.map((row) => [row.label, row.best]));
    expect(best).toMatchObject({
      'p99 of the others before': { revurb: expect.any(Number), naive: expect.any(Number) },
      'p99 of the others meanwhile': { revurb: expect.any(Number), naive: expect.any(Number) },
      'RSS of the server: most it grew': { revurb: expect.any(Number), naive: expect.any(Number) },
      '(limit × those who stopped)': { revurb: 1.048576, naive: null },
      '(of them closed with 4100)': { revurb: 1, naive: 0 },
      '(of them dropped without a code)': { revurb: 0, naive: 0 },
    });
  });

  it('makes a page of the same figures', () => {
    const text = readFileSync(join(directory, 'page.md'), 'utf8');
    expect(text).toContain('![What the same work costs](page.svg)');
    expect(text).toContain(`| ${figures.machine.node} `);
    expect(text).toContain('### One server');
    expect(text).toContain('### Several nodes');
    expect(text).toContain('### Several processes');
    for (const suite of ['servers', 'scaling', 'workers'] as const) {
      for (const { group, label, best } of rowsOf(suite, /./)) {
        expect(text).toContain(`| **${group}** `);
        const cells = figures[suite].targets.map((target: string) => number(best[target] ?? NaN));
        const numbers = cells.map((cell: string) => ` +${cell.replace('.', '\\.')} \\|`).join('');
        const start = `\\| ${label.replace(/[()÷.]/g, '\\$&')}[^|]*\\|`;
        expect(text).toMatch(new RegExp(`${start}.*${numbers}$`, 'm'));
      }
    }
  });

  it('draws an image of them', () => {
    const drawing = readFileSync(join(directory, 'page.svg'), 'utf8');
    expect(isWellFormed(drawing)).toBe(true);
    const headlines = rowsOf('servers', /./).filter(({ headline }) => headline !== undefined);
    expect(headlines).toHaveLength(10);
    for (const { headline, best } of headlines.filter((row) => (row.best.naive ?? 0) > 0)) {
      const times = best.revurb! / best.naive!;
      if (times < 0) continue;
      expect(drawing).toContain(`>${headline}</text>`);
      expect(drawing).toContain(`${headline}: revurb ${times.toFixed(2)}.`);
    }
  });
});

describe('The benchmark', () => {
  it('notices what a server loses, repeats and spoils', () => {
    expect(faultyRun.code).toBe(1);
    const { stdout } = faultyRun;
    expect(stdout).toMatch(/^revurb: 28 deliveries checked, 12 lost, 4 duplicated, \d+ bad/m);
    expect(stdout).toMatch(/^naive: 40 deliveries checked, 0 lost, 0 duplicated, 0 bad$/m);
  });

  it.each([
    [['--only', 'nonsense'], 'There is no scenario "nonsense".'],
    [
      ['--server', 'nowhere.js'],
      `${resolve('nowhere.js')} is not there; run "npm run build" first.`,
    ],
  ])('%j: ends with 2 and a sentence, before it measures', async (args, sentence) => {
    expect(await bench(...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${sentence} See npm run bench -- --help.\n`,
    });
  });

  it('explains its options', async () => {
    const { code, stdout, stderr } = await bench('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const option of ['--quick', '--smoke', '--only', '--peer', '--json', '--write']) {
      expect(stdout).toContain(`  ${option} `);
    }
  });
});
