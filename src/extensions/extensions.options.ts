import { withDefaults } from '../with-defaults.js';

/** Token of the {@link ExtensionsOptions}. */
export const EXTENSIONS_OPTIONS = Symbol('EXTENSIONS_OPTIONS');

/** How extensions are treated. */
export interface ExtensionsOptions {
  /**
   * How long an extension may take to answer a hook that is waited for; what it was asked about is
   * refused then. As long a server that stops waits for the others.
   */
  readonly hookTimeoutSeconds: number;
}

const DEFAULT_EXTENSIONS_OPTIONS: ExtensionsOptions = Object.freeze({ hookTimeoutSeconds: 5 });

/** Completes options with the defaults. @throws RangeError when the timeout is not above 0 */
export function completeExtensionsOptions(options: Partial<ExtensionsOptions>): ExtensionsOptions {
  const complete = withDefaults(DEFAULT_EXTENSIONS_OPTIONS, options);
  if (complete.hookTimeoutSeconds > 0) return complete;
  throw new RangeError(
    `extensions.hookTimeoutSeconds must be above 0, not ${complete.hookTimeoutSeconds}.`,
  );
}
