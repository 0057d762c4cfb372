import { Logger } from '@nestjs/common';
import { ConfigurationError } from './config/configuration-error.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { reloadConfiguration } from './config/reload-configuration.js';
import { onReloadSignal } from './process-events.js';

/** Reads the configuration again on SIGHUP; what cannot be used changes nothing. */
export class Reload {
  private readonly logger = new Logger('Reload');
  private follow: ((loaded: LoadedConfiguration) => void) | undefined;
  private isAskedEarly = false;

  /** @param loaded what is in force */
  constructor(private loaded: LoadedConfiguration) {
    onReloadSignal(() => this.run());
  }

  /** From now on; a signal that came before is not lost. @param follow puts what was read in force */
  begin(follow: (loaded: LoadedConfiguration) => void): void {
    this.follow = follow;
    if (this.isAskedEarly) this.run();
  }

  private run(): void {
    if (this.follow === undefined) {
      this.isAskedEarly = true;
      return;
    }
    try {
      const { loaded, needingRestart, warnings } = reloadConfiguration(this.loaded);
      this.follow(loaded);
      this.loaded = loaded;
      for (const warning of warnings) this.logger.warn(warning);
      for (const name of needingRestart) {
        this.logger.warn(`${name} has changed, but needs a restart; the old value stays.`);
      }
      const { applications, log } = loaded.configuration;
      const told = { applications: applications.length, level: log.level };
      this.logger.log('The configuration was read again.', told);
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    if (!(error instanceof ConfigurationError)) {
      this.logger.error('The configuration could not be read again; the old one stays.', error);
      return;
    }
    for (const { variable, complaint } of error.faults) {
      this.logger.error(`Nothing was read again: ${variable}: ${complaint}`);
    }
  }
}
