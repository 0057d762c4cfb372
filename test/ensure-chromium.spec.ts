import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SCRIPT = resolve('scripts/ensure-chromium.mjs');
const { decide, findChromium } = await import(SCRIPT);

const facts = {
  chromium: undefined,
  path: undefined,
  isRoot: true,
  hasAptGet: true,
  isUbuntu: false,
  wasInstalled: false,
};

let directory: string;

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'revurb-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that says this, whatever it is asked. @returns its path */
function program(name: string, says: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
  return path;
}

/** Runs the script where these are the only programs. */
function run(env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
    encoding: 'utf8',
    env: { PATH: directory, ...env },
  });
  return [status, stdout, stderr];
}

describe('Before the tests, a Chromium is', () => {
  it('enough when it is there', () => {
    expect(decide({ ...facts, chromium: 'chromium', isRoot: false })).toBe('nothing');
  });

  it('installed where that may be done', () => {
    expect(decide(facts)).toBe('install');
  });

  it.each([
    ['not root', { isRoot: false }, /none on the PATH: run "apt-get install chromium" as root/],
    ['no apt-get', { hasAptGet: false }, /none on the PATH: install Chromium or Google Chrome/],
    ['Ubuntu', { isUbuntu: true }, /none on the PATH: .* "snap install chromium"/],
    ['installed in vain', { wasInstalled: true }, /apt-get could not install one/],
    ['named wrongly', { path: '/nowhere' }, /CHROMIUM_PATH \("\/nowhere"\) is none: correct it/],
  ])('asked for in one sentence: %s', (_case, changes, pattern) => {
    const { sentence } = decide({ ...facts, ...changes });
    expect(sentence).toMatch(pattern);
    expect(sentence).toMatch(/^The tests look at the inspector in a real Chromium, .*\.$/);
  });

  it.each(['Chromium 142.0.7444.59 built on Debian', 'Google Chrome 141.0.7390.54 '])(
    'found by what it says: %s',
    (says) => {
      const path = program('browser', says);
      expect(findChromium(path)).toBe(path);
    },
  );

  it.each(['', 'Firefox 140.0', 'requires the chromium snap to be installed.'])(
    'not what says: %s',
    (says) => expect(findChromium(program('browser', says))).toBeUndefined(),
  );

  it('found under any of its names, past the stub of Ubuntu', () => {
    program('chromium-browser', 'requires the chromium snap to be installed.');
    program('google-chrome', 'Google Chrome 141.0.7390.54');
    expect(run()).toEqual([0, '', '']);
  });

  it('that of CHROMIUM_PATH, and no other', () => {
    program('chromium', 'Chromium 142.0.7444.59');
    expect(run({ CHROMIUM_PATH: '/nowhere' })[0]).toBe(1);
    expect(run({ CHROMIUM_PATH: program('mine', 'Chromium 142.0.7444.59') })).toEqual([0, '', '']);
  });

  it('missing, and the end is not 0', () => {
    const [status, stdout, stderr] = run();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^The tests look at the inspector in a real Chromium, .*\.\n$/);
  });

  it('looked for by `npm test` and `npm run test:browser`', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const name of ['pretest', 'pretest:browser']) {
      expect(scripts[name]).toContain('node scripts/ensure-chromium.mjs');
    }
  });
});

describe('An installation', () => {
  it('asks nothing, and takes no more than Chromium', () => {
    program('apt-get', '$*');
    const script = 'import(process.argv[2]).then((it) => it.install(process.argv[1]))';
    const policyFile = join(directory, 'policy-rc.d');
    const { stdout } = spawnSync(process.execPath, ['-e', script, policyFile, SCRIPT], {
      encoding: 'utf8',
      env: { PATH: directory },
    });
    expect(stdout).toBe('update -q\ninstall -q -y --no-install-recommends chromium\n');
  });
});
