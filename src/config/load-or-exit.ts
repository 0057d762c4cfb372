import { ConfigurationError } from './configuration-error.js';
import {
  loadConfiguration,
  type LoadedConfiguration,
  type LoadOptions,
} from './load-configuration.js';

/**
 * Loads the configuration for a command. Faults go to stderr, a line each and no stack, and end the
 * process with 1.
 */
export function loadOrExit(options: LoadOptions = {}): LoadedConfiguration {
  try {
    return loadConfiguration(options);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
