import { readdirSync, readFileSync } from 'node:fs';
import { eventually, registerForClose } from './eventually.js';
import { RECOVERY_MS, type AskOptions } from './node-cluster.js';
import { ServerProcess, type LaunchOptions } from './server-process.js';
import { signedRequest, type ApiResponse, type ApiTarget, type Json } from './signed-request.js';

/** A process that serves, of several behind one port. */
export interface ServerWorker {
  /** As the server numbers them, from 1. */
  readonly number: number;
  readonly pid: number;
}

/** A server of several processes, each of which is ended with it. */
export async function startWorkers(
  count: number,
  { variables, ...options }: LaunchOptions = {},
): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    ...options,
    variables: { REVERB_WORKERS: String(count), REVERB_SHUTDOWN_DRAIN: '0', ...variables },
  });
  const started = workersOf(server);
  expect(started.map(({ number }) => number)).toEqual(
    Array.from({ length: count }, (_, i) => i + 1),
  );
  killWorkersWith(server);
  return server;
}

/** Has `closeAll()` end the workers of a server along with it: one that is paused would stay. */
export function killWorkersWith(server: ServerProcess): void {
  registerForClose(() => {
    const workers = workersOf(server);
    server.kill('SIGKILL');
    for (const { pid } of workers) signal(pid, 'SIGKILL');
  });
}

/** The workers of a server as the operating system sees them, in the order of their numbers. */
export function workersOf({ pid }: Pick<ServerProcess, 'pid'>): ServerWorker[] {
  const workers = childrenOf(pid).flatMap((child) => {
    const [, number] = /^revurb worker (\d+)/.exec(titleOf(child)) ?? [];
    return number === undefined ? [] : [{ number: Number(number), pid: child }];
  });
  return workers.sort((a, b) => a.number - b.number);
}

/** Resolves with the workers once there are these numbers, and none of the pids in `except`. */
export function untilWorkers(
  server: ServerProcess,
  count: number,
  except: readonly number[] = [],
): Promise<readonly ServerWorker[]> {
  const areThere = () => {
    const workers = workersOf(server);
    expect(workers.map(({ number }) => number)).toEqual(
      Array.from({ length: count }, (_, i) => i + 1),
    );
    for (const { pid } of workers) expect(except).not.toContain(pid);
    return workers;
  };
  return eventually(areThere, { withinMs: RECOVERY_MS, everyMs: 25 });
}

/** Whether a process runs; what has ended and was not asked for its exit code does not. */
export function isRunning(pid: number): boolean {
  return !['', 'Z', 'X'].includes(statOf(pid)[0] ?? '');
}

/** Resolves once none of these processes run. */
export function untilEnded(pids: readonly number[], withinMs = RECOVERY_MS): Promise<void> {
  return eventually(() => expect(pids.filter(isRunning)).toEqual([]), { withinMs, everyMs: 25 });
}

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Over a connection of its own, which goes to the worker whose turn it is. */
export function askNext(
  server: ApiTarget,
  method: string,
  path: string,
  options: Parameters<typeof signedRequest>[3] = {},
): Promise<ApiResponse> {
  return signedRequest(server, method, path, { ...options, isAlone: true });
}

/** Asks as many times as there are workers, each time another one, and resolves once all give this answer. */
export async function untilAllAnswer(
  server: ApiTarget & Pick<ServerProcess, 'pid'>,
  path: string,
  answer: Json,
  options: AskOptions = {},
): Promise<void> {
  const { withinMs = RECOVERY_MS, ...signing } = options;
  const isSo = async (): Promise<void> => {
    for (const _ of workersOf(server)) {
      const { status, json } = await askNext(server, 'GET', path, signing);
      expect({ path, status, json }).toEqual({ path, status: 200, json: answer });
    }
  };
  await eventually(isSo, { withinMs, everyMs: 50 });
}

/** All processes whose parent this is. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => statOf(child)[1] === String(pid));
}

/** State, parent and what follows, or nothing when there is no such process. */
function statOf(pid: number): string[] {
  // `1234 (a name with ) and blanks) S 1 …`
  return read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
}

function titleOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
