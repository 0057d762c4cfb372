/** How often files are looked at, unless told otherwise. */
export const WATCH_INTERVAL_MS = 1000;

/**
 * Calls `look` again and again, and that is all: reading a small file costs less than a watcher that
 * misses what happens while it starts, or that a rename or a swapped symbolic link of Kubernetes
 * takes its file from under. `look` compares contents itself. Does not keep the process alive.
 * @returns the function that stops it
 */
export function watchFiles(look: () => void, intervalMs = WATCH_INTERVAL_MS): () => void {
  const timer = setInterval(look, intervalMs).unref();
  return () => clearInterval(timer);
}
