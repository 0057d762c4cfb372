// @ts-check
/** Every process the benchmark starts is listed here, so that none outlives it. */

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

/**
 * @template {import('node:child_process').ChildProcess} Child
 * @param {Child} child
 * @returns {Child}
 */
export function adopt(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/**
 * Ends one child and waits until it is gone. SIGKILL, since these servers hold nothing worth
 * saving and a graceful drain of 10 000 sockets would cost seconds a run.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

export async function endAll() {
  await Promise.all([...children].map(end));
}

/** Ends all of them at once, also on Ctrl-C and on errors nobody caught. */
export function endChildrenWithProcess() {
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    process.on(signal, () => process.exit(code));
  }
}
