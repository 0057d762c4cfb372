// @ts-check
/*
 * The tests of scaling start real Redis servers. Where there is none, this installs it, if it may:
 * with apt-get, as root, on Debian and its descendants. Else it says what to install, and fails: tests
 * that are skipped prove nothing.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_VERSION = 7;
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * What is known of the machine.
 * @typedef {object} Facts
 * @property {string | undefined} version what `redis-server --version` prints, undefined without one
 * @property {boolean} isRoot
 * @property {boolean} hasAptGet
 * @property {boolean} wasInstalled by this script, just now
 */

/**
 * What is to be done: nothing, an installation, or to give up with one sentence.
 * @typedef {'nothing' | 'install' | { sentence: string }} Decision
 */

/** @param {Facts} facts @returns {Decision} */
export function decide({ version, isRoot, hasAptGet, wasInstalled }) {
  const major = majorOf(version);
  if (major !== undefined && major >= OLDEST_VERSION) return 'nothing';
  const why = `The tests start real Redis servers of version ${OLDEST_VERSION} or newer, for its sharded Pub/Sub`;
  if (version !== undefined) {
    const found = major ?? `unknown ("${version.trim().slice(0, 60)}")`;
    return { sentence: `${why}, but redis-server on the PATH is version ${found}: update it.` };
  }
  if (wasInstalled) {
    return { sentence: `${why}, and apt-get could not install one: see what it said above.` };
  }
  if (isRoot && hasAptGet) return 'install';
  const how = hasAptGet
    ? 'run "apt-get install redis-server" as root'
    : 'install Redis, as with "brew install redis" on macOS or "apk add redis" on Alpine';
  return { sentence: `${why}, and there is no redis-server on the PATH: ${how}.` };
}

/** @param {string | undefined} version @returns {number | undefined} */
function majorOf(version) {
  const [, major] = /\bv=(\d+)\./.exec(version ?? '') ?? [];
  return major === undefined ? undefined : Number(major);
}

/** What a program prints. @param {string} program @returns {string | undefined} undefined when there is none */
function versionOf(program) {
  const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return error ? undefined : stdout;
}

/** @param {boolean} wasInstalled @returns {Facts} */
function findFacts(wasInstalled) {
  return {
    version: versionOf('redis-server'),
    isRoot: process.getuid?.() === 0,
    hasAptGet: versionOf('apt-get') !== undefined,
    wasInstalled,
  };
}

/**
 * Installs the package, but has no service started: the tests start their own, and nobody else needs one.
 * @param {string} [policyFile]
 */
export function install(policyFile = POLICY) {
  process.stderr.write('There is no redis-server on the PATH: installing it with apt-get.\n');
  // Held back until the policy is removed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
  const isOurPolicy = forbidServices(policyFile);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const aptGet = (/** @type {string[]} */ ...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    aptGet('update', '-q');
    aptGet('install', '-q', '-y', '--no-install-recommends', 'redis-server');
  } finally {
    if (isOurPolicy) rmSync(policyFile);
  }
}

/** Debian's way to say so; a policy that is there already stays as it is. @param {string} policyFile */
function forbidServices(policyFile) {
  try {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
    return true;
  } catch {
    return false;
  }
}

/** @returns {number} exit code */
function main() {
  let decision = decide(findFacts(false));
  if (decision === 'install') {
    install();
    decision = decide(findFacts(true));
  }
  if (typeof decision === 'string') return 0;
  process.stderr.write(`${decision.sentence}\n`);
  return 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
