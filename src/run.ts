import type { LoadedConfiguration } from './config/load-configuration.js';
import { workerCountOf } from './workers/worker-count.js';

/**
 * Runs the standalone server: in this process, or with REVERB_WORKERS in several that this one looks
 * after. Resolves once it listens, and ends the process when it cannot.
 */
export async function run(loaded: LoadedConfiguration): Promise<void> {
  const count = workerCountOf(loaded.configuration.workers);
  // Only one of the two is loaded: a supervisor does not need the server.
  if (count > 1) {
    const { supervise } = await import('./workers/supervise.js');
    await supervise(loaded, count);
  } else {
    const { bootstrap } = await import('./bootstrap.js');
    await bootstrap(loaded);
  }
}
