import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const { cost, gain, remark } = await import(resolve('bench/figure.js'));
const { isFlawless, ratioOf, rowsOf } = await import(resolve('bench/rows.js'));
const { json, remarks, table } = await import(resolve('bench/report.js'));
const { figuresPage, withFigures } = await import(resolve('bench/page.js'));
const { describeMachine } = await import(resolve('bench/machine.js'));

const machine = {
  processor: 'A processor',
  cores: 2,
  memoryGigabytes: 8,
  system: 'Linux 6, x64',
  node: 'v20.20.0',
  date: '2026-01-02',
};
const NONE = { delivered: 1_234, lost: 0, duplicated: 0, bad: 0 };

/** Two servers, and as many rounds as there are numbers. */
function outcomeOf(changes: object = {}) {
  const of = (target: string, figure: object) => ({ target, figure });
  return {
    targets: ['ours', 'naive'],
    rounds: 2,
    figures: [
      of('ours', cost('Work', 'CPU', 'µs', 4)),
      of('naive', cost('Work', 'CPU', 'µs', 9)),
      of('ours', gain('Work', 'throughput', '', 1_000.4)),
      of('naive', gain('Work', 'throughput', '', 500)),
      of('ours', cost('Work', 'CPU', 'µs', 5)),
      of('naive', cost('Work', 'CPU', 'µs', 8)),
      of('ours', gain('Work', 'throughput', '', 1_500)),
      of('naive', gain('Work', 'throughput', '', 400)),
      of('ours', remark('Work', '(closed)', '', 3)),
      of('naive', remark('Work', '(closed)', '', Number.NaN)),
      of('ours', cost('Memory', 'grown', 'MB', -1.5)),
      of('naive', cost('Memory', 'grown', 'MB', 12.345)),
    ],
    derived: [{ group: 'Work', label: 'CPU of it', dividend: 'WorkCPU', divisor: 'WorkCPU' }],
    checks: { ours: NONE, naive: NONE },
    failures: [],
    otherLoad: 0.1,
    comparison: {
      meaning: 'how many times better',
      heading: (_: string, other: string) => `× ${other}`,
    },
    ...changes,
  };
}

describe('The figures of several rounds', () => {
  const rows = rowsOf(outcomeOf());
  const rowOf = (label: string) => rows.find((row: { label: string }) => row.label === label);

  it('are the best of each server by itself', () => {
    expect(rowOf('CPU').best).toEqual({ ours: 4, naive: 8 });
    expect(rowOf('throughput').best).toEqual({ ours: 1_500, naive: 500 });
    expect(rowOf('CPU').rounds).toEqual({ ours: [4, 5], naive: [9, 8] });
  });

  it('stand together by what they are of, with those that are made of others', () => {
    expect(rows.map(({ group, label }: Record<string, string>) => [group, label])).toEqual([
      ['Work', 'CPU'],
      ['Work', 'throughput'],
      ['Work', '(closed)'],
      ['Work', 'CPU of it'],
      ['Memory', 'grown'],
    ]);
    expect(rowOf('CPU of it').best).toEqual({ ours: 1, naive: 1 });
  });

  it('are compared whichever way is better, but only where that means something', () => {
    expect(ratioOf(rowOf('CPU'), 'ours', 'naive')).toBe(2);
    expect(ratioOf(rowOf('throughput'), 'ours', 'naive')).toBe(3);
    for (const label of ['(closed)', 'grown']) {
      expect(ratioOf(rowOf(label), 'ours', 'naive')).toBeNaN();
    }
    expect(ratioOf(rowOf('CPU'), 'ours', 'absent')).toBeNaN();
  });
});

describe('A run', () => {
  it('is flawless when everything was checked and nothing broke off', () => {
    expect(isFlawless(outcomeOf())).toBe(true);
  });

  it.each([
    ['something was lost', { checks: { ours: NONE, naive: { ...NONE, lost: 1 } } }],
    ['something came twice', { checks: { ours: { ...NONE, duplicated: 1 } } }],
    ['something was wrong', { checks: { ours: { ...NONE, bad: 1 } } }],
    ['a scenario broke off', { failures: [{ run: 'ours: fan-out', reason: 'it hangs' }] }],
  ])('is not when %s', (_, changes) => {
    expect(isFlawless(outcomeOf(changes))).toBe(false);
  });
});

describe('In a terminal', () => {
  it('all numbers stand in columns', () => {
    expect(table(outcomeOf()).split('\n')).toEqual([
      'best of 2 rounds                               ours      naive      ratio',
      '',
      'Work',
      '  CPU, µs                                         4          8          2',
      '  throughput                                  1 500        500          3',
      '  (closed)                                        3          –           ',
      '  CPU of it, ×                                    1          1           ',
      '',
      'Memory',
      '  grown, MB                                   -1.50       12.3          –',
    ]);
  });

  it('what was checked, what went wrong and what disturbed is told', () => {
    const told = remarks(
      outcomeOf({
        checks: { ours: NONE, naive: { ...NONE, bad: 2, firstProblem: 'a wrong order' } },
        failures: [{ run: 'ours: fan-out', reason: 'it hangs' }],
        otherLoad: 0.5,
      }),
    );
    expect(told.split('\n')).toEqual([
      'ratio: how many times better.',
      'ours: 1 234 deliveries checked, 0 lost, 0 duplicated, 0 bad',
      'naive: 1 234 deliveries checked, 0 lost, 0 duplicated, 2 bad (first: a wrong order)',
      'Other processes kept 50 % of one core busy: repeat this on a quiet machine.',
      'FAILED ours: fan-out: it hangs',
    ]);
  });
});

describe('In JSON', () => {
  it('all rounds are there, and the machine', () => {
    const { servers, ...rest } = JSON.parse(json({ servers: outcomeOf() }, { leave: 1 }, machine));
    expect(rest).toEqual({ machine, sizes: { leave: 1 } });
    expect(servers).toMatchObject({ targets: ['ours', 'naive'], rounds: 2, failures: [] });
    expect(servers.figures[0].rounds).toEqual({ ours: [4, 5], naive: [9, 8] });
  });
});

describe('In a page', () => {
  const failures = [{ run: 'naive: fan-out', reason: 'any *text* at all' }];
  const figures = figuresPage({ 'One server': outcomeOf({ failures }) }, machine, 'npm run bench');

  it('are the machine, the command, ratios before figures, and what was checked', () => {
    expect(figures.split('\n')).toEqual([
      '| Machine   |                      |',
      '| --------- | -------------------- |',
      '| Processor | A processor, 2 cores |',
      '| Memory    | 8 GB                 |',
      '| System    | Linux 6, x64         |',
      '| Node      | v20.20.0             |',
      '| Date      | 2026-01-02           |',
      '',
      'Measured by `npm run bench`.',
      '',
      '### One server',
      '',
      '| Best of 2 rounds | × naive |  ours | naive |',
      '| ---------------- | ------: | ----: | ----: |',
      '| **Work**         |         |       |       |',
      '| CPU, µs          |       2 |     4 |     8 |',
      '| throughput       |       3 | 1 500 |   500 |',
      '| (closed)         |         |     3 |     – |',
      '| CPU of it, ×     |         |     1 |     1 |',
      '| **Memory**       |         |       |       |',
      '| grown, MB        |       – | -1.50 |  12.3 |',
      '',
      '- ours: 1 234 deliveries checked, 0 lost, 0 duplicated, 0 bad.',
      '- naive: 1 234 deliveries checked, 0 lost, 0 duplicated, 0 bad.',
      '- Other processes kept 10 % of one core busy.',
      '- FAILED naive: fan-out.',
    ]);
  });

  it('new figures take the place of the old ones, and nothing else changes', () => {
    const before =
      '# Mine\n\nWords.\n\n<!-- figures: begin -->\n\nold\n\n<!-- figures: end -->\n\nMore.\n';
    expect(withFigures(before, 'new')).toBe(before.replace('old', 'new'));
    const cents = withFigures(before, 'costs $& and $1');
    expect(cents).toContain('costs $& and $1');
  });

  it('is as Prettier would write it, also a new one', () => {
    const page = withFigures(undefined, figures);
    expect(page).toMatch(/^# Performance\n\n<!-- figures: begin -->\n\n\| Machine/);
    const prettier = resolve('node_modules/prettier/bin/prettier.cjs');
    const { stdout } = spawnSync(process.execPath, [prettier, '--stdin-filepath', 'docs/page.md'], {
      input: page,
      encoding: 'utf8',
    });
    expect(stdout).toBe(page);
  });
});

describe('This machine', () => {
  it('is described without anything that Markdown would take for a mark', () => {
    const { processor, cores, memoryGigabytes, system, node, date } = describeMachine();
    expect(processor).toMatch(/^[\w ().,@/+-]+$/);
    expect(cores).toBeGreaterThan(0);
    expect(memoryGigabytes).toBeGreaterThan(0);
    expect(system).toContain(process.arch);
    expect(node).toBe(process.version);
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });
});
