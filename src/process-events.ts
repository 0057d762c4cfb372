/** Signals that stop a server in order. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/** Calls back with each signal that is meant to stop the process, which does not stop it any more. */
export function onStopSignal(listener: (signal: NodeJS.Signals) => void): void {
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
}

/**
 * Calls back with each SIGHUP, which does not end the process any more. Windows has no such signal; what
 * Node calls by this name there is the end of the console, and of the process with it.
 */
export function onReloadSignal(listener: () => void): void {
  if (process.platform !== 'win32') process.on('SIGHUP', listener);
}

/** Whoever reads the log and goes away, as `head` at the end of a pipe does, does not take the server along. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
