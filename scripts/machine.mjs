// @ts-check
/* What the scripts that look for a program before the tests have in common. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Who may install what.
 * @typedef {object} Machine
 * @property {boolean} isRoot
 * @property {boolean} hasAptGet
 */

/**
 * What is to be done: nothing, an installation, or to give up with one sentence.
 * @typedef {'nothing' | 'install' | { sentence: string }} Decision
 */

/** What a program prints. @param {string} program @returns {string | undefined} undefined when there is none */
export function versionOf(program) {
  const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return error ? undefined : stdout;
}

/** @returns {Machine} */
export function findMachine() {
  return { isRoot: process.getuid?.() === 0, hasAptGet: versionOf('apt-get') !== undefined };
}

/**
 * Installs a package, but has no service started: the tests start their own, and nobody else needs one.
 * @param {string} name
 * @param {string} [policyFile]
 */
export function installPackage(name, policyFile = POLICY) {
  // Held back until the policy is removed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
  const isOurPolicy = forbidServices(policyFile);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const aptGet = (/** @type {string[]} */ ...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    aptGet('update', '-q');
    aptGet('install', '-q', '-y', '--no-install-recommends', name);
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

/**
 * Does what is decided, and looks again after an installation.
 * @param {(wasInstalled: boolean) => Decision} decide
 * @param {() => void} install
 * @returns {number} exit code
 */
export function ensure(decide, install) {
  let decision = decide(false);
  if (decision === 'install') {
    install();
    decision = decide(true);
  }
  if (typeof decision === 'string') return 0;
  process.stderr.write(`${decision.sentence}\n`);
  return 1;
}
