// @ts-check
/**
 * CPU time and memory of one process, seen from outside.
 *
 * On Linux: utime + stime of /proc/<pid>/stat. Those come in ticks of 10 ms, so where the kernel
 * also keeps the nanoseconds its threads ran (schedstat) and both agree, the finer figure is used.
 * Elsewhere: `ps -o time`, whose steps are 10 ms (macOS) to 1 s; trust long runs only.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;
/** Two truncated tick counters, and the time between the two reads. */
const AGREEMENT_SECONDS = 0.03;

const QUIET_STEP_MS = 50;
const QUIET_CPU_SECONDS = 0.0015;
const QUIET_WAIT_MS = 3_000;

/**
 * CPU seconds, user and system, the process has used since it began.
 * @param {number} pid
 * @returns {number}
 */
export function cpuSeconds(pid) {
  if (process.platform !== 'linux') return parsePsTime(ps(pid, 'time'));
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the command in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  const ran = threadSeconds(pid);
  return Math.abs(ran - ticks) <= AGREEMENT_SECONDS + ticks * 0.01 ? ran : ticks;
}

/**
 * Resident memory in KB.
 * @param {number} pid
 * @returns {number}
 */
export function residentKilobytes(pid) {
  if (process.platform !== 'linux') return Number(ps(pid, 'rss'));
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

/**
 * Waits until the process has stopped working, so that work nobody answers (an unsubscribe, the
 * end of a connection) is counted whole. Gives up after three seconds: a process may never rest.
 * @param {number} pid
 */
export async function untilQuiet(pid) {
  const deadline = performance.now() + QUIET_WAIT_MS;
  let before = cpuSeconds(pid);
  for (let quietSteps = 0; quietSteps < 2 && performance.now() < deadline;) {
    await sleep(QUIET_STEP_MS);
    const now = cpuSeconds(pid);
    quietSteps = now - before <= QUIET_CPU_SECONDS ? quietSteps + 1 : 0;
    before = now;
  }
}

/**
 * A process and all it has started, as far as they are there.
 * @param {number} pid
 * @returns {number[]}
 */
export function processTree(pid) {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  const processes = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [pid];
  // Those that are found are looked at in turn.
  for (const parent of tree) {
    for (const [child = 0, of] of processes) if (of === parent) tree.push(child);
  }
  return tree;
}

/** @param {number} pid */
function threadSeconds(pid) {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const schedstat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
      nanoseconds += Number(schedstat.split(' ')[0]);
    }
    return nanoseconds / 1e9;
  } catch {
    return Number.NaN;
  }
}

/**
 * @param {number} pid
 * @param {'time' | 'rss'} column
 */
function ps(pid, column) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

/**
 * Reads `[[days-]hours:]minutes:seconds[.hundredths]`.
 * @param {string} text
 * @returns {number}
 */
function parsePsTime(text) {
  const [clock = '0', days = '0'] = text.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + seconds;
}
