import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SCRIPT = resolve('scripts/ensure-redis.mjs');
const { decide } = await import(SCRIPT);

const facts = { version: undefined, isRoot: true, hasAptGet: true, wasInstalled: false };
const versionLine = (version: string) =>
  `Redis server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0\n`;

describe('Before the tests, a Redis is', () => {
  it.each(['7.0.15', '7.4.0', '8.0.1', '10.0.0'])('found when it is new enough: %s', (version) => {
    expect(decide({ ...facts, version: versionLine(version), isRoot: false })).toBe('nothing');
  });

  it('found under another name', () => {
    expect(decide({ ...facts, version: 'Valkey server v=8.1.0 sha=0' })).toBe('nothing');
  });

  it('installed where that may be done', () => {
    expect(decide(facts)).toBe('install');
  });

  it.each([
    [
      'not root',
      { isRoot: false },
      /no redis-server on the PATH: run "apt-get install redis-server"/,
    ],
    ['no apt-get', { hasAptGet: false }, /no redis-server on the PATH: install Redis/],
    ['neither', { hasAptGet: false, isRoot: false }, /no redis-server on the PATH: install Redis/],
    ['installed in vain', { wasInstalled: true }, /apt-get could not install one/],
    ['too old', { version: versionLine('6.2.14') }, /on the PATH is version 6: update it/],
    ['something else', { version: 'hello\n' }, /is version unknown \("hello"\)/],
  ])('asked for in one sentence: %s', (_case, changes, pattern) => {
    const { sentence } = decide({ ...facts, ...changes });
    expect(sentence).toMatch(pattern);
    expect(sentence).toMatch(/^The tests start real Redis servers of version 7 or newer, .*\.$/);
  });

  it('looked for by `npm test` itself', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts.pretest).toMatch(/^node scripts\/ensure-redis\.mjs && .*npm run build$/);
  });

  it('there, and nothing is said about it', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('missing, and the end is not 0', () => {
    const options = { encoding: 'utf8', env: { PATH: '/nowhere' } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], options);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^The tests start real Redis servers .*\.\n$/);
  });
});

describe('An installation', () => {
  /** Runs it with an apt-get that writes down what it was asked, and what the policy said then. */
  function installWith(policy?: string) {
    const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
    const policyFile = join(directory, 'policy-rc.d');
    if (policy !== undefined) writeFileSync(policyFile, policy);
    const record = '#!/bin/sh\necho "$DEBIAN_FRONTEND apt-get $*"\n/bin/cat policy-rc.d\n';
    writeFileSync(join(directory, 'apt-get'), record, { mode: 0o755 });
    const script = 'import(process.argv[2]).then((it) => it.install(process.argv[1]))';
    const { status, stdout } = spawnSync(process.execPath, ['-e', script, policyFile, SCRIPT], {
      encoding: 'utf8',
      cwd: directory,
      env: { PATH: directory },
    });
    const files = readdirSync(directory);
    rmSync(directory, { recursive: true });
    return { status, stdout, files };
  }

  it('asks nothing, starts no service, and leaves no policy behind', () => {
    expect(installWith()).toEqual({
      status: 0,
      stdout: [
        'noninteractive apt-get update -q',
        '#!/bin/sh\nexit 101',
        'noninteractive apt-get install -q -y --no-install-recommends redis-server',
        '#!/bin/sh\nexit 101\n',
      ].join('\n'),
      files: ['apt-get'],
    });
  });

  it('respects a policy that is there', () => {
    const { stdout, files } = installWith('mine\n');
    expect(stdout.match(/^mine$/gm)).toHaveLength(2);
    expect(files).toEqual(['apt-get', 'policy-rc.d']);
  });
});
