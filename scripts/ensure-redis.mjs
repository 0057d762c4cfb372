// @ts-check
/*
 * The tests of scaling start real Redis servers. Where there is none, this installs it, if it may:
 * with apt-get, as root, on Debian and its descendants. Else it says what to install, and fails: tests
 * that are skipped prove nothing.
 */
import { fileURLToPath } from 'node:url';
import { ensure, findMachine, installPackage, versionOf } from './machine.mjs';

const OLDEST_VERSION = 7;

/**
 * What is known of the machine.
 * @typedef {object} Facts
 * @property {string | undefined} version what `redis-server --version` prints, undefined without one
 * @property {boolean} isRoot
 * @property {boolean} hasAptGet
 * @property {boolean} wasInstalled by this script, just now
 */

/** @param {Facts} facts @returns {import('./machine.mjs').Decision} */
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

/** @param {string} [policyFile] */
export function install(policyFile) {
  process.stderr.write('There is no redis-server on the PATH: installing it with apt-get.\n');
  installPackage('redis-server', policyFile);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = ensure(
    (wasInstalled) =>
      decide({ version: versionOf('redis-server'), ...findMachine(), wasInstalled }),
    () => install(),
  );
}
