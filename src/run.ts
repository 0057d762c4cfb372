import { availableParallelism } from 'node:os';
import type { LoadedConfiguration } from './config/load-configuration.js';

/**
 * Runs the standalone server: in this process, or with REVERB_WORKERS in several that this one looks
 * after. Resolves once it listens, and ends the process when it cannot.
 */
export async function run(loaded: LoadedConfiguration): Promise<void> {
  const { workers } = loaded.configuration;
  const count = workers === 'auto' ? availableParallelism() : workers;
  // Only one of the two is loaded: a supervisor does not need the server.
  if (count > 1) {
    const { supervise } = await import('./workers/supervise.js');
    await supervise(loaded, count);
  } else {
    const { bootstrap } = await import('./bootstrap.js');
    await bootstrap(loaded);
  }
}
