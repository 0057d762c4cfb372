import { unwatchFile, watchFile } from 'node:fs';

/** How often files are looked at, unless told otherwise. */
export const WATCH_INTERVAL_MS = 1000;

/**
 * Calls `look` whenever one of the files may have changed, by polling: that also sees a file that
 * was replaced by a rename, and the swapped symbolic links of Kubernetes. Does not keep the process
 * alive. `look` compares contents itself, since it is also called when nothing changed.
 * @returns the function that stops it
 */
export function watchFiles(
  paths: readonly string[],
  look: () => void,
  intervalMs = WATCH_INTERVAL_MS,
): () => void {
  for (const path of paths) watchFile(path, { interval: intervalMs, persistent: false }, look);
  // The first poll only learns what is there: a change before it would never be told.
  const afterFirstPoll = setTimeout(look, intervalMs).unref();
  return () => {
    clearTimeout(afterFirstPoll);
    for (const path of paths) unwatchFile(path, look);
  };
}
