import { Logger } from '@nestjs/common';
import { ConfigurationError } from './config/configuration-error.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { LOG_LEVELS } from './config/log-levels.js';
import { reloadConfiguration, type ReloadedConfiguration } from './config/reload-configuration.js';
import { onReloadSignal } from './process-events.js';
import type { ServerLogger } from './server-logger.js';

/** Reads the configuration again on SIGHUP; what cannot be used changes nothing. */
export class Reload {
  private readonly logger = new Logger('Reload');
  private follow: ((loaded: LoadedConfiguration) => void) | undefined;
  private isAskedEarly = false;

  /** @param loaded what is in force */
  constructor(
    private loaded: LoadedConfiguration,
    private readonly serverLogger: ServerLogger,
  ) {
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
      const reloaded = reloadConfiguration(this.loaded);
      this.follow(reloaded.loaded);
      this.changeLevel(reloaded, () => this.tellChanges(reloaded));
      this.loaded = reloaded.loaded;
    } catch (error) {
      this.tellFault(error);
    }
  }

  /** What is told comes before the log gets quieter, and after it gets louder. */
  private changeLevel({ loaded }: ReloadedConfiguration, tell: () => void): void {
    const [before, after] = [this.loaded, loaded].map(({ configuration }) =>
      LOG_LEVELS.indexOf(configuration.log.level),
    );
    if (after! < before!) tell();
    this.serverLogger.setLevel(loaded.configuration.log.level);
    if (after! >= before!) tell();
  }

  private tellChanges({ loaded, needingRestart, warnings }: ReloadedConfiguration): void {
    for (const warning of warnings) this.logger.warn(warning);
    for (const name of needingRestart) {
      this.logger.warn(`${name} has changed, but needs a restart; the old value stays.`);
    }
    const { applications, log } = loaded.configuration;
    const told = { applications: applications.length, level: log.level };
    this.logger.log('The configuration was read again.', told);
  }

  private tellFault(error: unknown): void {
    if (!(error instanceof ConfigurationError)) {
      this.logger.error('The configuration could not be read again; the old one stays.', error);
      return;
    }
    for (const { variable, complaint } of error.faults) {
      this.logger.error(`Nothing was read again: ${variable}: ${complaint}`);
    }
  }
}
