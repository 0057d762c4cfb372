import { Injectable } from '@nestjs/common';
import { ApplicationProvider } from './application-provider.js';
import type { ApplicationsOptions } from './applications.options.js';
import { ConfigApplicationProvider } from './config-application.provider.js';

/** Exchanges the applications of a server while it runs. A host may inject it. */
@Injectable()
export class ApplicationsReload {
  constructor(private readonly provider: ApplicationProvider) {}

  /**
   * Puts these applications in the place of all there were, at once, and watches for their changes if
   * the options say how. Connections stay open and follow the new settings.
   * @throws Error when the applications come from a provider of the host's own
   */
  follow(options: ApplicationsOptions): void {
    if (!(this.provider instanceof ConfigApplicationProvider)) {
      throw new Error('The applications come from a provider of your own, which exchanges them.');
    }
    this.provider.follow(options);
  }
}
