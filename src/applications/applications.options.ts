import type { Application } from './application.js';

/** Token of the {@link ApplicationsOptions}. */
export const APPLICATIONS_OPTIONS = Symbol('APPLICATIONS_OPTIONS');

/** What the ApplicationsModule needs to know. */
export interface ApplicationsOptions {
  readonly applications: readonly Application[];
  /**
   * Starts watching for changes. Calls `replace` with the whole new list whenever there is one, and
   * returns the function that stops it. Connections stay open and follow the new settings.
   */
  readonly watch?: (replace: (applications: readonly Application[]) => void) => () => void;
}
