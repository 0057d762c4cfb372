import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { parseOptions, UsageError } = await import(resolve('bench/options.js'));
const { sizesFor } = await import(resolve('bench/sizes.js'));

const isNotSlow = (name: string) => name !== 'slow';
const parse = (...args: string[]) => parseOptions(args);

describe('Options of the benchmark', () => {
  it('measure everything but workers in three rounds when there are none', () => {
    const { rounds, scale, scenarios, peers, jsonFile, pageFile } = parse();
    expect([rounds, scale, peers, jsonFile, pageFile]).toEqual([
      3,
      'full',
      [],
      undefined,
      undefined,
    ]);
    const servers = 'fanout many publish client-events presence connect leave memory slow';
    expect(scenarios.join(' ')).toBe(`${servers} cross-node shared-presence resync`);
  });

  it('choose scenarios, of which scaling is several', () => {
    const { scenarios } = parse('--only', 'slow,scaling,workers');
    expect(scenarios.join(' ')).toBe('slow cross-node shared-presence resync workers');
  });

  it('choose all of them, and none twice', () => {
    const { scenarios } = parse('--only', 'slow,all,workers');
    expect(scenarios).toEqual(['slow', ...parse().scenarios.filter(isNotSlow), 'workers']);
  });

  it.each([
    [['--quick'], 'quick', 1],
    [['--smoke'], 'smoke', 1],
    [['--quick', '--rounds', '5'], 'quick', 5],
  ])('%j: a scale and rounds', (args, scale, rounds) => {
    expect(parse(...args)).toMatchObject({ scale, rounds });
  });

  it('name other servers, with or without a process', () => {
    const args = ['--peer', 'a=ws://127.0.0.1:6001', '--peer', 'b=http://host:1/x'];
    const { peers } = parse(...args, '--peer-pid', 'b=17');
    expect(peers).toEqual([
      { name: 'a', url: new URL('ws://127.0.0.1:6001'), pid: undefined },
      { name: 'b', url: new URL('http://host:1/x'), pid: 17 },
    ]);
  });

  it.each([
    [['--rounds', '0'], '--rounds takes 1 or more.'],
    [['--rounds', 'many'], '--rounds takes 1 or more.'],
    [['--only', 'fanout,nonsense'], 'There is no scenario "nonsense".'],
    [['--only', ''], 'There is no scenario "".'],
    [['--only', 'constructor'], 'There is no scenario "constructor".'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['fanout'], "Unexpected argument 'fanout'"],
    [['--peer', 'other'], '--peer takes name=value.'],
    [['--peer', '=ws://127.0.0.1'], '--peer takes name=value.'],
    [['--peer', 'other=nonsense'], '--peer other needs a ws:// or http:// URL'],
    [['--peer', 'other=wss://127.0.0.1'], '--peer other needs a ws:// or http:// URL'],
    [['--peer', '<b>=ws://127.0.0.1'], '--peer <b>: a name has letters, digits, dots and dashes.'],
    [['--peer', 'naive=ws://127.0.0.1'], 'There is another server named "naive".'],
    [['--peer', 'a=ws://x', '--peer', 'a=ws://y'], 'There is another server named "a".'],
    [['--peer-pid', 'other=1'], 'No --peer other.'],
    [['--peer', 'a=ws://x', '--peer-pid', 'a=x'], '--peer-pid a needs a process id.'],
    [['--json', '/nowhere/figures.json'], '--json /nowhere/figures.json: no such folder.'],
    [['--write', '/nowhere/page.md'], '--write /nowhere/page.md: no such folder.'],
    [['--write', 'figures.html'], '--write takes a file that ends in .md.'],
  ])('%j: refused with a sentence', (args, sentence) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(sentence);
  });

  it('leave a page alone that has no place for figures', () => {
    const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
    const page = join(directory, 'page.md');
    for (const text of ['# Mine\n', '<!-- figures: end -->\n<!-- figures: begin -->\n']) {
      writeFileSync(page, text);
      expect(() => parse('--write', page)).toThrow(
        'page.md lacks the lines <!-- figures: begin -->',
      );
    }
    writeFileSync(page, '<!-- figures: begin -->\n<!-- figures: end -->\n');
    expect(parse('--write', page).pageFile).toBe(page);
    rmSync(directory, { recursive: true });
  });
});

describe('Numbers of connections', () => {
  it.each(['full', 'quick', 'smoke'])(
    '%s: are cut down to the files a process may open',
    (scale) => {
      expect(sizesFor(scale, Infinity).remark).toBeUndefined();
      const { sizes } = sizesFor(scale, 300);
      const { fanOut, many, clientEvents, presence, slow, connect, leave, memory } = sizes;
      const most = Math.max(
        fanOut.subscribers,
        many.subscribers,
        clientEvents.connections,
        presence.members + presence.visitors,
        slow.subscribers,
        leave,
        memory,
        ...connect,
      );
      expect(most).toBeLessThanOrEqual(100);
    },
  );

  it('are explained when they were cut down', () => {
    expect(sizesFor('full', 1024).remark).toBe(
      'A process may open 1 024 files here (ulimit -n), so there are at most 800 connections instead of 10 000.',
    );
  });
});
