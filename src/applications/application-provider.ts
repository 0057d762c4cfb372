import type { Application } from './application.js';

/**
 * PORT: where applications come from. The default reads the configuration; a team may bring one
 * that asks a database or a vault.
 *
 * Called on every connect and on every API request, so an implementation that leaves the process
 * should cache. Returning undefined refuses the caller (4001, 404); throwing refuses it with an
 * internal error, which is logged.
 */
export abstract class ApplicationProvider {
  abstract findById(id: string): Application | undefined | Promise<Application | undefined>;

  /** Looks among all keys of all applications. */
  abstract findByKey(key: string): Application | undefined | Promise<Application | undefined>;

  /** The ids of all applications, for those who look at the server; none by default, as there may be very many. */
  ids(): readonly string[] {
    return [];
  }

  /**
   * Whether an application may have webhooks. What it takes to deliver them is then made ready at the
   * start, else with the first event. Yes by default.
   */
  mayHaveWebhooks(): boolean {
    return true;
  }

  /**
   * Sets who is told when an application changed, so that open connections follow its new settings
   * at once; they do so with the next connect or request anyway. Nothing to do by default.
   */
  onChange(_listener: (application: Application) => void): void {}
}
