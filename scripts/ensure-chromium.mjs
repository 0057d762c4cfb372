// @ts-check
/*
 * The tests of the inspector look at its page in a real Chromium. Where there is none, this installs it,
 * if it may: with apt-get, as root, on Debian. Else it says what to install, and fails: tests that are
 * skipped prove nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure, findMachine, installPackage, versionOf } from './machine.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * What is known of the machine.
 * @typedef {object} Facts
 * @property {string | undefined} chromium its path, undefined without one
 * @property {string | undefined} path what CHROMIUM_PATH says, undefined when that is not set
 * @property {boolean} isRoot
 * @property {boolean} hasAptGet
 * @property {boolean} isUbuntu where the package `chromium` only asks for a snap
 * @property {boolean} wasInstalled by this script, just now
 */

/** @param {Facts} facts @returns {import('./machine.mjs').Decision} */
export function decide({ chromium, path, isRoot, hasAptGet, isUbuntu, wasInstalled }) {
  if (chromium !== undefined) return 'nothing';
  const why = 'The tests look at the inspector in a real Chromium';
  if (path !== undefined) {
    return { sentence: `${why}, but CHROMIUM_PATH ("${path}") is none: correct it, or unset it.` };
  }
  if (wasInstalled) {
    return { sentence: `${why}, and apt-get could not install one: see what it said above.` };
  }
  if (isRoot && hasAptGet && !isUbuntu) return 'install';
  return { sentence: `${why}, and there is none on the PATH: ${adviceFor(hasAptGet, isUbuntu)}.` };
}

/** @param {boolean} hasAptGet @param {boolean} isUbuntu */
function adviceFor(hasAptGet, isUbuntu) {
  if (isUbuntu) {
    return 'the package of Ubuntu is no more than a hint at a snap, so run "snap install chromium", or install Google Chrome, or name one in CHROMIUM_PATH';
  }
  if (hasAptGet) return 'run "apt-get install chromium" as root, or name one in CHROMIUM_PATH';
  return 'install Chromium or Google Chrome, as with "apk add chromium" on Alpine, and name it in CHROMIUM_PATH';
}

/**
 * The path of the Chromium that is there: the one of CHROMIUM_PATH, and no other if that is set, or the
 * first on the PATH that says it is one. The stub of Ubuntu says otherwise.
 * @param {string | undefined} [path]
 * @returns {string | undefined}
 */
export function findChromium(path = process.env.CHROMIUM_PATH || undefined) {
  const isChromium = (/** @type {string} */ file) =>
    existsSync(file) && /^(Google Chrome|Chromium)\b.* \d+\./m.test(versionOf(file) ?? '');
  return (path === undefined ? candidates() : [path]).find(isChromium);
}

/** @returns {string[]} */
function candidates() {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
}

/** @returns {boolean} */
function looksLikeUbuntu() {
  try {
    return /^ID="?ubuntu"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {string} [policyFile] */
export function install(policyFile) {
  process.stderr.write('There is no Chromium on the PATH: installing it with apt-get.\n');
  installPackage('chromium', policyFile);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = ensure(
    (wasInstalled) =>
      decide({
        chromium: findChromium(),
        path: process.env.CHROMIUM_PATH || undefined,
        ...findMachine(),
        isUbuntu: looksLikeUbuntu(),
        wasInstalled,
      }),
    () => install(),
  );
}
